// The emulated LM Studio over the SDK's WebSocket protocol.
#include "support/ws_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;

namespace {

using ws_emulator = with_ws;

} // namespace

TEST_F(ws_emulator, keeps_an_identifier_for_its_first_passkey) {
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        co_await t.admitted("/llm");
        auto* stranger = co_await t.opened("/system");
        auto const reply = co_await stranger->introduce("guest", "guessed");
        EXPECT_EQ(reply["success"], false);
        EXPECT_THAT(reply["error"].get<std::string>(), HasSubstr("Invalid client passkey"));
        auto const end = co_await stranger->read();
        EXPECT_TRUE(end.is_null());
    };
    run(task(*this));
}

TEST_F(ws_emulator, waits_for_credentials_up_to_its_limit) {
    auto how = small_host();
    how.authentication_time = std::chrono::milliseconds{20};
    emulate(how);
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        auto* client = co_await t.opened("/llm");
        co_await client->send("no JSON");
        auto const reply = co_await client->ask(R"({"authVersion":1})");
        EXPECT_EQ(reply["success"], false);
        EXPECT_THAT(reply["error"].get<std::string>(), HasSubstr("timed out"));
        auto const end = co_await client->read();
        EXPECT_TRUE(end.is_null());
    };
    run(task(*this));
}

TEST_F(ws_emulator, lists_and_unloads_in_the_namespace_of_the_model) {
    lm->load("big");
    lm->load("big"); // does not fit
    lm->load("embed");
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto* embedding = co_await t.admitted("/embedding");
        auto const llms = co_await llm->call("listLoaded");
        EXPECT_EQ(llms["type"], "rpcResult");
        EXPECT_EQ(llms["callId"], 0);
        EXPECT_EQ(llms["result"].size(), 1U);
        EXPECT_EQ(llms["result"][0]["identifier"], "big");
        auto const embeddings = co_await embedding->call("listLoaded");
        EXPECT_EQ(embeddings["result"][0]["identifier"], "embed");

        auto const elsewhere = co_await embedding->call("unloadModel", R"({"identifier":"big"})");
        EXPECT_EQ(elsewhere["type"], "rpcError");
        EXPECT_EQ(elsewhere["error"]["title"], "No model found that fits the query");
        EXPECT_TRUE(t.lm->models().is_loaded("big"));
        auto const done = co_await llm->call("unloadModel", R"({"identifier":"big"})");
        EXPECT_EQ(done, ws_client::json::parse(R"({"type":"rpcResult","callId":1})"));
        EXPECT_FALSE(t.lm->models().is_loaded("big"));
    };
    run(task(*this));
}

TEST_F(ws_emulator, fails_an_unload_when_the_script_says_so) {
    lm->load("big");
    lm->script().fail_next_unload(500, R"({"error":{"message":"Not today."}})");
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const reply = co_await llm->call("unloadModel", R"({"identifier":"big"})");
        EXPECT_EQ(reply["error"]["title"], "Not today.");
        EXPECT_TRUE(t.lm->models().is_loaded("big"));
    };
    run(task(*this));
}

TEST_F(ws_emulator, answers_other_calls_while_an_unload_is_held) {
    lm->load("big");
    lm->script().hold_unloads();
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await llm->send(R"({"type":"rpcCall","endpoint":"unloadModel","callId":90,
                               "parameter":{"identifier":"big"}})");
        auto const list = co_await llm->call("listLoaded");
        EXPECT_EQ(list["result"].size(), 1U);
        t.lm->script().release_unloads();
        auto const done = co_await llm->read();
        EXPECT_EQ(done["callId"], 90);
    };
    run(task(*this));
}

TEST_F(ws_emulator, reports_its_version_and_models) {
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        auto* system = co_await t.admitted("/system");
        auto const version = co_await system->call("version");
        EXPECT_EQ(version["result"]["version"], "0.4.5");
        auto const info = co_await system->call("info");
        EXPECT_EQ(info["result"]["version"], "0.4.5");
        auto const models = co_await system->call("listDownloadedModels");
        EXPECT_EQ(models["result"].size(), 3U);
        auto const alive = co_await system->ask(R"({"type":"keepAlive"})");
        EXPECT_EQ(alive["type"], "keepAliveAck");
    };
    run(task(*this));
}

TEST_F(ws_emulator, only_warns_about_messages_that_it_does_not_understand_and_only_five_times) {
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const unknown = co_await llm->call("fly");
        EXPECT_EQ(unknown["type"], "communicationWarning");
        auto const one_too_many = co_await llm->call("listLoaded", "{}");
        EXPECT_EQ(one_too_many["type"], "communicationWarning");
        auto const null = co_await llm->call("listLoaded", "null");
        EXPECT_EQ(null["type"], "communicationWarning");
        auto const wrong = co_await llm->call("unloadModel", R"({"instance_id":"big"})");
        EXPECT_EQ(wrong["type"], "communicationWarning");
        auto const channel = co_await llm->ask(cancel_channel);
        EXPECT_EQ(channel["type"], "communicationWarning");
        co_await llm->send(R"({"type":"rpcCall","endpoint":"fly","callId":50})");
        co_await llm->send("{ no message at all");
        auto const next = co_await llm->call("listLoaded");
        EXPECT_EQ(next["type"], "rpcResult");
    };
    run(task(*this));
}

TEST_F(ws_emulator, greets_in_the_other_namespaces_and_warns) {
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        auto* files = co_await t.admitted("/files");
        auto const reply = co_await files->call("listLoaded");
        EXPECT_EQ(reply["type"], "communicationWarning");
    };
    run(task(*this));
}

TEST_F(ws_emulator, never_answers_other_paths) {
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(
            make_request("GET", "/elsewhere", {}, "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
        auto waiting = [&t] { return t.lm->counts().requests == 1; };
        co_await t.lm->until(waiting);
        client->half_close();
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "");
    };
    run(task(*this));
}

TEST_F(ws_emulator, rejects_clients_as_scripted) {
    lm->script().answer_next("/llm", emulator::canned::bytes("HTTP/1.1 403 Forbidden\r\n\r\n",
                                                             emulator::canned::then::close));
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(
            make_request("GET", "/llm", {}, "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "HTTP/1.1 403 Forbidden\r\n\r\n");
        co_await t.admitted("/llm");
    };
    run(task(*this));
}

TEST_F(ws_emulator, takes_credentials_that_came_with_the_handshake) {
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        // One masked text frame; its mask is zero.
        std::string const credentials =
            R"({"authVersion":1,"clientIdentifier":"a","clientPasskey":"b"})";
        std::string frame{"\x81"};
        frame += static_cast<char>(0x80 | credentials.size());
        frame += std::string(4, '\0') + credentials;
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/llm", {},
                                           "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                           "Sec-WebSocket-Version: 13\r\n") +
                              frame);
        co_await client->read_head();
        auto const reply = co_await client->read_exactly(18);
        EXPECT_EQ(reply, "\x81\x10{\"success\":true}");
    };
    run(task(*this));
}

TEST_F(ws_emulator, closes_all_connections_when_it_stops) {
    auto task = [](ws_emulator& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        t.lm->stop();
        auto const end = co_await llm->read();
        EXPECT_TRUE(end.is_null());
    };
    run(task(*this));
}
