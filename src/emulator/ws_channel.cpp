#include "ws_channel.hpp"
#include "generation.hpp"
#include "model_documents.hpp"
#include "router.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace secondwind::emulator {

namespace {

json ws_packet(char const* type) {
    json p;
    p["type"] = type;
    return p;
}

json progress(char const* type, double part) {
    auto p = ws_packet(type);
    p["progress"] = part;
    return p;
}

json about(char const* type, emulated_host const& host, instance const& i) {
    auto p = ws_packet(type);
    p["info"] = ws_instance_info(*host.models.find_model(i.key), i, host.usage_of(i));
    return p;
}

// Waits for a load to end, and sends its progress in the packets of that endpoint.
asio::awaitable<void> finish_load(std::shared_ptr<emulated_host> host,
                                  std::shared_ptr<ws_channel> channel, instance begun,
                                  char const* progress_type, char const* end_type) {
    channel->send(progress(progress_type, 0.0));
    bool const loaded = co_await await_load(host, begun, channel->client());
    if (loaded) {
        channel->send(progress(progress_type, 1.0));
        channel->send(about(end_type, *host, begun));
    }
    channel->close();
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
    return choice;
}

json no_fields() {
    json config;
    config["fields"] = json::array();
    return config;
}

class ws_sink final : public generation_sink {
public:
    ws_sink(std::shared_ptr<emulated_host> host, std::shared_ptr<ws_channel> channel,
            instance instance)
        : host_{std::move(host)}, channel_{std::move(channel)}, instance_{std::move(instance)} {}

    bool gone() const override { return channel_->client()->gone; }

    asio::awaitable<void> begin(prediction const&) override { co_return; }

    asio::awaitable<void> processed(prediction const&, double part) override {
        channel_->send(progress("promptProcessingProgress", part));
        co_return;
    }

    asio::awaitable<void> piece(prediction const& p) override {
        auto fragment = ws_packet("fragment");
        auto& content = fragment["fragment"];
        content["content"] = p.last_token;
        content["tokensCount"] = 1;
        content["containsDrafted"] = false;
        content["reasoningType"] = "none";
        content["isStructural"] = false;
        channel_->send(fragment);
        co_await channel_->connection().drain_queue();
    }

    asio::awaitable<void> finish(prediction const& p) override {
        succeed(p, p.cut_short ? "maxPredictedTokensReached" : "eosFound");
        co_return;
    }

    asio::awaitable<void> fail(prediction const&, std::string reason) override {
        channel_->fail(ws_error(reason));
        co_return;
    }

    asio::awaitable<void> abandon(prediction const& p) override {
        succeed(p, "userStopped");
        co_return;
    }

    void reset_connection() override { channel_->connection().reset(); }
    void close_connection() override { channel_->connection().finish(); }

private:
    void succeed(prediction const& p, char const* reason) {
        auto success = ws_packet("success");
        auto& stats = success["stats"];
        stats["stopReason"] = reason;
        stats["tokensPerSecond"] = p.tokens_per_second;
        stats["timeToFirstTokenSec"] = p.first_token_seconds;
        stats["promptTokensCount"] = p.prompt.tokens;
        stats["predictedTokensCount"] = p.tokens;
        stats["totalTokensCount"] = p.prompt.tokens + p.tokens;
        success["modelInfo"] = ws_instance_info(*host_->models.find_model(instance_.key), instance_,
                                                host_->usage_of(instance_));
        success["loadModelConfig"] = ws_load_config(instance_);
        success["predictionConfig"] = no_fields();
        channel_->send(success);
        channel_->close();
    }

    std::shared_ptr<emulated_host> host_;
    std::shared_ptr<ws_channel> channel_;
    instance instance_;
};

} // namespace

asio::awaitable<void> serve_ws_load(std::shared_ptr<emulated_host> host,
                                    std::shared_ptr<ws_channel> channel, model_type type,
                                    ws_load parameter) {
    auto const* known = host->models.find_model(parameter.key);
    if (known == nullptr || known->type != type) {
        channel->fail(ws_not_loadable(host->models, parameter.key, type));
        co_return;
    }
    auto resolved = ws_packet("resolved");
    resolved["info"] = ws_model_info(*known);
    channel->send(resolved);
    auto choice = choice_of(parameter, load_reason::by_hand);
    auto const attempt = co_await start_load(host, *known, std::move(choice), channel->client());
    if (!attempt.begun) {
        channel->fail(ws_error(attempt.cause));
        co_return;
    }
    co_await finish_load(host, channel, *attempt.begun, "progress", "success");
}

asio::awaitable<void> serve_ws_get_or_load(std::shared_ptr<emulated_host> host,
                                           std::shared_ptr<ws_channel> channel, model_type type,
                                           ws_load parameter) {
    while (!channel->client()->gone && !host->stopping) {
        auto const found = resolve_identifier(*host, parameter.key, type);
        if (found.availability == availability::ready) {
            channel->send(about("alreadyLoaded", *host, *found.serving));
            channel->close();
            co_return;
        }
        if (found.availability == availability::loading) {
            co_await await_other_load(host, found.serving->serial, channel->client());
            continue;
        }
        if (found.availability != availability::on_disk) {
            channel->fail(ws_not_loadable(host->models, parameter.key, type));
            co_return;
        }
        auto const wanted = *found.stored;
        for (auto const& i : evictable(*host))
            channel->send(about("unloadingOtherJITModel", *host, i));
        auto choice = choice_of(parameter, load_reason::just_in_time);
        auto const attempt =
            co_await start_load(host, wanted, std::move(choice), channel->client());
        if (!attempt.begun) {
            channel->fail(ws_error(attempt.cause));
            co_return;
        }
        auto started = ws_packet("startLoading");
        started["identifier"] = attempt.begun->id;
        started["info"] = ws_model_info(wanted);
        channel->send(started);
        co_await finish_load(host, channel, *attempt.begun, "loadProgress", "loadSuccess");
        co_return;
    }
    channel->close();
}

asio::awaitable<void> serve_ws_predict(std::shared_ptr<emulated_host> host,
                                       std::shared_ptr<ws_channel> channel,
                                       ws_prediction parameter) {
    auto const* found = find_specified(host->models, parameter.specifier, model_type::llm);
    if (found == nullptr) {
        channel->fail(ws_not_loaded(host->models, parameter.specifier, model_type::llm));
        co_return;
    }
    auto const instance = *found;
    prediction p;
    p.number = host->next_prediction++;
    p.created = static_cast<std::int64_t>(std::time(nullptr));
    p.model = instance.id;
    p.prompt.model = instance.id;
    p.prompt.stream = true;
    p.prompt.limit = parameter.limit;
    p.prompt.tokens = parameter.prompt_tokens;
    ws_sink sink{host, channel, instance};
    co_await generate(host, sink, instance, std::move(p));
}

} // namespace secondwind::emulator
