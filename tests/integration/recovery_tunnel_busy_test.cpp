// What goes on in the SDK's WebSockets keeps a model busy for the recoveries of requests.
#include "support/tunnel_fixture.hpp"

using namespace secondwind;
using namespace secondwind::test;

namespace {

struct recovery_beside_tunnels : with_tunnels {};

} // namespace

TEST_F(recovery_beside_tunnels, waits_for_a_prediction_where_the_host_does_not_tell_who_is_busy) {
    auto how = small_host();
    how.reports_activity = false;
    emulate(how);
    lm->load("big");
    lm->script().hold_generations(1);
    auto story = [](recovery_beside_tunnels& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted("/llm");
        co_await sdk->create("predict", 0, predict_on("big"));
        auto first = co_await sdk->read();
        while (first["message"]["type"] == "promptProcessingProgress")
            first = co_await sdk->read();
        EXPECT_EQ(first["message"]["type"], "fragment");
        auto* other = co_await t.begun("huge");
        auto const waits = [&t] { return t.waits_for_idle(); };
        co_await t.until(waits);
        EXPECT_EQ(t.unloads("big"), 0u);
        t.lm->script().release_generations();
        auto last = co_await sdk->read();
        while (last["type"] == "channelSend")
            last = co_await sdk->read();
        EXPECT_EQ(last["type"], "channelClose");
        auto const answer = co_await other->read_answer();
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(recovery_of(answer), evicted_one);
    };
    run(story(*this));
}
