#include "ws_load.hpp"
#include "router.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::emulator {

namespace {

// How an endpoint calls what happens in its channel.
struct load_words {
    std::string_view endpoint;
    char const* progress;
    char const* end;
};
constexpr load_words load_model_words{"loadModel", "progress", "success"};
constexpr load_words get_or_load_words{"getOrLoad", "loadProgress", "loadSuccess"};

json load_progress(load_words const& words, double part) {
    auto packet = ws_packet(words.progress);
    packet["progress"] = part;
    return packet;
}

json about(char const* type, emulated_host const& host, instance const& i) {
    auto p = ws_packet(type);
    p["info"] = ws_instance_info(*host.models.find_model(i.key), i, host.usage_of(i));
    return p;
}

// How a load ends that is not refused and loads nothing.
void cut(ws_channel& channel) {
    channel.fail(ws_error(channel.client()->gone ? "Operation canceled" : "Model is unloaded."));
}

// Waits for a load to end, and sends its progress.
asio::awaitable<void> finish_load(std::shared_ptr<emulated_host> host,
                                  std::shared_ptr<ws_channel> channel, instance begun,
                                  load_words words) {
    channel->send(load_progress(words, 0.0));
    bool const loaded = co_await await_load(host, begun, channel->client());
    if (!loaded) {
        cut(*channel);
        co_return;
    }
    auto const steps = std::max(host->options.load_steps, 1);
    for (int step = 1; step <= steps; ++step)
        channel->send(load_progress(words, static_cast<double>(step) / steps));
    channel->send(about(words.end, *host, begun));
    channel->close();
}

// Sends what comes before an error, until the channel has sent so many packets: its opening, unless
// that is sent already, and then progress.
void send_up_to(ws_channel& channel, std::size_t packets, std::optional<json> opening,
                load_words const& words) {
    constexpr double step = 0.125;
    constexpr double last = 0.875;
    double part = 0;
    while (channel.packets() < packets) {
        if (opening) {
            channel.send(*std::exchange(opening, std::nullopt));
            continue;
        }
        channel.send(load_progress(words, part));
        part = std::min(part + step, last);
    }
}

// The instances that "Only Keep Last JIT Loaded Model" is about to unload.
std::vector<instance> evictable(emulated_host const& host) {
    std::vector<instance> found;
    if (!host.options.auto_evict)
        return found;
    for (auto const& i : host.models.instances())
        if (i.state == instance_state::loaded && i.reason == load_reason::just_in_time)
            found.push_back(i);
    return found;
}

// Which instance serves the identifier. For an unknown name, the HTTP interfaces take the only
// loaded model; the SDK's interface does not.
resolution resolve_identifier(emulated_host const& host, std::string const& identifier,
                              model_type type) {
    auto const found = resolve(host.models, identifier, type, true);
    bool const named = found.availability == availability::on_disk ||
                       (found.serving != nullptr &&
                        (found.serving->id == identifier || found.serving->key == identifier));
    return named ? found : resolution{};
}

load_choice choice_of(ws_load const& parameter, load_reason reason) {
    load_choice choice{reason, parameter.identifier};
    choice.context_length = parameter.context_length;
    choice.ttl_ms = parameter.ttl_ms;
    choice.flash_attention = parameter.flash_attention;
    choice.kv_cache_on_gpu = parameter.kv_cache_on_gpu;
    choice.load_config = compact(parameter.config);
    return choice;
}

json resolved(model const& m) {
    auto packet = ws_packet("resolved");
    packet["info"] = ws_model_info(m);
    return packet;
}

json started(model const& m, std::string const& identifier) {
    auto packet = ws_packet("startLoading");
    packet["identifier"] = identifier;
    packet["info"] = ws_model_info(m);
    return packet;
}

} // namespace

asio::awaitable<void> serve_ws_load(std::shared_ptr<emulated_host> host,
                                    std::shared_ptr<ws_channel> channel, model_type type,
                                    ws_load parameter) {
    constexpr auto words = load_model_words;
    auto const* known = host->models.find_model(parameter.key);
    if (known == nullptr || known->type != type) {
        channel->fail(ws_not_loadable(host->models, parameter.key, type));
        co_return;
    }
    if (auto const failure = host->script.take_operation_failure(words.endpoint)) {
        send_up_to(*channel, failure->after_packets, resolved(*known), words);
        channel->fail(error_of(*failure));
        co_return;
    }
    if (!parameter.identifier.empty() &&
        host->models.find_instance(parameter.identifier) != nullptr) {
        channel->fail(ws_in_use(parameter.identifier));
        co_return;
    }
    auto const wanted = *known;
    auto const before_error = host->script.packets_before_errors();
    std::optional<json> opening{resolved(wanted)};
    if (before_error.value_or(1) > 0)
        channel->send(*std::exchange(opening, std::nullopt));
    auto choice = choice_of(parameter, load_reason::by_hand);
    auto const attempt = co_await start_load(host, wanted, std::move(choice), channel->client());
    if (attempt.begun) {
        if (opening)
            channel->send(*opening);
        co_await finish_load(host, channel, *attempt.begun, words);
    } else if (channel->client()->gone) {
        cut(*channel);
    } else {
        send_up_to(*channel, before_error.value_or(0), std::nullopt, words);
        channel->fail(ws_load_failure(attempt.cause, attempt.by_engine));
    }
}

asio::awaitable<void> serve_ws_get_or_load(std::shared_ptr<emulated_host> host,
                                           std::shared_ptr<ws_channel> channel, model_type type,
                                           ws_load parameter) {
    constexpr auto words = get_or_load_words;
    while (!channel->client()->gone && !host->stopping) {
        auto const found = resolve_identifier(*host, parameter.key, type);
        auto const* named = found.stored != nullptr    ? found.stored
                            : found.serving != nullptr ? host->models.find_model(found.serving->key)
                                                       : nullptr;
        if (named == nullptr) {
            channel->fail(ws_not_loadable(host->models, parameter.key, type));
            co_return;
        }
        if (auto const failure = host->script.take_operation_failure(words.endpoint)) {
            send_up_to(*channel, failure->after_packets, started(*named, parameter.key), words);
            channel->fail(error_of(*failure));
            co_return;
        }
        if (found.availability == availability::ready) {
            channel->send(about("alreadyLoaded", *host, *found.serving));
            channel->close();
            co_return;
        }
        if (found.availability == availability::loading) {
            co_await await_other_load(host, found.serving->serial, channel->client());
            continue;
        }
        auto const wanted = *named;
        for (auto const& i : evictable(*host))
            channel->send(about("unloadingOtherJITModel", *host, i));
        auto choice = choice_of(parameter, load_reason::just_in_time);
        auto const attempt =
            co_await start_load(host, wanted, std::move(choice), channel->client());
        if (attempt.begun) {
            channel->send(started(wanted, attempt.begun->id));
            co_await finish_load(host, channel, *attempt.begun, words);
            co_return;
        }
        if (channel->client()->gone)
            break;
        auto const before_error = host->script.packets_before_errors().value_or(0);
        send_up_to(*channel, before_error, started(wanted, parameter.key), words);
        channel->fail(ws_load_failure(attempt.cause, attempt.by_engine));
        co_return;
    }
    cut(*channel);
}

} // namespace secondwind::emulator
