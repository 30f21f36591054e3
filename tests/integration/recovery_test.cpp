// A request that finds no memory is served all the same, once and unchanged.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using testing::HasSubstr;

namespace {

struct recovery_works : with_proxy {};

void expect_recovered(http_answer const& a, std::string const& reason, int unloaded) {
    EXPECT_EQ(a.status, 200) << a.raw;
    EXPECT_EQ(recovery_of(a),
              "recovered; reason=" + reason + "; unloaded=" + std::to_string(unloaded));
    EXPECT_EQ(attempts_of(a), "2");
    EXPECT_TRUE(a.complete);
}

void expect_untouched(http_answer const& a) {
    EXPECT_FALSE(a.head.field("X-Secondwind-Recovery")) << a.raw;
    EXPECT_FALSE(a.head.field("X-Secondwind-Attempts")) << a.raw;
}

} // namespace

TEST_F(recovery_works, unloads_another_model_and_replays_once) {
    lm->load("big");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge");
        expect_recovered(a, "load_refused", 1);
        EXPECT_EQ(a.head.count("X-Secondwind-Recovery"), 1U);
        EXPECT_THAT(a.body, HasSubstr(R"("model": "huge")"));
    };
    run(task(*this));
    EXPECT_EQ(unloads("big"), 1U);
    EXPECT_EQ(lm->counts().refusals, 1U);
    EXPECT_EQ(lm->counts().generations_finished, 1U);
    EXPECT_EQ(requests_to(chat_path).size(), 2U);
    EXPECT_EQ(requests_to(list_path).size(), 2U); // for the plan, and to see it gone
    ASSERT_EQ(records(), 1U);
    EXPECT_EQ(last_record().outcome, recovery::outcome::recovered);
    EXPECT_THAT(last_record().trigger.message, HasSubstr("insufficient system resources"));
    EXPECT_EQ(last_record().trigger.model, "huge");
}

TEST_F(recovery_works, leaves_no_trace_on_other_exchanges) {
    lm->load("big");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const before = co_await client->post(chat_path, chat_body("big"));
        expect_untouched(before);
        auto const met = co_await client->post(chat_path, chat_body("huge"));
        expect_recovered(met, "load_refused", 1);
        auto const after = co_await client->post(chat_path, chat_body("huge"));
        EXPECT_EQ(after.status, 200);
        expect_untouched(after);
        auto const list = co_await client->get("/v1/models");
        expect_untouched(list);
    };
    run(task(*this));
    EXPECT_EQ(records(), 1U);
}

TEST_F(recovery_works, replays_the_same_bytes) {
    lm->load("big");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const body = R"({ "model":"huge","messages":[{"role":"user","content":"ö\u0000"}]})";
        co_await client->send(make_request("POST", "/v1/chat/completions?x=%2F", body,
                                           "X-Odd:  a\tb \r\nauthorization: Bearer sk\r\n"
                                           "X-Odd: c\r\nCookie: a=1\r\n"));
        auto const a = co_await client->read_answer();
        expect_recovered(a, "load_refused", 1);
        auto const sent = t.requests_to("/v1/chat/completions?x=%2F");
        EXPECT_EQ(sent.size(), 2U);
        EXPECT_EQ(sent.front().head, sent.back().head);
        EXPECT_EQ(sent.front().body, body);
        EXPECT_EQ(sent.back().body, body);
    };
    run(task(*this));
}

TEST_F(recovery_works, replays_a_body_of_eight_megabytes) {
    lm->load("big");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        std::string const body = R"({"messages":[{"role":"user","content":")" +
                                 std::string(8 * 1024 * 1024, 'a') + R"("}],"model":"huge"})";
        auto const a = co_await t.post(chat_path, body);
        expect_recovered(a, "load_refused", 1);
        auto const sent = t.requests_to(chat_path);
        EXPECT_EQ(sent.size(), 2U);
        EXPECT_TRUE(sent.front().body == body && sent.back().body == body);
        EXPECT_EQ(sent.front().head, sent.back().head);
        EXPECT_EQ(t.w.proxy->shared().budget.used(), 0U);
    };
    run(task(*this));
}

TEST_F(recovery_works, replays_a_chunked_request) {
    lm->load("big");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const body = chat_body("huge");
        auto chunk = [](std::string_view part) {
            return fmt::format("{:x}\r\n{}\r\n", part.size(), part);
        };
        co_await client->send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                              "Content-Type: application/json\r\n"
                              "Transfer-Encoding: chunked\r\n\r\n" +
                              chunk(body.substr(0, 9)) + chunk(body.substr(9)) + "0\r\n\r\n");
        auto const a = co_await client->read_answer();
        expect_recovered(a, "load_refused", 1);
        auto const sent = t.requests_to(chat_path);
        EXPECT_EQ(sent.size(), 2U);
        EXPECT_EQ(sent.back().body, body);
    };
    run(task(*this));
}

TEST_F(recovery_works, mends_a_broken_cache_by_unloading_the_model_itself) {
    lm->load("big");
    lm->load("embed");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        for (bool const stream : in_both_ways) {
            t.lm->corrupt("big");
            auto const a = co_await t.chat("big", stream);
            expect_recovered(a, "cache_corruption", 1);
        }
    };
    run(task(*this));
    EXPECT_EQ(unloads("big"), 2U);
    EXPECT_EQ(unloads("embed"), 0U);
}

