#include "support/admin_texts.hpp"
#include "support/operator_fixture.hpp"
#include "support/raw_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace secondwind::test {
namespace {

using app::operator_command;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using verb = app::operator_verb;
using nlohmann::json;

std::string answer(int status, std::string const& body) {
    return "HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Type: application/json\r\n" +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string refusal(std::string const& code, std::string const& message) {
    return json{{"error", {{"code", code}, {"message", message}}}}.dump();
}

std::string const one_host = json{{"hosts", {admin_host()}}}.dump();

operator_command command_of(verb name) {
    operator_command command;
    command.verb = name;
    return command;
}

class operator_run : public operator_fixture {
protected:
    // Takes one connection after another and gives each the next answer.
    int ask(operator_command const& command, std::vector<std::string> answers) {
        auto script = [](raw_host& host, std::vector<std::string> all,
                         std::vector<http_request>& seen) -> asio::awaitable<void> {
            for (auto const& one : all) {
                auto peer = co_await host.accept();
                auto request = co_await peer.read_request();
                seen.push_back(std::move(request));
                co_await peer.send(one);
            }
        };
        return play(command, host_.port(), script(host_, std::move(answers), seen_));
    }

    std::vector<std::string> lines_seen() const {
        std::vector<std::string> lines;
        for (auto const& one : seen_)
            lines.push_back(one.method + " " + one.target);
        return lines;
    }

    std::string only_error() const {
        return errors_.size() == 1 ? errors_.front() : "not one error";
    }

    raw_host host_{io_};
    std::vector<http_request> seen_;
};

TEST_F(operator_run, status_asks_for_three_lists_and_shows_them) {
    auto const recoveries = json{{"recoveries", {admin_recovery()}}, {"next_before", nullptr}};
    auto const code =
        ask(command_of(verb::status), {answer(200, one_host), answer(200, admin_status().dump()),
                                       answer(200, recoveries.dump())});
    EXPECT_EQ(code, 0);
    EXPECT_THAT(lines_seen(),
                ElementsAre("GET /api/hosts", "GET /api/status", "GET /api/recoveries?limit=5"));
    EXPECT_THAT(printed_, AllOf(StartsWith("All is well: 1 host up. "), HasSubstr("qwen/qwen3-8b"),
                                HasSubstr("recovered  812ms\n")));
    EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(operator_run, names_the_server_and_gives_the_token_in_its_request) {
    auto command = command_of(verb::models);
    command.server.token = "a-token-of-some-length";
    EXPECT_EQ(ask(command, {answer(200, one_host)}), 0);
    auto const& head = seen_.at(0).head;
    EXPECT_EQ(head.field("Host"), "127.0.0.1:" + std::to_string(host_.port()));
    EXPECT_EQ(head.field("Authorization"), "Bearer a-token-of-some-length");
    EXPECT_EQ(head.field("Connection"), "close");
    EXPECT_THAT(printed_, HasSubstr("loaded, idle"));
}

TEST_F(operator_run, gives_no_token_where_there_is_none) {
    EXPECT_EQ(ask(command_of(verb::models), {answer(200, one_host)}), 0);
    EXPECT_EQ(seen_.at(0).head.field("Authorization"), std::nullopt);
}

// LM Studio answers paths that it does not know with status 200.
TEST_F(operator_run, tells_lm_studio_from_secondwind) {
    using enum verb;
    for (auto const each : {status, models, requests, route, explain, unload, drain, undrain,
                            cancel, mode, evict, pin, unpin, reload, health}) {
        auto command = command_of(each);
        command.host = "rtx";
        command.yes = true;
        command.all = true;
        errors_.clear();
        auto const lm_studio = answer(200, R"({"error":"Unexpected endpoint or method."})");
        EXPECT_EQ(ask(command, {lm_studio}), 1) << static_cast<int>(each);
        EXPECT_THAT(only_error(), HasSubstr("not as secondwind does")) << static_cast<int>(each);
        EXPECT_EQ(printed_, "");
    }
}

TEST_F(operator_run, prints_json_as_the_server_wrote_it) {
    auto command = command_of(verb::status);
    command.json = true;
    std::string const odd = "{ \"version\" : 1.10, \"run\":1,\"a\":2 }";
    EXPECT_EQ(ask(command, {answer(200, odd)}), 0);
    EXPECT_EQ(printed_, odd + "\n");
    EXPECT_EQ(lines_seen().size(), 1u);
}

TEST_F(operator_run, route_asks_for_the_model_as_it_is_named_and_shows_the_choice) {
    auto command = command_of(verb::route);
    command.model = "a/b c";
    std::string const only = R"({"model":"a/b c","by_model":false,"candidates":[],"others":[],)"
                             R"("chosen":{"host":"default","reason":"only"}})";
    EXPECT_EQ(ask(command, {answer(200, only)}), 0);
    EXPECT_EQ(printed_, "A request for a/b c goes to default (only): there is no other host.\n");
    printed_.clear();
    command.path = "/v1/embeddings";
    command.json = true;
    EXPECT_EQ(ask(command, {answer(200, only)}), 0);
    EXPECT_EQ(printed_, only + "\n");
    EXPECT_THAT(lines_seen(),
                ElementsAre("GET /api/route?model=a%2Fb%20c",
                            "GET /api/route?model=a%2Fb%20c&path=%2Fv1%2Fembeddings"));
    EXPECT_EQ(ask(command, {answer(400, refusal("bad_request", "That is no path."))}), 1);
    EXPECT_THAT(only_error(), HasSubstr("status 400, bad_request: That is no path."));
}

TEST_F(operator_run, requests_asks_for_those_that_it_is_to_show) {
    auto command = command_of(verb::requests);
    std::string const none = R"({"requests":[],"next_before":null,"newest":0,"kept":1000})";
    EXPECT_EQ(ask(command, {answer(200, none)}), 0);
    EXPECT_EQ(printed_, "No requests.\n");
    printed_.clear();
    command.model = "a/b c";
    command.host = "mac";
    command.client = "laptop";
    command.status = "5xx";
    command.limit = "7";
    command.json = true;
    EXPECT_EQ(ask(command, {answer(200, none)}), 0);
    EXPECT_EQ(printed_, none + "\n");
    EXPECT_THAT(lines_seen(),
                ElementsAre("GET /api/requests",
                            "GET /api/requests?limit=7&model=a%2Fb%20c&host=mac&client=laptop"
                            "&status=5xx"));
    EXPECT_EQ(ask(command, {answer(400, refusal("bad_request", "No status."))}), 1);
    EXPECT_THAT(only_error(), HasSubstr("No status."));
}

TEST_F(operator_run, explain_asks_for_the_model_as_it_is_named) {
    auto command = command_of(verb::explain);
    command.model = "a/b c";
    std::string const none = R"({"model":"a/b c","mode":"on","hosts":[]})";
    EXPECT_EQ(ask(command, {answer(200, none)}), 0);
    EXPECT_EQ(printed_, "If LM Studio refuses to load a/b c because there is not enough memory:\n");
    printed_.clear();
    command.host = "mac";
    command.json = true;
    EXPECT_EQ(ask(command, {answer(200, none)}), 0);
    EXPECT_EQ(printed_, none + "\n");
    EXPECT_THAT(lines_seen(), ElementsAre("GET /api/explain?model=a%2Fb%20c",
                                          "GET /api/explain?model=a%2Fb%20c&host=mac"));
}

TEST_F(operator_run, health_is_the_word_and_the_exit_code) {
    auto const health = command_of(verb::health);
    EXPECT_EQ(ask(health, {answer(200, R"({"status":"ready"})")}), 0);
    EXPECT_EQ(ask(health, {answer(503, R"({"status":"draining"})")}), 1);
    EXPECT_EQ(printed_, "ready\ndraining\n");
    EXPECT_THAT(lines_seen(), ElementsAre("GET /readyz", "GET /readyz"));
    EXPECT_THAT(errors_, IsEmpty());
    EXPECT_EQ(ask(health, {answer(503, R"({"status":"no_host_up","hosts":[{"name":"default",
        "state":"down","reason":"connection refused"}]})")}),
              1);
    EXPECT_EQ(only_error(), "host default is down: connection refused");
}

TEST_F(operator_run, health_does_not_trust_another_server) {
    EXPECT_EQ(ask(command_of(verb::health), {answer(200, "<html>")}), 1);
    EXPECT_THAT(only_error(), HasSubstr("not as secondwind does"));
    EXPECT_EQ(printed_, "");
}

TEST_F(operator_run, explains_that_nobody_listens) {
    for (auto const each : {verb::status, verb::models, verb::health, verb::events}) {
        errors_.clear();
        auto command = command_of(each);
        command.server.port = host_.port();
        host_.stop();
        EXPECT_EQ(app::run_operator(command, console_), 1);
        EXPECT_THAT(only_error(),
                    AllOf(HasSubstr("check that secondwind is running"), HasSubstr("admin.listen"),
                          HasSubstr("--admin"), HasSubstr("refused")));
        host_ = raw_host{io_};
    }
}

TEST_F(operator_run, does_not_wait_for_ever_for_a_server_that_is_silent) {
    auto silent = [](raw_host& host) -> asio::awaitable<void> {
        auto peer = co_await host.accept();
        co_await peer.read_request();
        co_await peer.wait_closed();
    };
    for (auto const each : {verb::health, verb::events}) {
        errors_.clear();
        auto command = command_of(each);
        command.timeout = std::chrono::milliseconds{50};
        EXPECT_EQ(play(command, host_.port(), silent(host_)), 1);
        EXPECT_THAT(only_error(), HasSubstr("did not answer in time"));
    }
}

TEST_F(operator_run, does_not_take_half_an_answer_for_one) {
    EXPECT_EQ(ask(command_of(verb::models), {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"}),
              1);
    EXPECT_THAT(only_error(), HasSubstr("it closed the connection"));
    errors_.clear();
    EXPECT_EQ(ask(command_of(verb::models), {"SSH-2.0-OpenSSH\r\n\r\n"}), 1);
    EXPECT_THAT(only_error(), HasSubstr("sent no valid answer"));
}

TEST_F(operator_run, explains_how_to_give_a_token) {
    auto command = command_of(verb::models);
    auto const refused = answer(401, refusal("unauthorized", "no"));
    EXPECT_EQ(ask(command, {refused}), 1);
    EXPECT_THAT(only_error(),
                AllOf(HasSubstr("requires the token"), HasSubstr("SECONDWIND_ADMIN_TOKEN_FILE")));
    errors_.clear();
    command.server.token = "a-token-of-some-length";
    EXPECT_EQ(ask(command, {refused}), 1);
    EXPECT_THAT(only_error(), AllOf(HasSubstr("rejected the token"),
                                    ::testing::Not(HasSubstr("of-some-length"))));
}

TEST_F(operator_run, names_the_setting_to_change) {
    EXPECT_EQ(ask(command_of(verb::models), {answer(403, refusal("host_not_allowed", "no"))}), 1);
    EXPECT_THAT(only_error(), HasSubstr("admin.allowed_hosts"));
    errors_.clear();
    EXPECT_EQ(ask(command_of(verb::models), {answer(400, refusal("bad_request", "That\nis odd."))}),
              1);
    EXPECT_THAT(only_error(), HasSubstr("status 400, bad_request: That\\nis odd."));
}

TEST_F(operator_run, fails_if_nobody_reads_what_it_prints) {
    console_.print = [](std::string_view) { return false; };
    EXPECT_EQ(ask(command_of(verb::models), {answer(200, one_host)}), 1);
    EXPECT_EQ(ask(command_of(verb::health), {answer(200, R"({"status":"ready"})")}), 1);
}

TEST_F(operator_run, health_tells_a_host_that_drains_from_one_that_is_down) {
    EXPECT_EQ(ask(command_of(verb::health),
                  {answer(503, R"({"status":"hosts_draining","hosts":[{"name":"default",
        "state":"up","reason":null,"draining":true}]})")}),
              1);
    EXPECT_EQ(only_error(), "host default is draining");
}

class drain_run : public operator_run {
protected:
    static operator_command drain(verb name = verb::drain) {
        auto command = command_of(name);
        command.host = "mac";
        command.wait_interval = std::chrono::milliseconds{1};
        return command;
    }
    static std::string drained(int left) {
        return answer(200, json{{"host", "mac"},
                                {"draining", true},
                                {"exchanges", left},
                                {"note", "It is drained."}}
                               .dump());
    }
    // /api/status while that many exchanges are left.
    static std::string left(int count) {
        auto status = admin_status();
        status["draining_hosts"] = {{{"name", "mac"}, {"exchanges", count}}};
        return answer(200, status.dump());
    }
};

TEST_F(drain_run, says_what_it_means_and_how_many_requests_are_left) {
    EXPECT_EQ(ask(drain(), {drained(3)}), 0);
    EXPECT_THAT(lines_seen(), ElementsAre("POST /api/hosts/mac/drain"));
    EXPECT_EQ(seen_.at(0).body, "{}");
    EXPECT_EQ(printed_, "It is drained. 3 requests are left.\n");
    printed_.clear();
    auto const undrained = answer(
        200, R"({"host":"mac","draining":false,"exchanges":3,"note":"It gets requests again."})");
    EXPECT_EQ(ask(drain(verb::undrain), {undrained}), 0);
    EXPECT_EQ(lines_seen().back(), "POST /api/hosts/mac/undrain");
    EXPECT_EQ(printed_, "It gets requests again.\n");
}

TEST_F(drain_run, waits_until_no_request_is_left) {
    auto command = drain();
    command.wait = true;
    EXPECT_EQ(ask(command, {drained(2), left(2), left(1), left(0)}), 0);
    EXPECT_THAT(lines_seen(), ElementsAre("POST /api/hosts/mac/drain", "GET /api/status",
                                          "GET /api/status", "GET /api/status"));
    EXPECT_EQ(printed_, "It is drained. 2 requests are left.\nno request is left on mac\n");
    printed_.clear();
    seen_.clear();
    command.json = true;
    EXPECT_EQ(ask(command, {drained(0)}), 0);
    EXPECT_EQ(lines_seen().size(), 1u) << "nothing is left to wait for";
    EXPECT_EQ(json::parse(printed_).at("exchanges"), 0);
}

TEST_F(drain_run, does_not_wait_for_a_host_that_is_not_draining_any_more) {
    auto command = drain();
    command.wait = true;
    auto status = admin_status();
    status["draining_hosts"] = json::array();
    EXPECT_EQ(ask(command, {drained(2), answer(200, status.dump())}), 1);
    EXPECT_THAT(only_error(), HasSubstr("mac is not draining any more"));
    errors_.clear();
    EXPECT_EQ(ask(command, {drained(2), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}), 1);
    EXPECT_EQ(errors_.size(), 1u);
}

TEST_F(drain_run, shows_why_the_host_is_not_drained) {
    EXPECT_EQ(ask(drain(), {answer(403, refusal("actions_disabled", "no"))}), 1);
    EXPECT_THAT(only_error(), HasSubstr("admin.allow_actions"));
    errors_.clear();
    auto command = drain();
    command.host = "a/../b";
    EXPECT_EQ(app::run_operator(command, console_), 2);
    EXPECT_THAT(only_error(), HasSubstr("not the name of a host"));
}

class unload_run : public operator_run {
protected:
    static operator_command unload(std::vector<std::string> instances) {
        auto command = command_of(verb::unload);
        command.instances = std::move(instances);
        command.all = command.instances.empty();
        command.yes = true;
        command.unload_timeout = std::chrono::seconds{5};
        return command;
    }

    static std::string unloaded(std::string const& id) {
        return answer(200, R"({"unloaded":[{"id":")" + id + R"(","result":"unloaded"}]})");
    }

    void say(bool yes) {
        console_.confirm = [this, yes](std::string_view question) {
            questions_.emplace_back(question);
            return yes;
        };
    }
};

TEST_F(unload_run, sends_one_request_for_each_instance) {
    EXPECT_EQ(ask(unload({"qwen/qwen3-8b:2", "b"}),
                  {answer(200, one_host), unloaded("qwen/qwen3-8b:2"), unloaded("b")}),
              0);
    EXPECT_THAT(lines_seen(), ElementsAre("GET /api/hosts", "POST /api/hosts/default/unload",
                                          "POST /api/hosts/default/unload"));
    EXPECT_EQ(seen_.at(1).body, R"({"instance_id":"qwen/qwen3-8b:2"})");
    EXPECT_EQ(seen_.at(1).head.field("Content-Type"), "application/json");
    EXPECT_EQ(printed_, "unloaded qwen/qwen3-8b:2\nunloaded b\n");
}

TEST_F(unload_run, sends_one_request_for_all) {
    EXPECT_EQ(ask(unload({}), {answer(200, one_host), unloaded("a")}), 0);
    EXPECT_EQ(seen_.at(1).body, R"({"all":true})");
}

TEST_F(unload_run, shows_what_was_refused_and_fails) {
    auto const body = R"({"error":{"code":"host_failed","message":"It refused one."},
        "unloaded":[{"id":"a","result":"unloaded"},
                    {"id":"b","result":"refused","error":"it answered with 500"}]})";
    EXPECT_EQ(ask(unload({}), {answer(200, one_host), answer(502, body)}), 1);
    EXPECT_EQ(printed_, "unloaded a\nnot unloaded b: it answered with 500\n");
    EXPECT_THAT(only_error(), HasSubstr("It refused one."));
}

TEST_F(unload_run, continues_with_the_others_when_one_is_refused) {
    auto const body = R"({"error":{"code":"host_failed","message":"It refused one."},
        "unloaded":[{"id":"a","result":"refused","error":"disk"}]})";
    EXPECT_EQ(ask(unload({"a", "b"}), {answer(200, one_host), answer(502, body), unloaded("b")}),
              1);
    EXPECT_EQ(printed_, "not unloaded a: disk\nunloaded b\n");
}

