#include "trial.hpp"

#include "json_members.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/base/json.hpp>
#include <secondwind/host/call.hpp>
#include <secondwind/host/host_control.hpp>
#include <secondwind/policy/classify.hpp>
#include <secondwind/proxy/server.hpp>
#include <secondwind/recovery/ledger_file.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds longest_answer = 10min; // a model may load for minutes
constexpr milliseconds longest_listing = 10s;
constexpr milliseconds longest_busy_wait = 1min;
constexpr std::size_t largest_answer = 16 * 1024 * 1024;
constexpr std::string_view chat_target = "/v1/chat/completions";
constexpr std::string_view models_target = "/api/v1/models";

config::settings settings_of_trial(config::settings const& given) {
    auto settings = given;
    settings.upstreams = {default_host(given)};
    settings.upstreams.front().listen.reset();
    settings.default_upstream.clear();
    settings.listen = {"127.0.0.1", 0};
    settings.tls = {};
    settings.admin = {};
    settings.admin.listen.reset();
    settings.clients = {};
    settings.health = {};
    settings.recovery.mode = config::recovery_mode::on;
    settings.recovery.ledger_file.clear();
    settings.state = {};
    settings.recovery.busy_wait = std::min(settings.recovery.busy_wait, longest_busy_wait);
    return settings;
}

// The value of a field; empty if there is none.
std::string_view field_in(std::string_view head, std::string_view name) {
    while (!head.empty()) {
        auto const line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(line.size() + 2, head.size()));
        if (line.size() <= name.size() || line[name.size()] != ':' ||
            !iequals(line.substr(0, name.size()), name))
            continue;
        auto value = line.substr(name.size() + 1);
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        return value;
    }
    return {};
}

std::string chat_for(std::string const& model, bool streamed) {
    json const wish{{"model", model},
                    {"messages", json::array({{{"role", "user"}, {"content", "Hi"}}})},
                    {"max_tokens", 1},
                    {"stream", streamed}};
    return write_json(wish);
}

// The instances that are missing from `after`.
std::vector<std::string> gone(lmstudio::inventory const& before, lmstudio::inventory const& after) {
    std::vector<std::string> ids;
    for (auto const& each : before)
        if (std::ranges::find(after, each.id, &lmstudio::instance::id) == after.end())
            ids.push_back(each.id);
    return ids;
}

class trial {
public:
    trial(config::settings const& settings, std::function<void(std::string_view)> const& tell)
        : settings_{settings_of_trial(settings)}, tell_{tell}, server_{io_, settings_},
          host_{settings_->upstreams.front()}, pool_{io_, shared().deadlines, host_, settings_},
          control_{shared().environment(), pool_, settings_} {
        if (!host_.api_token.empty())
            authorization_ = "Bearer " + host_.api_token;
        facts_.host = host_.name;
    }

    trial_facts run(std::vector<std::string> const& models) {
        server_.start();
        net::spawn(play(models));
        io_.run();
        if (failed_)
            std::rethrow_exception(failed_);
        return std::move(facts_);
    }

private:
    proxy::context& shared() noexcept { return server_.shared(); }

    net::task<void> play(std::vector<std::string> models) {
        try {
            co_await ask_all(std::move(models));
        } catch (std::exception const&) {
            failed_ = std::current_exception();
        }
        pool_.close();
        server_.abort();
        co_await server_.stopped();
        io_.stop();
    }

    net::task<void> ask_all(std::vector<std::string> models) {
        for (std::string_view const target :
             {models_target, std::string_view{"/api/v0/models"}, std::string_view{"/v1/models"}})
            co_await list("models_before", target);
        facts_.result = trial_result::both_served;
        std::optional<lmstudio::inventory> before;
        for (auto const& model : models) {
            bool const first = &model == &models.front();
            facts_.model = model;
            tell_("asking for an answer of " + model);
            bool const served = co_await ask(first ? "first_model" : "second_model", model);
            if (!served)
                break;
            auto const listed = co_await control_.list({});
            if (before && listed.instances)
                facts_.unloaded = gone(*before, *listed.instances);
            before = listed.instances;
        }
        if (facts_.result == trial_result::both_served && !facts_.unloaded.empty())
            facts_.result = trial_result::host_evicted;
        if (facts_.result == trial_result::both_served && !misnamed_.empty()) {
            facts_.result = trial_result::other_model;
            facts_.model = misnamed_;
        }
        co_await list("models_after", models_target);
    }