TEST_F(recovery_works, mends_every_instance_of_a_model_with_a_broken_cache) {
    auto how = small_host();
    how.memory_bytes = 20'000'000'000;
    emulate(how);
    lm->load("big");
    lm->load("big");
    lm->corrupt("big");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("big");
        expect_recovered(a, "cache_corruption", 2);
    };
    run(task(*this));
    EXPECT_EQ(unloads("big"), 1U);
    EXPECT_EQ(unloads("big:2"), 1U);
}

TEST_F(recovery_works, suspects_memory_where_a_load_fails_without_a_cause) {
    auto how = small_host();
    how.refusal = emulator::refusal_form::generic;
    emulate(how);
    lm->load("big");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge");
        expect_recovered(a, "suspected_memory", 1);
    };
    run(task(*this));
}

TEST_F(recovery_works, knows_every_wording_of_the_guardrail) {
    using form = emulator::refusal_form;
    for (auto const wording : {form::with_figure, form::plain, form::old_wording}) {
        auto how = small_host();
        how.refusal = wording;
        w.stop();
        emulate(how);
        lm->load("big");
        auto task = [](with_proxy& t) -> asio::awaitable<void> {
            auto const a = co_await t.chat("huge");
            expect_recovered(a, "load_refused", 1);
        };
        run(task(*this));
    }
}

TEST_F(recovery_works, serves_every_interface) {
    auto how = small_host();
    how.models.push_back({"big-embed", emulator::model_type::embedding, 8'000'000'000});
    emulate(how);
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        std::vector<std::pair<std::string, std::string>> const requests{
            {"/v1/completions", R"({"model":"huge","prompt":"Hi"})"},
            {"/v1/embeddings", R"({"model":"big-embed","input":"Hi"})"},
            {"/v1/responses", R"({"model":"huge","input":"Hi"})"},
            {"/v1/responses", R"({"model":"huge","input":"Hi","stream":true})"},
            {"/v1/messages",
             R"({"model":"huge","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]})"},
            {"/api/v0/chat/completions", chat_body("huge")},
            {"/api/v1/chat", R"({"model":"huge","input":"Hi"})"}};
        for (auto const& [path, body] : requests) {
            SCOPED_TRACE(path);
            t.lm->reset();
            t.lm->load("big");
            auto const a = co_await t.post(path, body);
            expect_recovered(a, "load_refused", 1);
        }
    };
    run(task(*this));
}

TEST_F(recovery_works, makes_its_calls_in_the_name_of_the_request) {
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        std::vector<std::pair<std::string, std::string>> const keys{
            {"Authorization: Bearer sk-lm-1\r\n", "Bearer sk-lm-1"},
            {"X-API-Key: sk-lm-2\r\n", "Bearer sk-lm-2"},
            {"x-api-key: sk-lm-3\r\nAUTHORIZATION: Basic eA==\r\n", "Basic eA=="}};
        for (auto const& [field, expected] : keys) {
            t.lm->reset();
            t.lm->load("big");
            auto const a = co_await t.post(chat_path, chat_body("huge"), field);
            expect_recovered(a, "load_refused", 1);
            auto calls = t.requests_to(list_path);
            auto const unloads = t.requests_to(unload_path);
            calls.insert(calls.end(), unloads.begin(), unloads.end());
            EXPECT_EQ(calls.size(), 3U);
            for (auto const& call : calls)
                EXPECT_EQ(call.field("Authorization").value_or(""), expected) << call.head;
        }
        t.lm->reset();
        t.lm->load("big");
        co_await t.chat("huge");
        EXPECT_FALSE(t.requests_to(list_path).front().field("Authorization"));
    };
    run(task(*this));
}

TEST_F(recovery_works, reads_an_error_of_any_status_shape_and_framing) {
    auto const text = std::string{"Error: insufficient system resources"};
    auto const object = R"({"error":{"message":")" + text + R"("}})";
    auto const chunked = [](std::string const& status, std::string const& body) {
        return "HTTP/1.1 " + status +
               "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
               fmt::format("5\r\n{}\r\n{:x};x=y\r\n{}\r\n0\r\n\r\n", body.substr(0, 5),
                           body.size() - 5, body.substr(5));
    };
    std::vector<std::string> answers;
    for (auto const* status : {"400 Bad Request", "404 Not Found", "500 Oh", "200 OK"}) {
        answers.push_back(answer_bytes(status, R"({"error":")" + text + R"("})"));
        answers.push_back(answer_bytes(status, object));
        answers.push_back(chunked(status, object));
        answers.push_back(answer_bytes(status, R"({"type":"error","message":")" + text + R"("})"));
    }
    answers.push_back(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        "Transfer-Encoding: chunked\r\n\r\n" +
        fmt::format("{:x}\r\nevent: error\ndata: {}\n\n\r\n0\r\n\r\n", object.size() + 21, object));
    auto task = [](with_proxy& t, std::vector<std::string> all) -> asio::awaitable<void> {
        for (auto const& first : all) {
            SCOPED_TRACE(first);
            t.lm->reset();
            t.lm->load("embed");
            t.lm->script().answer_next(chat_path, canned::bytes(first));
            auto const a = co_await t.chat("big");
            expect_recovered(a, "load_refused", 1);
            EXPECT_EQ(t.unloads("embed"), 1U);
        }
    };
    run(task(*this, std::move(answers)));
}
