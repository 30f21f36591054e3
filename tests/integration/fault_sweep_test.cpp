// Each system call of an exchange fails in turn: its client and the host never get a wrong message,
// and nothing is left behind.
#include "support/fault_story.hpp"
#include "support/raw_client.hpp"
#include "support/recovery_fixture.hpp"

using namespace secondwind;
using namespace secondwind::test;

namespace {

constexpr char const* json_body = R"({"object":"chat.completion","text":"hello"})";
constexpr char const* switching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n"
    "Connection: Upgrade\r\n\r\n";
constexpr char const* upgrade =
    "GET /lmstudio HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

std::string chunk_of(std::string const& data) {
    return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

fault_story post_answered_with(std::vector<std::string> pieces) {
    fault_story s;
    s.body = chat_body("big");
    s.client = {{.send = make_request("POST", chat_path, s.body), .answers = 1}};
    s.host = [pieces](http_request const&) { return pieces; };
    return s;
}

// The head in one step, then the body in three.
fault_story upload(std::string const& framing, std::vector<std::string> const& pieces) {
    auto s = post_answered_with({ok_answer(json_body)});
    s.client = {{.send = "POST /v1/upload HTTP/1.1\r\nHost: x\r\n" + framing + "\r\n\r\n"}};
    for (auto const& piece : pieces)
        s.client.push_back({.send = piece});
    s.client.push_back({.answers = 1});
    return s;
}

fault_story upload_with_length() {
    std::vector<std::string> const thirds{std::string(700, 'a'), std::string(700, 'b'),
                                          std::string(700, 'c')};
    auto s = upload("Content-Length: 2100", thirds);
    s.body = thirds[0] + thirds[1] + thirds[2];
    return s;
}

fault_story upload_in_chunks() {
    std::vector<std::string> const thirds{std::string(700, 'a'), std::string(700, 'b'),
                                          std::string(700, 'c')};
    auto s = upload("Transfer-Encoding: chunked",
                    {chunk_of(thirds[0]), chunk_of(thirds[1]), chunk_of(thirds[2]) + "0\r\n\r\n"});
    s.body = thirds[0] + thirds[1] + thirds[2];
    return s;
}

void keep_little(config::settings& settings) {
    settings.limits.replay_buffer = 1000;
}

fault_story on_a_reused_connection(fault_story s) {
    s.reuses = true;
    return s;
}

fault_story get() {
    auto s = post_answered_with({ok_answer(json_body)});
    s.client = {{.send = make_request("GET", "/v1/models"), .answers = 1}};
    return s;
}

fault_story recovery_of_memory() {
    auto s = post_answered_with({});
    s.held = memory_error();
    s.most_posts = 2;
    s.host = [unloaded = false](http_request const& r) mutable -> std::vector<std::string> {
        if (r.target == list_path)
            return {ok_answer(unloaded ? R"({"models":[]})" : inventory_of({"other"}))};
        if (r.target == unload_path) {
            unloaded = true;
            return {ok_answer(R"({"instance_id":"other"})")};
        }
        return {unloaded ? ok_answer(json_body) : answer_bytes("400 Bad Request", memory_error())};
    };
    return s;
}

} // namespace

TEST(any_failing_io, leaves_a_small_post_sound) {
    EXPECT_GT(sweep(post_answered_with({ok_answer(json_body)})), 20U);
}

TEST(any_failing_io, leaves_a_chunked_answer_sound) {
    EXPECT_GT(sweep(post_answered_with({"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                        "Transfer-Encoding: chunked\r\n\r\n",
                                        chunk_of(R"({"text":")"), chunk_of("a") + chunk_of("b"),
                                        chunk_of(R"("})"), "0\r\n\r\n"})),
              20U);
}

TEST(any_failing_io, leaves_an_event_stream_sound) {
    EXPECT_GT(sweep(post_answered_with(
                  {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n",
                   chunk_of(": warming up\n\n"),
                   chunk_of("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"),
                   chunk_of("data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n"),
                   chunk_of("data: [DONE]\n\n") + "0\r\n\r\n"})),
              20U);
}

TEST(any_failing_io, leaves_an_answer_that_ends_with_its_connection_sound) {
    EXPECT_GT(sweep(post_answered_with({"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                        "Connection: close\r\n\r\n",
                                        "some", " more", " text"})),
              20U);
}

TEST(any_failing_io, leaves_an_upload_of_known_length_sound) {
    EXPECT_GT(sweep(upload_with_length()), 20U);
}

TEST(any_failing_io, leaves_a_chunked_upload_sound) {
    EXPECT_GT(sweep(upload_in_chunks()), 20U);
}

TEST(any_failing_io, leaves_an_upload_that_is_streamed_on_sound) {
    for (auto story : {upload_with_length(), upload_in_chunks()}) {
        story.configure = keep_little;
        EXPECT_GT(sweep(story), 20U);
    }
}

TEST(any_failing_io, leaves_an_answer_to_half_an_upload_sound) {
    for (auto story : {upload_with_length(), upload_in_chunks()}) {
        story.configure = keep_little;
        story.early = true;
        // The last third is sent after the answer has arrived.
        std::swap(story.client[3], story.client[4]);
        EXPECT_GT(sweep(story), 20U);
    }
}

TEST(any_failing_io, leaves_pipelined_requests_sound) {
    auto s = post_answered_with({});
    s.requests = 2;
    s.client = {
        {.send = make_request("POST", "/v1/1", s.body) + make_request("POST", "/v1/2", s.body),
         .answers = 2}};
    s.host = [](http_request const& r) {
        return std::vector<std::string>{ok_answer("\"" + r.target + "\"")};
    };
    EXPECT_GT(sweep(s), 20U);
}

TEST(any_failing_io, leaves_an_expected_continue_sound) {
    auto s = post_answered_with({ok_answer(json_body)});
    s.body = "0123456789";
    s.client = {{.send = "POST /v1/x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                         "Content-Length: 10\r\n\r\n",
                 .interims = 1},
                {.send = s.body, .answers = 1}};
    EXPECT_GT(sweep(s), 20U);
}

TEST(any_failing_io, leaves_an_interim_answer_sound) {
    EXPECT_GT(sweep(post_answered_with(
                  {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", ok_answer(json_body)})),
              20U);
}

TEST(any_failing_io, on_a_reused_connection_repeats_a_get_once_and_a_post_never) {
    EXPECT_GT(sweep(on_a_reused_connection(get())), 20U);
    EXPECT_GT(sweep(on_a_reused_connection(post_answered_with({ok_answer(json_body)}))), 20U);
}

TEST(any_failing_io, leaves_a_recovery_sound) {
    EXPECT_GT(sweep(recovery_of_memory()), 20U);
}

TEST(any_failing_io, leaves_the_recovery_of_a_stream_sound) {
    auto s = recovery_of_memory();
    auto const without = s.host;
    s.host = [without](http_request const& r) mutable {
        auto const pieces = without(r);
        bool const telling = pieces.front().find(json_body) != std::string::npos;
        auto const data = [](std::string const& json) {
            return chunk_of("data: " + json + "\n\n");
        };
        std::string const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                 "Transfer-Encoding: chunked\r\n\r\n";
        if (r.target != chat_path)
            return pieces;
        if (telling)
            return std::vector<std::string>{head,
                                            data(R"({"choices":[{"delta":{"content":"a"}}]})"),
                                            data("[DONE]"), "0\r\n\r\n"};
        return std::vector<std::string>{head, chunk_of(": loading\n\n"),
                                        chunk_of("event: error\ndata: " + memory_error() + "\n\n"),
                                        "0\r\n\r\n"};
    };
    s.held = ": loading\n\nevent: error\ndata: " + memory_error() + "\n\n";
    EXPECT_GT(sweep(s), 20U);
}

TEST(any_failing_io, leaves_a_tunnel_sound) {
    auto s = post_answered_with({});
    s.body = {};
    s.client = {{.send = std::string{upgrade} + "early", .bytes = std::string{switching}.size()},
                {.send = " up", .bytes = std::string{switching}.size() + 10}};
    s.host = [](http_request const&) { return std::vector<std::string>{switching, "down"}; };
    EXPECT_GT(sweep(s), 20U);
}

TEST(any_failing_io, leaves_a_refusal_sound) {
    auto s = get();
    s.client = {{.send = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", .answers = 1}};
    EXPECT_GT(sweep(s), 5U);
}