    // True if the host served the request by itself.
    net::task<bool> ask(std::string step, std::string model) {
        auto const whole = co_await chat(step, model, false);
        if (whole.verdict == policy::verdict::healthy) {
            if (!is_same_model(model, whole.model)) {
                misnamed_ = model;
                facts_.answered = whole.model;
            }
            co_return true;
        }
        if (!policy::for_memory(whole.verdict)) {
            facts_.result = trial_result::error;
            facts_.message = whole.message;
            co_return false;
        }
        // How it refuses a stream is another answer, that a bug report may need.
        co_await chat(step + "_streamed", model, true);
        tell_("there is not enough memory for " + model + "; asking again through secondwind");
        co_await recover(std::move(model));
        co_return false;
    }

    struct reply {
        policy::verdict verdict = policy::verdict::healthy;
        std::string message; // of an error
        std::string model;   // that has answered, if the answer tells
    };

    net::task<reply> chat(std::string step, std::string model, bool streamed) {
        auto const body = chat_for(model, streamed);
        auto const judged =
            co_await send(pool_, std::move(step), "POST", chat_target, body, longest_answer);
        co_return judged;
    }

    net::task<void> list(std::string step, std::string_view target) {
        co_await send(pool_, std::move(step), "GET", target, {}, longest_listing);
        facts_.answers.back().verdict.clear();
    }

    net::task<void> recover(std::string model) {
        auto const began = std::chrono::steady_clock::now();
        config::upstream const own{"secondwind", "127.0.0.1", server_.local_endpoint().port()};
        host::connection_pool pool{io_, shared().deadlines, own, settings_};
        auto const body = chat_for(model, false);
        auto const judged =
            co_await send(pool, "recovery", "POST", chat_target, body, longest_answer);
        pool.close();
        facts_.took =
            std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
        bool const served = judged.verdict == policy::verdict::healthy;
        auto const& records = shared().ledger.records();
        facts_.result = !served           ? trial_result::not_recovered
                        : records.empty() ? trial_result::both_served
                                          : trial_result::recovered;
        facts_.message = judged.message;
        for (auto const& record : records) {
            facts_.recoveries.push_back(recovery::to_json(*record));
            for (auto const& unload : record->unloads)
                if (unload.done)
                    facts_.unloaded.push_back(unload.instance.id);
            if (!served)
                facts_.message =
                    fmt::format("{} ({})", recovery::to_string(record->outcome),
                                record->error.empty() ? judged.message : record->error);
        }
    }

    net::task<reply> send(host::connection_pool& pool, std::string step, std::string_view method,
                          std::string_view target, std::string_view body, milliseconds limit) {
        raw_answer answer;
        answer.step = std::move(step);
        answer.method = method;
        answer.target = target;
        answer.request = body;
        auto const began = std::chrono::steady_clock::now();
        host::call_request request{method, target, body, authorization_};
        auto got = co_await host::call(shared().environment(), pool, std::move(request), limit,
                                       largest_answer);
        answer.took =
            std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
        reply judged;
        if (got.failure) {
            judged.verdict = policy::verdict::other_error;
            judged.message = answer.failure = host::describe(got.failure);
        } else {
            judged = judge(got);
        }
        answer.head = std::move(got.head);
        answer.body = std::move(got.body);
        answer.verdict = policy::to_string(judged.verdict);
        facts_.answers.push_back(std::move(answer));
        co_return judged;
    }

    reply judge(host::call_result const& got) const {
        auto const type = field_in(got.head, "Content-Type");
        policy::classifier classifier{got.status,
                                      type.substr(0, type.find(';')),
                                      largest_answer,
                                      {},
                                      settings_->recovery.rules};
        if (!classifier.push(got.body))
            classifier.finish();
        auto const& made = classifier.result();
        reply judged{made.verdict, made.message, {}};
        if (made.verdict == policy::verdict::healthy)
            judged.model = text_member(json::parse(got.body, nullptr, false), "model", "");
        if (judged.message.empty() && judged.verdict != policy::verdict::healthy)
            judged.message = fmt::format("status {}", got.status);
        return judged;
    }

    config::current_settings settings_;
    std::function<void(std::string_view)> const& tell_;
    net::asio::io_context io_{1};
    proxy::server server_;
    config::upstream const& host_;
    host::connection_pool pool_; // direct to the host
    host::host_control control_;
    std::string authorization_;
    std::string misnamed_; // the model for which another one answered
    trial_facts facts_;
    std::exception_ptr failed_;
};

} // namespace

config::upstream const& default_host(config::settings const& settings) {
    auto const& all = settings.upstreams;
    auto const found = std::ranges::find(all, settings.default_upstream, &config::upstream::name);
    return found == all.end() ? all.front() : *found;
}

trial_facts run_trial(config::settings settings, std::vector<std::string> const& models,
                      std::function<void(std::string_view)> const& tell) {
    return trial{settings, tell}.run(models);
}

} // namespace secondwind::app
