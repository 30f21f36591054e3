#include "support/admin_texts.hpp"
#include "support/operator_fixture.hpp"
#include "support/raw_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace secondwind::test {
namespace {

using app::operator_order;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using verb = operator_order::verb;
using nlohmann::json;

std::string answer(int status, std::string const& body) {
    return "HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Type: application/json\r\n" +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string refusal(std::string const& code, std::string const& message) {
    return json{{"error", {{"code", code}, {"message", message}}}}.dump();
}

std::string const one_host = json{{"hosts", {admin_host()}}}.dump();

operator_order order_of(verb what) {
    operator_order order;
    order.what = what;
    return order;
}

class operator_verb : public operator_fixture {
protected:
    // Takes one connection after another and gives each the next answer.
    int ask(operator_order const& order, std::vector<std::string> answers) {
        auto script = [](raw_host& host, std::vector<std::string> all,
                         std::vector<http_request>& seen) -> asio::awaitable<void> {
            for (auto const& one : all) {
                auto peer = co_await host.accept();
                auto request = co_await peer.read_request();
                seen.push_back(std::move(request));
                co_await peer.send(one);
            }
        };
        return play(order, host_.port(), script(host_, std::move(answers), seen_));
    }

    std::vector<std::string> lines_seen() const {
        std::vector<std::string> lines;
        for (auto const& one : seen_)
            lines.push_back(one.method + " " + one.target);
        return lines;
    }

    std::string only_complaint() const {
        return complaints_.size() == 1 ? complaints_.front() : "not one complaint";
    }

    raw_host host_{io_};
    std::vector<http_request> seen_;
};

TEST_F(operator_verb, status_asks_for_three_lists_and_shows_them) {
    auto const recoveries = json{{"recoveries", {admin_recovery()}}, {"next_before", nullptr}};
    auto const code =
        ask(order_of(verb::status), {answer(200, admin_status().dump()), answer(200, one_host),
                                     answer(200, recoveries.dump())});
    EXPECT_EQ(code, 0);
    EXPECT_THAT(lines_seen(),
                ElementsAre("GET /api/status", "GET /api/hosts", "GET /api/recoveries?limit=5"));
    EXPECT_THAT(printed_, AllOf(StartsWith("All is well: 1 host up. "), HasSubstr("qwen/qwen3-8b"),
                                HasSubstr("recovered  812ms\n")));
    EXPECT_THAT(complaints_, IsEmpty());
}

TEST_F(operator_verb, names_the_server_and_gives_the_token_in_its_request) {
    auto order = order_of(verb::models);
    order.where.token = "a-token-of-some-length";
    EXPECT_EQ(ask(order, {answer(200, one_host)}), 0);
    auto const& head = seen_.at(0).head;
    EXPECT_EQ(head.field("Host"), "127.0.0.1:" + std::to_string(host_.port()));
    EXPECT_EQ(head.field("Authorization"), "Bearer a-token-of-some-length");
    EXPECT_EQ(head.field("Connection"), "close");
    EXPECT_THAT(printed_, HasSubstr("loaded, idle"));
}

TEST_F(operator_verb, gives_no_token_where_there_is_none) {
    EXPECT_EQ(ask(order_of(verb::models), {answer(200, one_host)}), 0);
    EXPECT_EQ(seen_.at(0).head.field("Authorization"), std::nullopt);
}

TEST_F(operator_verb, prints_json_as_the_server_wrote_it) {
    auto order = order_of(verb::status);
    order.json = true;
    std::string const odd = "{ \"version\" : 1.10, \"b\":1,\"a\":2 }";
    EXPECT_EQ(ask(order, {answer(200, odd)}), 0);
    EXPECT_EQ(printed_, odd + "\n");
    EXPECT_EQ(lines_seen().size(), 1u);
}

TEST_F(operator_verb, health_is_the_word_and_the_exit_code) {
    auto const health = order_of(verb::health);
    EXPECT_EQ(ask(health, {answer(200, R"({"status":"ready"})")}), 0);
    EXPECT_EQ(ask(health, {answer(503, R"({"status":"draining"})")}), 1);
    EXPECT_EQ(printed_, "ready\ndraining\n");
    EXPECT_THAT(lines_seen(), ElementsAre("GET /readyz", "GET /readyz"));
    EXPECT_THAT(complaints_, IsEmpty());
    EXPECT_EQ(ask(health, {answer(503, R"({"status":"no_host_up","hosts":[{"name":"default",
        "state":"down","reason":"connection refused"}]})")}),
              1);
    EXPECT_EQ(only_complaint(), "default is down: connection refused");
}

TEST_F(operator_verb, health_does_not_take_another_servers_word_for_it) {
    EXPECT_EQ(ask(order_of(verb::health), {answer(200, "<html>")}), 1);
    EXPECT_THAT(only_complaint(), HasSubstr("not as secondwind does"));
    EXPECT_EQ(printed_, "");
}

TEST_F(operator_verb, says_that_nobody_listens_and_where_to_look) {
    for (auto const what : {verb::status, verb::models, verb::health, verb::events}) {
        complaints_.clear();
        auto order = order_of(what);
        order.where.port = host_.port();
        host_.stop();
        EXPECT_EQ(app::operate(order, around_), 1);
        EXPECT_THAT(only_complaint(),
                    AllOf(HasSubstr("is secondwind running?"), HasSubstr("admin.listen"),
                          HasSubstr("--admin"), HasSubstr("refused")));
        host_ = raw_host{io_};
    }
}

TEST_F(operator_verb, does_not_wait_for_ever_for_a_server_that_is_silent) {
    auto silent = [](raw_host& host) -> asio::awaitable<void> {
        auto peer = co_await host.accept();
        co_await peer.read_request();
        co_await peer.wait_closed();
    };
    for (auto const what : {verb::health, verb::events}) {
        complaints_.clear();
        auto order = order_of(what);
        order.bound = std::chrono::milliseconds{50};
        EXPECT_EQ(play(order, host_.port(), silent(host_)), 1);
        EXPECT_THAT(only_complaint(), HasSubstr("did not answer in time"));
    }
}

TEST_F(operator_verb, does_not_take_half_an_answer_for_one) {
    EXPECT_EQ(ask(order_of(verb::models), {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"}), 1);
    EXPECT_THAT(only_complaint(), HasSubstr("it closed the connection"));
    complaints_.clear();
    EXPECT_EQ(ask(order_of(verb::models), {"SSH-2.0-OpenSSH\r\n\r\n"}), 1);
    EXPECT_THAT(only_complaint(), HasSubstr("gave no usable answer"));
}

TEST_F(operator_verb, tells_how_to_give_a_token) {
    auto order = order_of(verb::models);
    auto const refused = answer(401, refusal("unauthorized", "no"));
    EXPECT_EQ(ask(order, {refused}), 1);
    EXPECT_THAT(only_complaint(),
                AllOf(HasSubstr("asks for a token"), HasSubstr("SECONDWIND_ADMIN_TOKEN_FILE")));
    complaints_.clear();
    order.where.token = "a-token-of-some-length";
    EXPECT_EQ(ask(order, {refused}), 1);
    EXPECT_THAT(only_complaint(), AllOf(HasSubstr("did not accept the token"),
                                        ::testing::Not(HasSubstr("of-some-length"))));
}

TEST_F(operator_verb, tells_which_setting_stands_in_the_way) {
    EXPECT_EQ(ask(order_of(verb::models), {answer(403, refusal("host_not_allowed", "no"))}), 1);
    EXPECT_THAT(only_complaint(), HasSubstr("admin.allowed_hosts"));
    complaints_.clear();
    EXPECT_EQ(ask(order_of(verb::models), {answer(400, refusal("bad_request", "That\nis odd."))}),
              1);
    EXPECT_THAT(only_complaint(), HasSubstr("status 400, bad_request: That\\nis odd."));
}

TEST_F(operator_verb, fails_if_nobody_reads_what_it_prints) {
    around_.print = [](std::string_view) { return false; };
    EXPECT_EQ(ask(order_of(verb::models), {answer(200, one_host)}), 1);
    EXPECT_EQ(ask(order_of(verb::health), {answer(200, R"({"status":"ready"})")}), 1);
}

class unload_verb : public operator_verb {
protected:
    static operator_order unload(std::vector<std::string> instances) {
        auto order = order_of(verb::unload);
        order.instances = std::move(instances);
        order.all = order.instances.empty();
        order.yes = true;
        order.unload_bound = std::chrono::seconds{5};
        return order;
    }

    static std::string unloaded(std::string const& id) {
        return answer(200, R"({"unloaded":[{"id":")" + id + R"(","result":"unloaded"}]})");
    }

    void say(bool yes) {
        around_.ask = [this, yes](std::string_view question) {
            questions_.emplace_back(question);
            return yes;
        };
    }
};

TEST_F(unload_verb, sends_one_request_for_each_instance) {
    EXPECT_EQ(ask(unload({"qwen/qwen3-8b:2", "b"}),
                  {answer(200, one_host), unloaded("qwen/qwen3-8b:2"), unloaded("b")}),
              0);
    EXPECT_THAT(lines_seen(), ElementsAre("GET /api/hosts", "POST /api/hosts/default/unload",
                                          "POST /api/hosts/default/unload"));
    EXPECT_EQ(seen_.at(1).body, R"({"instance_id":"qwen/qwen3-8b:2"})");
    EXPECT_EQ(seen_.at(1).head.field("Content-Type"), "application/json");
    EXPECT_EQ(printed_, "unloaded qwen/qwen3-8b:2\nunloaded b\n");
}

TEST_F(unload_verb, sends_one_request_for_all) {
    EXPECT_EQ(ask(unload({}), {answer(200, one_host), unloaded("a")}), 0);
    EXPECT_EQ(seen_.at(1).body, R"({"all":true})");
}

TEST_F(unload_verb, tells_what_was_refused_and_fails) {
    auto const body = R"({"error":{"code":"host_failed","message":"It refused one."},
        "unloaded":[{"id":"a","result":"unloaded"},
                    {"id":"b","result":"refused","error":"it answered with 500"}]})";
    EXPECT_EQ(ask(unload({}), {answer(200, one_host), answer(502, body)}), 1);
    EXPECT_EQ(printed_, "unloaded a\nnot unloaded b: it answered with 500\n");
    EXPECT_THAT(only_complaint(), HasSubstr("It refused one."));
}

TEST_F(unload_verb, goes_on_with_the_others_when_one_is_refused) {
    auto const body = R"({"error":{"code":"host_failed","message":"It refused one."},
        "unloaded":[{"id":"a","result":"refused","error":"why"}]})";
    EXPECT_EQ(ask(unload({"a", "b"}), {answer(200, one_host), answer(502, body), unloaded("b")}),
              1);
    EXPECT_EQ(printed_, "not unloaded a: why\nunloaded b\n");
}

