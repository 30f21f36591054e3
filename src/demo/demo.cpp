#include "narrator.hpp"

#include <secondwind/app/serve.hpp>
#include <secondwind/demo/demo.hpp>
#include <secondwind/emulator/server.hpp>
#include <secondwind/host/call.hpp>

#include <nlohmann/json.hpp>

#include <string>

#include <fmt/format.h>

namespace secondwind::demo {

namespace {

constexpr std::size_t largest_answer = 1024 * 1024;
constexpr std::chrono::minutes longest_answer{10};

emulator::options small_machine() {
    emulator::options how;
    how.memory_bytes = 24'000'000'000;
    how.load_time = std::chrono::milliseconds{400};
    how.token_interval = std::chrono::milliseconds{20};
    return how;
}

// What the answer says, or the whole of it where it has another form.
std::string text_of(std::string const& body) {
    auto const json = nlohmann::json::parse(body, nullptr, false);
    auto const at = nlohmann::json::json_pointer{"/choices/0/message/content"};
    if (!json.is_discarded() && json.contains(at) && json[at].is_string())
        return json[at].get<std::string>();
    return body;
}

class stage {
public:
    stage(config::settings const& given, bool admin_chosen)
        : settings_{given}, admin_chosen_{admin_chosen}, io_{1}, host_{io_, small_machine()} {
        host_.on_event([this](emulator::event const& e) { narrator_.hear(e); });
    }

    int run(bool once) {
        host_.start();
        settings_.upstreams.front() = {"emulator", "127.0.0.1", host_.port()};
        server_.emplace(io_, settings_);
        server_->start();
        here_ = proxy::address_of(server_->local_endpoint());
        settings_.admin.allow_actions = true; // nothing here is worth guarding
        reload_.emplace(settings_, *server_, app::reloader::reader{});
        admin_.emplace(settings_, *server_, *reload_, admin_chosen_);
        if (!admin_->start()) {
            host_.stop();
            return app::abandon(*server_, io_);
        }
        server_->shared().ledger.observe(
            [this](recovery::step s, recovery::record const& r) { narrator_.hear(s, r); });
        life_.emplace(io_, *server_, *admin_, settings_);
        net::spawn(story(once));
        io_.run();
        return recovered_ && !life_->hurried() ? 0 : 1;
    }

private:
    net::task<void> story(bool once) {
        co_await tell();
        if (once)
            life_->stop("the story is told");
        else
            invite();
        co_await life_->ended();
        host_.stop();
        io_.stop();
    }

    net::task<void> tell() {
        auto const& models = small_machine().models;
        narrator_.title(fmt::format("An emulated LM Studio with {} GB of memory listens on {},\n"
                                    "secondwind in front of it on http://{}.",
                                    small_machine().memory_bytes / 1'000'000'000,
                                    config::to_string(settings_.upstreams.front()),
                                    config::to_string(here_)));

        auto const big = models.at(0).key;
        auto const small = models.at(1).key;
        co_await ask(big, "Hello!");
        narrator_.title(fmt::format("{} stays loaded. Now the app asks for {}, which does not fit "
                                    "beside it.",
                                    big, small));
        bool const served = co_await ask(small, "Are you there?");
        auto const& records = server_->shared().ledger.records();
        recovered_ =
            served && !records.empty() && records.back()->outcome == recovery::outcome::recovered;
        narrator_.title(recovered_ ? "The app saw one normal answer. That is all."
                                   : "The request was not recovered.");
    }

    net::task<bool> ask(std::string model, std::string question) {
        narrator_.say(narrator::voice::client,
                      fmt::format("POST /v1/chat/completions, model {}: \"{}\"", model, question));
        nlohmann::json const wish{
            {"model", model},
            {"messages", nlohmann::json::array({{{"role", "user"}, {"content", question}}})}};
        auto const body = wish.dump();
        config::upstream const target{"secondwind", here_.address, here_.port};
        host::connection_pool pool{io_, server_->shared().deadlines, target, settings_.timeouts};
        host::call_request request{"POST", "/v1/chat/completions", body, {}};
        auto const reply = co_await host::call(server_->shared().environment(), pool,
                                               std::move(request), longest_answer, largest_answer);
        bool const served = !reply.failure && reply.status == 200;
        narrator_.say(narrator::voice::client,
                      reply.failure ? "no answer: " + host::describe(reply.failure)
                                    : fmt::format("{}: {}", reply.status, text_of(reply.body)));
        co_return served;
    }

    void invite() {
        narrator_.plain(fmt::format(
            "It stays up: point an app at http://{0}/v1, or try\n\n"
            "    curl -i http://{0}/v1/chat/completions -H 'Content-Type: application/json' \\\n"
            "      -d "
            "'{{\"model\":\"{1}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}}]}}'\n\n"
            "and look for X-Secondwind-Recovery among the fields. Ctrl-C ends it.\n",
            config::to_string(here_), small_machine().models.front().key));
        if (auto const dashboard = admin_->where())
            narrator_.plain(fmt::format("Watch it: http://{}/\n", config::to_string(*dashboard)));
    }

    config::settings settings_;
    bool admin_chosen_;
    net::asio::io_context io_;
    emulator::server host_;
    std::optional<proxy::server> server_;
    std::optional<app::reloader> reload_;
    std::optional<app::admin_door> admin_;
    std::optional<app::lifetime> life_;
    config::endpoint here_; // where the proxy listens
    narrator narrator_{stdout};
    bool recovered_ = false;
};

} // namespace

int run(config::settings const& settings, bool once, bool admin_chosen) {
    return stage{settings, admin_chosen}.run(once);
}

} // namespace secondwind::demo
