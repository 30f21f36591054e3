// The requests that have ended, as operators see them, after real ones through the data port.
#include "support/admin_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

namespace {

struct admin_requests : with_admin {
    asio::awaitable<json> rows(std::string query = {}) {
        auto const answer = co_await ask("/api/requests" + query);
        EXPECT_EQ(answer.status, 200) << answer.body;
        co_return json::parse(answer.body).at("requests");
    }
    // The answer has come before the proxy has written its row.
    asio::awaitable<void> have_ended(std::uint64_t count) {
        auto ended = [this, count] { return w.proxy->shared().requests.newest() >= count; };
        co_await until(ended);
    }
};

std::string asking(std::string path_, std::string body, std::string fields = {}) {
    return make_request("POST", path_, body, fields);
}

} // namespace

TEST_F(admin_requests, tell_model_tokens_and_client_of_each_but_no_word_of_it) {
    log_file log;
    auto task = [](admin_requests& t, log_file& logged) -> asio::awaitable<void> {
        std::string const body =
            R"({"model":"big","messages":[{"role":"user","content":"secret words"}]})";
        auto* client = co_await t.connected();
        co_await client->send(
            asking(chat_path, body, "User-Agent: OpenAI/Python 1.51.0\r\nX-Request-Id: mine\r\n"));
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.status, 200);
        auto const told = json::parse(answer.body);
        co_await t.have_ended(1);
        auto const all = co_await t.rows();
        EXPECT_EQ(all.size(), 1U);
        auto const& row = all.at(0);
        EXPECT_EQ(row.at("request_id"), "mine");
        EXPECT_EQ(row.at("model"), "big");
        EXPECT_EQ(row.at("host"), "host");
        EXPECT_EQ(row.at("agent"), "OpenAI");
        EXPECT_TRUE(row.at("address").is_null());
        EXPECT_EQ(row.at("status"), 200);
        EXPECT_EQ(row.at("route"), "chat_completions");
        EXPECT_EQ(row.at("tokens_in"), told.at("usage").at("prompt_tokens"));
        EXPECT_EQ(row.at("tokens_out"), told.at("usage").at("completion_tokens"));
        EXPECT_EQ(row.at("bytes_in"), body.size());
        EXPECT_EQ(row.at("attempts").size(), 1U);
        EXPECT_THAT(all.dump(), Not(HasSubstr("secret")));
        EXPECT_THAT(all.dump(), Not(HasSubstr("127.0.0.1")));
        EXPECT_EQ(logged.lines("exchange").at(0).at("model"), "big");
    };
    run(task(*this, log));
}

TEST_F(admin_requests, tell_the_tokens_of_every_interface_in_both_ways) {
    auto task = [](admin_requests& t) -> asio::awaitable<void> {
        std::uint64_t ended = 0;
        for (std::string const path : {"/v1/chat/completions", "/v1/completions", "/v1/responses",
                                       "/v1/messages", "/api/v1/chat", "/api/v0/chat/completions"})
            for (bool const stream : in_both_ways) {
                json body{{"model", "big"}, {"stream", stream}, {"max_tokens", 8}};
                if (path == "/v1/completions")
                    body["prompt"] = "hello";
                else if (path == "/v1/responses" || path == "/api/v1/chat")
                    body["input"] = "hello";
                else
                    body["messages"] = json::array({{{"role", "user"}, {"content", "hello"}}});
                if (stream && path.ends_with("chat/completions"))
                    body["stream_options"]["include_usage"] = true;
                auto const answer = co_await t.post(path, body.dump());
                EXPECT_EQ(answer.status, 200) << path << answer.body;
                co_await t.have_ended(++ended);
                auto const all = co_await t.rows("?limit=1");
                auto const& row = all.at(0);
                EXPECT_EQ(row.at("stream"), stream) << path;
                EXPECT_TRUE(row.at("tokens_in").is_number()) << path << row;
                EXPECT_TRUE(row.at("tokens_out").is_number()) << path << row;
                bool const told = path == "/api/v1/chat" || stream;
                EXPECT_TRUE(!told || row.at("tokens_per_second").is_number()) << path << row;
            }
    };
    run(task(*this));
}

TEST_F(admin_requests, open_to_the_attempts_that_a_recovery_has_made) {
    lm->load("big");
    auto task = [](admin_requests& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("huge");
        EXPECT_EQ(answer.status, 200);
        co_await t.have_ended(1);
        auto const all = co_await t.rows();
        auto const& row = all.at(0);
        EXPECT_EQ(row.at("recovery"), "recovered");
        EXPECT_EQ(row.at("verdict"), "healthy");
        auto const& attempts = row.at("attempts");
        EXPECT_EQ(attempts.size(), 2U);
        EXPECT_EQ(attempts.at(0).at("host"), "host");
        EXPECT_EQ(attempts.at(0).at("reason"), "load_refused");
        EXPECT_GE(attempts.at(0).at("status").get<int>(), 400);
        EXPECT_EQ(attempts.at(1).at("reason"), "healthy");
        EXPECT_LE(attempts.at(0).at("ended").get<double>(),
                  attempts.at(1).at("ended").get<double>());
    };
    run(task(*this));
}

TEST_F(admin_requests, can_be_filtered_and_read_in_pages) {
    auto task = [](admin_requests& t) -> asio::awaitable<void> {
        for (auto const* model : {"big", "small", "big"})
            co_await t.chat(model);
        co_await t.post("/v1/chat/completions", "{}");
        co_await t.have_ended(4);
        auto const all = co_await t.rows();
        EXPECT_EQ(all.size(), 4U);
        auto const big = co_await t.rows("?model=big");
        EXPECT_EQ(big.size(), 2U);
        auto const wrong = co_await t.rows("?status=4xx");
        EXPECT_EQ(wrong.size(), 1U);
        auto const newer = co_await t.rows("?after=3");
        EXPECT_EQ(newer.size(), 1U);
        auto const answer = co_await t.ask("/api/requests?limit=3");
        EXPECT_EQ(json::parse(answer.body).at("next_before"), 2);
        auto const said = co_await t.ask("/api/requests?hots=a");
        EXPECT_EQ(said.status, 400);
        EXPECT_THAT(said.body, HasSubstr("hots"));
    };
    run(task(*this));
}

TEST_F(admin_requests, have_the_addresses_of_their_clients_only_where_those_may_be_shown) {
    w.settings.admin.show_addresses = true;
    auto task = [](admin_requests& t) -> asio::awaitable<void> {
        co_await t.chat("big");
        co_await t.have_ended(1);
        auto const all = co_await t.rows();
        EXPECT_EQ(all.at(0).at("address"), "127.0.0.1");
    };
    run(task(*this));
}

TEST_F(admin_requests, are_as_many_as_the_settings_say) {
    w.settings.admin.recent_requests = 2;
    auto task = [](admin_requests& t) -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i)
            co_await t.chat("big");
        co_await t.have_ended(3);
        auto const all = co_await t.rows();
        EXPECT_EQ(all.size(), 2U);
        t.w.settings.admin.recent_requests = 0;
        t.w.proxy->shared().apply_settings();
        auto const answer = co_await t.ask("/api/requests");
        EXPECT_EQ(json::parse(answer.body),
                  json::parse(R"({"requests":[],"next_before":null,"newest":3,"kept":0})"));
    };
    run(task(*this));
}