TEST_F(unload_verb, has_a_bound_of_its_own) {
    auto script = [](raw_host& host) -> asio::awaitable<void> {
        auto listing = co_await host.accept();
        co_await listing.read_request();
        co_await listing.send(answer(200, one_host));
        auto acting = co_await host.accept();
        co_await acting.read_request();
        co_await acting.wait_closed();
    };
    auto order = unload({"a"});
    order.bound = std::chrono::seconds{15};
    order.unload_bound = std::chrono::milliseconds{50};
    EXPECT_EQ(play(order, host_.port(), script(host_)), 1);
    EXPECT_THAT(only_complaint(), HasSubstr("did not answer in time"));
    EXPECT_GT(operator_order{}.unload_bound, std::chrono::seconds{30});
}

TEST_F(unload_verb, ends_where_actions_are_not_allowed) {
    auto const refused = answer(403, refusal("actions_disabled", "no"));
    EXPECT_EQ(ask(unload({"a", "b"}), {answer(200, one_host), refused}), 1);
    EXPECT_THAT(only_complaint(), HasSubstr("admin.allow_actions"));
    EXPECT_EQ(printed_, "");
}

TEST_F(unload_verb, prints_the_servers_json_with_what_was_refused) {
    auto order = unload({});
    order.json = true;
    std::string const body = R"({"error":{"code":"host_failed","message":"No."},"unloaded":[]})";
    EXPECT_EQ(ask(order, {answer(200, one_host), answer(502, body)}), 1);
    EXPECT_EQ(printed_, body + "\n");
}

