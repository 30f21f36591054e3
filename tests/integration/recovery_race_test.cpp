// Moments that only a host whose every byte is scripted can hit.
#include "support/raw_host.hpp"
#include "support/recovery_fixture.hpp"

using namespace secondwind;
using namespace secondwind::test;

namespace {

struct recovery_races : with_proxy {
    recovery_races() {
        w.settings.recovery.websocket_timeout = std::chrono::milliseconds{0};
        w.settings.recovery.verify_timeout = no_second_look;
        w.settings.cold_load.gate = false; // so that several are refused for the same model
        w.start(host.port());
    }

    raw_host host{w.io};
};

std::string refusal(std::string const& model) {
    return answer_bytes("400 Bad Request", memory_error(model));
}

// Answers to a request for the inventory.
std::string loaded(std::string const& id) {
    return ok_answer(inventory_of({id}));
}
std::string nothing_loaded() {
    return ok_answer(inventory_of({}));
}

// The host is asked for that path next, on this connection.
asio::awaitable<void> expect_asked(wire& peer, std::string path) {
    auto const asked = co_await peer.read_request();
    EXPECT_EQ(asked.target, path) << asked.raw;
}

// A recovery's calls that unload the one instance there is.
asio::awaitable<void> let_unload(wire& peer, std::string id) {
    co_await peer.send(loaded(id));
    auto const asked = co_await peer.read_request();
    EXPECT_EQ(asked.target, unload_path);
    EXPECT_EQ(asked.body, R"({"instance_id":")" + id + R"("})");
    co_await peer.send(ok_answer(R"({"instance_id":")" + id + R"("})"));
    co_await expect_asked(peer, list_path);
    co_await peer.send(nothing_loaded());
}

} // namespace

TEST_F(recovery_races, a_late_broken_cache_is_mended_although_room_was_made_since) {
    auto task = [](recovery_races& t) -> asio::awaitable<void> {
        auto* late = co_await t.begun("small");
        auto first = co_await t.host.accept();
        co_await expect_asked(first, chat_path);
        auto* early = co_await t.begun("big");
        auto second = co_await t.host.accept();
        co_await expect_asked(second, chat_path);
        co_await second.send(refusal("big"));
        co_await expect_asked(second, list_path);
        auto const both = ok_answer(inventory_of({"huge", "small"}));
        co_await second.send(both);
        co_await expect_asked(second, unload_path);
        co_await second.send(ok_answer(R"({"instance_id":"huge"})"));
        co_await expect_asked(second, list_path);
        co_await second.send(loaded("small"));
        co_await expect_asked(second, chat_path);
        co_await second.send(ok_answer("{}"));
        auto const a = co_await early->read_answer();
        EXPECT_EQ(recovery_of(a), evicted_one);

        co_await first.send(answer_bytes("400 Bad Request", cache_error));
        co_await expect_asked(first, list_path);
        co_await let_unload(first, "small");
        co_await expect_asked(first, chat_path);
        co_await first.send(ok_answer("{}"));
        auto const b = co_await late->read_answer();
        EXPECT_EQ(recovery_of(b), "recovered; reason=cache_corruption; unloaded=1");
    };
    run(task(*this));
    EXPECT_EQ(records(), 2U);
}

TEST_F(recovery_races, one_with_another_need_does_not_share_a_failure_to_find_room) {
    w.stop();
    w.settings.recovery.pinned = {"small"};
    w.start(host.port());
    auto task = [](recovery_races& t) -> asio::awaitable<void> {
        auto* broken = co_await t.begun("small");
        auto first = co_await t.host.accept();
        co_await expect_asked(first, chat_path);
        auto* hungry = co_await t.begun("big");
        auto second = co_await t.host.accept();
        co_await expect_asked(second, chat_path);
        co_await second.send(refusal("big"));
        co_await expect_asked(second, list_path);
        co_await first.send(answer_bytes("400 Bad Request", cache_error));
        auto joined = [&t] { return t.last_record().joined == 1; };
        co_await t.until(joined);
        // Nothing can be taken for the one, but for the other this is what must go.
        co_await second.send(loaded("small"));
        auto const a = co_await hungry->read_answer();
        EXPECT_EQ(recovery_of(a), "no_candidate; reason=load_refused; unloaded=0");

        co_await expect_asked(second, list_path);
        co_await let_unload(second, "small");
        co_await expect_asked(second, chat_path);
        co_await second.send(ok_answer("{}"));
        auto const b = co_await broken->read_answer();
        EXPECT_EQ(recovery_of(b), "recovered; reason=cache_corruption; unloaded=1");
    };
    run(task(*this));
    EXPECT_EQ(records(), 2U);
}