TEST_F(unload_run, has_its_own_timeout) {
    auto script = [](raw_host& host) -> asio::awaitable<void> {
        auto listing = co_await host.accept();
        co_await listing.read_request();
        co_await listing.send(answer(200, one_host));
        auto acting = co_await host.accept();
        co_await acting.read_request();
        co_await acting.wait_closed();
    };
    auto command = unload({"a"});
    command.timeout = std::chrono::seconds{15};
    command.unload_timeout = std::chrono::milliseconds{50};
    EXPECT_EQ(play(command, host_.port(), script(host_)), 1);
    EXPECT_THAT(only_error(), HasSubstr("did not answer in time"));
    EXPECT_GT(operator_command{}.unload_timeout, std::chrono::seconds{30});
}

TEST_F(unload_run, ends_where_actions_are_not_allowed) {
    auto const refused = answer(403, refusal("actions_disabled", "no"));
    EXPECT_EQ(ask(unload({"a", "b"}), {answer(200, one_host), refused}), 1);
    EXPECT_THAT(only_error(), HasSubstr("admin.allow_actions"));
    EXPECT_EQ(printed_, "");
}

TEST_F(unload_run, prints_the_servers_json_with_what_was_refused) {
    auto command = unload({});
    command.json = true;
    std::string const body = R"({"error":{"code":"host_failed","message":"No."},"unloaded":[]})";
    EXPECT_EQ(ask(command, {answer(200, one_host), answer(502, body)}), 1);
    EXPECT_EQ(printed_, body + "\n");
}