TEST_F(unload_verb, asks_first_and_says_who_is_busy) {
    auto order = unload({"qwen/qwen3-8b", "x"});
    order.yes = false;
    say(true);
    EXPECT_EQ(ask(order, {answer(200, one_host), unloaded("qwen/qwen3-8b"), unloaded("x")}), 0);
    EXPECT_THAT(questions_, ElementsAre("Unload qwen/qwen3-8b (busy) and x (not listed as loaded) "
                                        "from default?"));
}

TEST_F(unload_verb, does_nothing_if_the_answer_is_no) {
    auto order = unload({});
    order.yes = false;
    say(false);
    EXPECT_EQ(ask(order, {answer(200, one_host)}), 1);
    EXPECT_THAT(questions_,
                ElementsAre("Unload qwen/qwen3-8b (busy) and qwen/qwen3-8b:2 from default?"));
    EXPECT_EQ(lines_seen().size(), 1u);
    EXPECT_EQ(only_complaint(), "nothing was unloaded");
}

TEST_F(unload_verb, needs_a_yes_where_nobody_can_be_asked) {
    auto order = unload({});
    order.yes = false;
    EXPECT_EQ(app::operate(order, around_), 2);
    EXPECT_THAT(only_complaint(), HasSubstr("--yes"));
    EXPECT_TRUE(host_.nobody_waits());
}

TEST_F(unload_verb, wants_a_host_named_where_there_are_several) {
    auto other = admin_host();
    other["name"] = "other";
    auto const two = json{{"hosts", {admin_host(), other}}}.dump();
    EXPECT_EQ(ask(unload({}), {answer(200, two)}), 2);
    EXPECT_EQ(only_complaint(), "name one host with --host: there are default and other");
    complaints_.clear();
    auto order = unload({});
    order.host = "third";
    EXPECT_EQ(ask(order, {answer(200, two)}), 2);
    EXPECT_EQ(only_complaint(), "no host is named third: there is default and other");
    order.host = "other";
    EXPECT_EQ(ask(order, {answer(200, two), unloaded("a")}), 0);
    EXPECT_EQ(lines_seen().back(), "POST /api/hosts/other/unload");
}

TEST_F(unload_verb, puts_no_odd_name_into_a_request) {
    auto odd = admin_host();
    odd["name"] = "a b\r\nX: y";
    EXPECT_EQ(ask(unload({}), {answer(200, json{{"hosts", {odd}}}.dump())}), 2);
    EXPECT_EQ(lines_seen().size(), 1u);
}

} // namespace
} // namespace secondwind::test
