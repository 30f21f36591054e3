#include <secondwind/demo/demo.hpp>

#include "narrator.hpp"
#include <secondwind/app/service.hpp>
#include <secondwind/config/address.hpp>
#include <secondwind/config/builder.hpp>
#include <secondwind/config/keys.hpp>
#include <secondwind/emulator/server.hpp>
#include <secondwind/host/call.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace secondwind::demo {

namespace {

constexpr std::size_t largest_answer = 1024 * 1024;
constexpr std::chrono::minutes longest_answer{10};

emulator::options small_machine() {
    emulator::options options;
    options.memory_bytes = 24'000'000'000;
    options.load_time = std::chrono::milliseconds{400};
    options.token_interval = std::chrono::milliseconds{20};
    return options;
}

// What the demo takes from the configuration: where and how it serves. What it shows is the same
// everywhere, and leaves no trace in a file.
config::settings settings_of_demo(config::settings const& given, std::uint16_t host_port) {
    auto settings = given;
    settings.upstreams = {{"emulator", "127.0.0.1", host_port}};
    settings.default_upstream.clear();
    settings.tls = {}; // its own client and the links below use plain HTTP
    settings.admin.certificate = {};
    settings.admin.allow_actions = true; // there is nothing here to protect
    settings.clients = {};
    settings.recovery = {};
    settings.routing = {};
    settings.cold_load = {};
    settings.state = {};
    return settings;
}

std::vector<config::builder::entry> entries_of_demo(config::settings const& in_force) {
    auto entries = config::builder{}.effective();
    for (auto& each : entries) {
        auto const value = config::find_key(each.key)->show(in_force);
        if (std::exchange(each.value, value) != value)
            each.source = "demo";
    }
    return entries;
}

// The text of the answer, or the whole body if it is not a chat completion.
std::string text_of(std::string const& body) {
    auto const json = nlohmann::json::parse(body, nullptr, false);
    auto const content = nlohmann::json::json_pointer{"/choices/0/message/content"};
    if (!json.is_discarded() && json.contains(content) && json[content].is_string())
        return json[content].get<std::string>();
    return body;
}

class demonstration {
public:
    demonstration(config::settings const& settings, bool admin_chosen)
        : settings_{settings}, admin_chosen_{admin_chosen}, io_{1}, host_{io_, small_machine()} {
        host_.on_event([this](emulator::event const& event) { narrator_.on_event(event); });
    }

    int run(bool once) {
        host_.start();
        settings_.replace(settings_of_demo(*settings_, host_.port()));
        service_.emplace(io_, settings_, admin_chosen_, app::service::reader{},
                         entries_of_demo(*settings_));
        if (auto const fault = service_->start()) {
            host_.stop();
            service_->abandon();
            throw std::runtime_error{*fault};
        }
        address_ = proxy::address_of(service_->server().local_endpoint());
        address_.address = config::without_wildcard(address_.address);
        service_->server().shared().ledger.observe(
            [this](recovery::step step, recovery::record const& record) {
                narrator_.on_step(step, record);
            });
        net::spawn(play(once));
        io_.run();
        return recovered_ && !service_->forced() ? 0 : 1;
    }

private:
    net::task<void> play(bool once) {
        co_await show_recovery();
        if (once)
            service_->stop("demo --once");
        else
            print_instructions();
        co_await service_->ended();
        host_.stop();
        io_.stop();
    }

    net::task<void> show_recovery() {
        auto const machine = small_machine();
        narrator_.title(fmt::format("An emulated LM Studio with {} GB of memory listens on {},\n"
                                    "and secondwind in front of it on http://{}.",
                                    machine.memory_bytes / 1'000'000'000,
                                    config::to_string(settings_->upstreams.front()),
                                    config::to_string(address_)));

        auto const big = machine.models.at(0).key;
        auto const small = machine.models.at(1).key;
        co_await ask(big, "Hello!");
        narrator_.title(fmt::format("{} stays loaded. Now the app requests {}, for which there is "
                                    "not enough memory left.",
                                    big, small));
        bool const served = co_await ask(small, "Are you there?");
        auto const& records = service_->server().shared().ledger.records();
        recovered_ =
            served && !records.empty() && records.back()->outcome == recovery::outcome::recovered;
        narrator_.title(recovered_ ? "The app got one normal answer, and noticed nothing else."
                                   : "The request was not recovered.");
    }

    net::task<bool> ask(std::string model, std::string question) {
        narrator_.say(narrator::speaker::client,
                      fmt::format("POST /v1/chat/completions, model {}: \"{}\"", model, question));
        nlohmann::json const document{
            {"model", model},
            {"messages", nlohmann::json::array({{{"role", "user"}, {"content", question}}})}};
        auto const body = document.dump();
        config::upstream const target{"secondwind", address_.address, address_.port};
        host::connection_pool pool{io_, service_->server().shared().deadlines, target, settings_};
        host::call_request request{"POST", "/v1/chat/completions", body, {}};
        auto const reply = co_await host::call(service_->server().shared().environment(), pool,
                                               std::move(request), longest_answer, largest_answer);
        bool const served = !reply.failure && reply.status == 200;
        narrator_.say(narrator::speaker::client,
                      reply.failure ? "no answer: " + host::describe(reply.failure)
                                    : fmt::format("{}: {}", reply.status, text_of(reply.body)));
        co_return served;
    }

    void print_instructions() {
        narrator_.plain(fmt::format(
            "The demo keeps running. Point an app at http://{0}/v1, or try\n\n"
            "    curl -i http://{0}/v1/chat/completions -H 'Content-Type: application/json' \\\n"
            "      -d "
            "'{{\"model\":\"{1}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}}]}}'\n\n"
            "and look for the header X-Secondwind-Recovery. To find out which contexts its models "
            "work with:\n\n"
            "    secondwind lab test --all --upstream http://127.0.0.1:{2}\n\n"
            "Press Ctrl-C to stop.\n",
            config::to_string(address_), small_machine().models.front().key, host_.port()));
        if (auto dashboard = service_->admin_address()) {
            dashboard->address = config::without_wildcard(dashboard->address);
            narrator_.plain(fmt::format("Dashboard: http://{}/\n", config::to_string(*dashboard)));
        }
    }

    config::current_settings settings_;
    bool admin_chosen_;
    net::asio::io_context io_;
    emulator::server host_;
    std::optional<app::service> service_;
    config::endpoint address_; // of the proxy
    narrator narrator_{io_};
    bool recovered_ = false;
};

} // namespace

int run(config::settings const& settings, bool once, bool admin_chosen) {
    return demonstration{settings, admin_chosen}.run(once);
}

} // namespace secondwind::demo
