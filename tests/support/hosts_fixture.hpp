// The proxy between clients and two hosts whose bytes a test scripts; one host has its own
// listener.
#pragma once

#include "support/raw_client.hpp"
#include "support/raw_host.hpp"
#include "support/recovery_fixture.hpp"
#include "support/run.hpp"
#include "support/world.hpp"

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <utility>
#include <vector>

namespace secondwind::test {

// Everything is public: the coroutines of a test are free functions that get the fixture. Clients
// and connections of the hosts live as long as the test, so that the end of a scope cuts off
// nothing.
struct with_hosts : testing::Test {
    static config::upstream upstream(std::string name, raw_host const& at) {
        config::upstream u;
        u.name = std::move(name);
        u.port = at.port();
        return u;
    }
    with_hosts() {
        w.settings.upstreams = {upstream("a", a), upstream("b", b)};
        w.settings.routing.mode = config::routing_mode::host;
        w.settings.upstreams[1].listen = config::endpoint{"127.0.0.1", 0};
    }
    void TearDown() override { w.stop(); }

    void start() {
        w.proxy.emplace(w.io, w.in_force);
        w.proxy->start();
    }
    // Applies settings as a reload does.
    void reload(config::settings fresh) {
        auto change = w.proxy->prepare(fresh);
        w.in_force.replace(std::move(fresh));
        w.proxy->shared().apply_settings();
        w.proxy->take(std::move(change));
    }
    void run(asio::awaitable<void> story) { test::run(w.io, std::move(story)); }

    std::uint16_t shared_port() { return w.proxy->listeners()[0]->local.port(); }
    std::uint16_t port_of_b() { return w.proxy->listeners()[1]->local.port(); }
    host::host_list& hosts() { return w.proxy->shared().hosts; }

    asio::awaitable<raw_client*> connected(std::uint16_t port) {
        auto& fresh = clients.emplace_back(w.io);
        co_await fresh.connect(port);
        co_return &fresh;
    }
    asio::awaitable<wire*> accepted(raw_host& at) {
        auto fresh = co_await at.accept();
        co_return &peers.emplace_back(std::move(fresh));
    }
    // One exchange, which must reach that host; returns the request as the host got it.
    asio::awaitable<http_request> served(raw_client* client, raw_host& by,
                                         std::string fields = {}) {
        co_await client->send(make_request("POST", "/v1/x", "{}", fields));
        auto* peer = co_await accepted(by);
        auto request = co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.status, 200);
        co_return request;
    }
    template<class Condition>
    asio::awaitable<void> until(Condition condition) {
        co_await turn_until(w.io, std::move(condition));
    }

    world w;
    raw_host a{w.io};
    raw_host b{w.io};
    std::list<raw_client> clients;
    std::list<wire> peers;
};

inline std::string choosing(std::string const& name) {
    return "X-Secondwind-Host: " + name + "\r\n";
}

// The list of models of a host that has loaded this model, or none. (g++ 12 fails on a braced list
// and a co_await in one expression.)
inline std::string listing_of(std::string const& model) {
    std::vector<std::string> loaded;
    if (!model.empty())
        loaded.push_back(model);
    return ok_answer(inventory_of(loaded));
}

} // namespace secondwind::test
