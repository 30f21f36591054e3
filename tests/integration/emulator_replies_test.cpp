// The emulated LM Studio: what a script makes it say.
#include "support/emulator_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;
using testing::Not;

namespace {

struct emulator_replies : with_emulator {
    emulator_replies() {
        call.calls = {{"shell", R"({"command":"printf hello"})"}};
        call.reasoning = "I have to look.";
    }
    emulator::reply call;
};

// A question in the words of all three interfaces, with a tool.
std::string question(std::string const& model, bool stream) {
    return R"({"model":")" + model +
           R"(","messages":[{"role":"user","content":"What is there?"}],"input":"What is there?",)"
           R"("tools":[{"type":"function","name":"shell","function":{"name":"shell"}}],"stream":)" +
           (stream ? "true}" : "false}");
}

} // namespace

TEST_F(emulator_replies, call_a_tool_on_each_interface_streamed_or_not) {
    auto task = [](emulator_replies& t, std::string path, bool stream) -> asio::awaitable<void> {
        t.lm->script().say_to("What is there?", t.call);
        auto const a = co_await t.post(path, question("big", stream));
        EXPECT_EQ(a.status, 200);
        EXPECT_THAT(a.body, HasSubstr("shell")) << path;
        EXPECT_THAT(a.body, HasSubstr("hello")) << path;
        EXPECT_THAT(a.body, HasSubstr("look.")) << path;
        auto const usual = co_await t.post(path, question("big", stream));
        EXPECT_THAT(usual.body, HasSubstr("Every"));
        EXPECT_THAT(usual.body, Not(HasSubstr("hello")));
    };
    for (auto const* path : {"/v1/chat/completions", "/v1/responses", "/v1/messages"})
        for (bool const stream : {false, true})
            run(task(*this, path, stream));
}

TEST_F(emulator_replies, are_kept_for_a_request_that_comes_again_after_a_refusal) {
    lm->load("big");
    lm->script().say_to("What is there?", call);
    auto task = [](emulator_replies& t) -> asio::awaitable<void> {
        auto const refused = co_await t.post("/v1/messages", question("huge", false));
        EXPECT_EQ(refused.status, 400);
        t.lm->unload("big");
        auto const again = co_await t.post("/v1/messages", question("huge", false));
        EXPECT_EQ(nlohmann::json::parse(again.body)["stop_reason"], "tool_use");
    };
    run(task(*this));
}

TEST_F(emulator_replies, fit_the_schema_of_a_request) {
    auto task = [](emulator_replies& t) -> asio::awaitable<void> {
        auto const a =
            co_await t.post("/v1/chat/completions",
                            R"({"model":"big","messages":[],"response_format":{"type":"json_schema",
                "json_schema":{"schema":{"type":"object","properties":{
                    "title":{"type":"string"}}}}}})");
        auto const d = nlohmann::json::parse(a.body);
        EXPECT_EQ(d["choices"][0]["message"]["content"], R"({"title":"Every"})");
    };
    run(task(*this));
}
