// Three hosts with limits (upstreams[].max_in_flight), at which requests wait.
#pragma once

#include "support/cluster_fixture.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace secondwind::test {

struct hosts_limited : with_cluster {
    // Applies changed settings, as a reload does.
    void reload(config::settings fresh) {
        auto change = w.proxy->prepare(fresh);
        w.in_force.replace(std::move(fresh));
        w.proxy->shared().apply_settings();
        w.proxy->take(std::move(change));
    }
    void limit(std::size_t most, std::size_t hosts_used = 3) {
        auto settings = *w.in_force;
        settings.upstreams.resize(hosts_used);
        for (auto& each : settings.upstreams)
            each.max_in_flight = most;
        reload(std::move(settings));
    }
    // Each host has loaded "big", which the proxy knows, and holds its generations.
    asio::awaitable<void> occupy_later() {
        for (auto const index : {0U, 1U, 2U}) {
            co_await load(index, "big");
            host(index).script().hold_generations();
        }
    }
    void release() {
        for (auto& each : hosts)
            each.script().release_generations();
    }
    recovery::permits& permits(std::size_t index) {
        return w.proxy->shared().hosts[index].recovery.permits;
    }
    std::size_t waiting() { return w.proxy->shared().waiting.size(); }
    std::size_t running(std::size_t index) { return chats(index) - 1; }

    asio::awaitable<raw_client*> begun(std::string fields = {}) {
        auto* client = co_await connected(w.port());
        co_await client->send(make_request("POST", chat_path, chat_body("big"), fields));
        co_return client;
    }
    // The first request, which runs at the first host.
    asio::awaitable<raw_client*> occupying() {
        co_await occupy_later();
        auto* client = co_await begun();
        co_await until_running(0, 1);
        co_return client;
    }
    // Another request, with which that many wait.
    asio::awaitable<raw_client*> begun_to_wait(std::size_t count) {
        auto* client = co_await begun();
        co_await until_waiting(count);
        co_return client;
    }
    asio::awaitable<void> until_waiting(std::size_t count) {
        auto arrived = [this, count] { return waiting() == count; };
        co_await turn_until(w.io, arrived);
    }
    asio::awaitable<void> until_running(std::size_t index, std::size_t count) {
        auto begun = [this, index, count] { return running(index) == count; };
        co_await turn_until(w.io, begun);
    }
};

inline asio::awaitable<void> expect_served(raw_client* client) {
    auto const answer = co_await client->read_answer();
    EXPECT_EQ(answer.status, 200);
}

inline asio::awaitable<void> expect_refused(raw_client* client, std::string rule) {
    auto const answer = co_await client->read_answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.body, testing::HasSubstr(rule));
    EXPECT_EQ(answer.head.field("Retry-After"), "10");
}

inline std::string naming(std::string const& host) {
    return "X-Secondwind-Host: " + host + "\r\n";
}

inline std::string bearer(std::string const& key) {
    return "Authorization: Bearer " + key + "\r\n";
}

} // namespace secondwind::test