TEST_F(unload_run, asks_for_confirmation_and_names_busy_instances) {
    auto command = unload({"qwen/qwen3-8b", "x"});
    command.yes = false;
    say(true);
    EXPECT_EQ(ask(command, {answer(200, one_host), unloaded("qwen/qwen3-8b"), unloaded("x")}), 0);
    EXPECT_THAT(questions_, ElementsAre("Unload qwen/qwen3-8b (busy) and x (not loaded) "
                                        "from default?"));
}

TEST_F(unload_run, does_nothing_if_the_answer_is_no) {
    auto command = unload({});
    command.yes = false;
    say(false);
    EXPECT_EQ(ask(command, {answer(200, one_host)}), 1);
    EXPECT_THAT(questions_,
                ElementsAre("Unload qwen/qwen3-8b (busy) and qwen/qwen3-8b:2 from default?"));
    EXPECT_EQ(lines_seen().size(), 1u);
    EXPECT_EQ(only_error(), "nothing was unloaded");
}

TEST_F(unload_run, requires_yes_without_a_terminal) {
    auto command = unload({});
    command.yes = false;
    EXPECT_EQ(app::run_operator(command, console_), 2);
    EXPECT_THAT(only_error(), HasSubstr("--yes"));
    EXPECT_TRUE(host_.nobody_waits());
}

TEST_F(unload_run, requires_a_host_if_there_are_several) {
    auto other = admin_host();
    other["name"] = "other";
    auto const two = json{{"hosts", {admin_host(), other}}}.dump();
    EXPECT_EQ(ask(unload({}), {answer(200, two)}), 2);
    EXPECT_EQ(only_error(), "choose a host with --host; known hosts: default and other");
    errors_.clear();
    auto command = unload({});
    command.host = "third";
    EXPECT_EQ(ask(command, {answer(200, two)}), 2);
    EXPECT_EQ(only_error(), "unknown host third; known hosts: default and other");
    command.host = "other";
    EXPECT_EQ(ask(command, {answer(200, two), unloaded("a")}), 0);
    EXPECT_EQ(lines_seen().back(), "POST /api/hosts/other/unload");
}

TEST_F(unload_run, puts_no_invalid_name_into_a_request) {
    auto odd = admin_host();
    odd["name"] = "a b\r\nX: y";
    EXPECT_EQ(ask(unload({}), {answer(200, json{{"hosts", {odd}}}.dump())}), 2);
    EXPECT_EQ(lines_seen().size(), 1u);
}

} // namespace
} // namespace secondwind::test