TEST_F(recovery_races, one_with_the_same_need_shares_a_failure_to_find_room) {
    auto task = [](recovery_races& t) -> asio::awaitable<void> {
        auto* one = co_await t.begun("small");
        auto first = co_await t.host.accept();
        co_await expect_asked(first, chat_path);
        auto* two = co_await t.begun("small");
        auto second = co_await t.host.accept();
        co_await expect_asked(second, chat_path);
        co_await first.send(refusal("small"));
        co_await expect_asked(first, list_path);
        co_await second.send(refusal("small"));
        auto joined = [&t] { return t.last_record().joined == 1; };
        co_await t.until(joined);
        co_await first.send(nothing_loaded());
        for (auto* each : std::array{one, two}) {
            auto const a = co_await each->read_answer();
            EXPECT_EQ(recovery_of(a), "no_candidate; reason=load_refused; unloaded=0");
            EXPECT_EQ(without_recovery_fields(a.raw), refusal("small"));
        }
    };
    run(task(*this));
    EXPECT_EQ(records(), 1U);
}

TEST_F(recovery_races, one_that_was_unloaded_waits_for_the_recovery_that_did_it) {
    w.stop();
    w.settings.recovery.evict = policy::evict::all;
    w.start(host.port());
    auto task = [](recovery_races& t) -> asio::awaitable<void> {
        auto* victim = co_await t.begun("huge");
        auto first = co_await t.host.accept();
        co_await expect_asked(first, chat_path);
        auto* hungry = co_await t.begun("big");
        auto second = co_await t.host.accept();
        co_await expect_asked(second, chat_path);
        co_await second.send(refusal("big"));
        co_await expect_asked(second, list_path);
        co_await second.send(loaded("huge"));
        co_await expect_asked(second, unload_path);
        co_await first.send(answer_bytes("400 Bad Request", R"({"error":"Model unloaded."})"));
        auto waits = [&t] { return t.w.proxy->shared().hosts[0].recovery.waiting() == 2; };
        co_await t.until(waits);
        co_await second.send(ok_answer(R"({"instance_id":"huge"})"));
        // The connection that was given back last is the one that is used first.
        auto asked = co_await second.read_request();
        EXPECT_EQ(asked.target, list_path);
        co_await second.send(nothing_loaded());
        // One after the other, in the order in which they began to wait.
        asked = co_await second.read_request();
        EXPECT_NE(asked.body.find("big"), std::string::npos);
        co_await second.send(ok_answer("{}"));
        asked = co_await first.read_request();
        EXPECT_NE(asked.body.find("huge"), std::string::npos);
        co_await first.send(ok_answer("{}"));
        auto const a = co_await hungry->read_answer();
        auto const b = co_await victim->read_answer();
        EXPECT_EQ(recovery_of(a), evicted_one);
        EXPECT_EQ(recovery_of(b), "recovered; reason=unloaded_in_flight; unloaded=0");
    };
    run(task(*this));
}

TEST_F(recovery_races, a_client_that_leaves_frees_its_host_during_the_replay) {
    auto task = [](recovery_races& t) -> asio::awaitable<void> {
        auto* client = co_await t.begun("big");
        auto peer = co_await t.host.accept();
        co_await expect_asked(peer, chat_path);
        co_await peer.send(refusal("big"));
        co_await expect_asked(peer, list_path);
        co_await let_unload(peer, "huge");
        co_await expect_asked(peer, chat_path);
        client->close();
        auto const end = co_await peer.wait_closed();
        EXPECT_NE(end, ending::open);
        auto concluded = [&t] { return t.last_record().outcome != recovery::outcome::pending; };
        co_await t.until(concluded);
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::client_gone);
    };
    run(task(*this));
}

TEST_F(recovery_races, a_client_that_leaves_a_replayed_stream_has_been_recovered) {
    auto task = [](recovery_races& t) -> asio::awaitable<void> {
        auto* client = co_await t.begun("big", true);
        auto peer = co_await t.host.accept();
        co_await expect_asked(peer, chat_path);
        co_await peer.send(refusal("big"));
        co_await expect_asked(peer, list_path);
        co_await let_unload(peer, "huge");
        co_await expect_asked(peer, chat_path);
        co_await peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n");
        auto const head = co_await client->read_head();
        EXPECT_EQ(head.field("X-Secondwind-Recovery"), evicted_one);
        client->close();
        auto const end = co_await peer.wait_closed();
        EXPECT_NE(end, ending::open);
        auto concluded = [&t] { return t.last_record().outcome != recovery::outcome::pending; };
        co_await t.until(concluded);
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::recovered);
    };
    run(task(*this));
}

TEST_F(recovery_races, an_unload_that_is_cut_off_on_a_used_connection_is_asked_again) {
    auto task = [](recovery_races& t) -> asio::awaitable<void> {
        auto* client = co_await t.begun("big");
        auto peer = co_await t.host.accept();
        co_await expect_asked(peer, chat_path);
        co_await peer.send(refusal("big"));
        co_await expect_asked(peer, list_path);
        co_await peer.send(loaded("huge"));
        co_await expect_asked(peer, unload_path);
        peer.close();
        auto other = co_await t.host.accept();
        co_await expect_asked(other, unload_path);
        co_await other.send(
            answer_bytes("404 Not Found", R"({"error":{"code":"model_not_found","message":"x"}})"));
        co_await expect_asked(other, list_path);
        co_await other.send(nothing_loaded());
        co_await expect_asked(other, chat_path);
        co_await other.send(ok_answer("{}"));
        auto const a = co_await client->read_answer();
        EXPECT_EQ(recovery_of(a), evicted_one);
    };
    run(task(*this));
}
