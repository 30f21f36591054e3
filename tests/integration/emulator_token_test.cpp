// The emulated LM Studio with "Require Authentication" on, and older versions that do not report
// activity.
#include "support/ws_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;

namespace {

using emulator_tokens = with_ws;

constexpr char const* identifier = "Abcd1234";
constexpr char const* passkey = "0123456789abcdefGHIJ";

emulator::options guarded() {
    auto how = small_host();
    how.api_token = std::string{"sk-lm-"} + identifier + ":" + passkey;
    return how;
}

} // namespace

TEST_F(emulator_tokens, are_required_of_requests) {
    emulate(guarded());
    auto task = [](emulator_tokens& t) -> asio::awaitable<void> {
        auto const hello = co_await t.get("/lmstudio-greeting");
        EXPECT_EQ(hello.status, 200);
        for (auto const* path : {"/v1/models", "/api/v1/models", "/nowhere"}) {
            auto const refused = co_await t.get(path);
            EXPECT_EQ(refused.status, 401) << path;
            EXPECT_THAT(refused.body, HasSubstr("invalid_api_key"));
        }
        auto* client = co_await t.connected();
        auto const taken = co_await client->get("/api/v1/models", "Authorization: Bearer " +
                                                                      guarded().api_token + "\r\n");
        EXPECT_EQ(taken.status, 200);
    };
    run(task(*this));
}

TEST_F(emulator_tokens, are_required_of_websockets) {
    emulate(guarded());
    auto task = [](emulator_tokens& t) -> asio::awaitable<void> {
        auto* guest = co_await t.opened("/llm");
        auto const refused = co_await guest->introduce("guest:1", "2");
        EXPECT_EQ(refused["success"], false);
        EXPECT_THAT(refused["error"].get<std::string>(), HasSubstr("API token is required"));
        auto const end = co_await guest->read();
        EXPECT_TRUE(end.is_null());
        auto* known = co_await t.opened("/llm");
        auto const taken = co_await known->introduce(identifier, passkey);
        EXPECT_EQ(taken["success"], true);
    };
    run(task(*this));
}

TEST_F(emulator_tokens, and_activity_are_unknown_to_an_older_version) {
    auto how = small_host();
    how.reports_activity = false;
    emulate(how);
    lm->load("big");
    auto task = [](emulator_tokens& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const reply = co_await llm->call(
            "getInstanceProcessingState",
            R"({"specifier":{"type":"query","query":{}},"throwIfNotFound":true})");
        EXPECT_EQ(reply["type"], "communicationWarning");
        auto const list = co_await llm->call("listLoaded");
        EXPECT_FALSE(list["result"][0].contains("lastUsedTime"));
        EXPECT_EQ(list["result"][0]["identifier"], "big");
    };
    run(task(*this));
}
