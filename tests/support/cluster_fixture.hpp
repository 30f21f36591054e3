// The proxy in front of three emulated LM Studio hosts, which it chooses by model.
#pragma once

#include "support/recovery_fixture.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <list>
#include <string>
#include <vector>

namespace secondwind::test {

// Everything is public: the coroutines of a test are free functions that get the fixture. Clients
// live as long as the test, so that the end of a scope cuts off nothing.
struct with_cluster : testing::Test {
    static constexpr std::array<char const*, 3> names{"a", "b", "c"};

    void TearDown() override { w.stop(); }

    // Starts the hosts and the proxy, as the test wants them.
    void start() {
        w.settings.upstreams.clear();
        for (auto const* name : names) {
            options.first_answer = 1000 * (hosts.size() + 1);
            auto& lm = hosts.emplace_back(w.io, options);
            lm.start();
            config::upstream upstream;
            upstream.name = name;
            upstream.port = lm.port();
            w.settings.upstreams.push_back(upstream);
        }
        w.proxy.emplace(w.io, w.in_force);
        w.proxy->start();
    }
    void run(asio::awaitable<void> story) {
        if (!w.proxy)
            start();
        test::run(w.io, std::move(story));
    }

    emulator::server& host(std::size_t index) {
        return *std::next(hosts.begin(), static_cast<std::ptrdiff_t>(index));
    }

    asio::awaitable<raw_client*> connected(std::uint16_t port) {
        auto& fresh = clients.emplace_back(w.io);
        co_await fresh.connect(port);
        co_return &fresh;
    }
    // On a connection of its own, to the shared listener.
    asio::awaitable<http_answer> post(std::string path, std::string body, std::string fields = {}) {
        auto* client = co_await connected(w.port());
        co_return co_await client->post(path, body, fields);
    }
    asio::awaitable<http_answer> chat(std::string model) {
        auto* client = co_await connected(w.port());
        co_return co_await client->post(chat_path, chat_body(model));
    }
    asio::awaitable<http_answer> chat_about(std::string said) {
        auto* client = co_await connected(w.port());
        auto const body =
            R"({"model":"big","messages":[{"role":"user","content":")" + said + R"("}]})";
        co_return co_await client->post(chat_path, body);
    }
    asio::awaitable<http_answer> embed() {
        auto* client = co_await connected(w.port());
        co_return co_await client->post("/v1/embeddings", R"({"model":"embed","input":"x"})");
    }
    // Past the proxy.
    asio::awaitable<void> load(std::size_t index, std::string model) {
        auto* client = co_await connected(host(index).port());
        auto const answer = co_await client->post(chat_path, chat_body(model));
        EXPECT_EQ(answer.status, 200);
    }
    // Requests that are all there before the proxy looks at the first one.
    asio::awaitable<std::vector<http_answer>> all_at_once(std::vector<std::string> models) {
        std::vector<raw_client*> all;
        for (std::size_t i = 0; i < models.size(); ++i) {
            auto* client = co_await connected(w.port());
            all.push_back(client);
        }
        for (std::size_t i = 0; i < models.size(); ++i)
            co_await all[i]->send(make_request("POST", chat_path, chat_body(models[i])));
        std::vector<http_answer> answers;
        for (auto* each : all) {
            auto answer = co_await each->read_answer();
            answers.push_back(std::move(answer));
        }
        co_return answers;
    }

    // How many chats a host was asked for, and how often models were loaded or unloaded on it.
    std::size_t chats(std::size_t index) {
        auto const& all = host(index).requests();
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [](auto const& r) { return r.target == chat_path; }));
    }
    std::uint64_t unloads() {
        std::uint64_t sum = 0;
        for (auto const& each : hosts)
            for (auto const& [id, count] : each.counts().unloads)
                sum += count;
        return sum;
    }
    std::uint64_t loads() {
        std::uint64_t sum = 0;
        for (auto const& each : hosts)
            sum += each.counts().loads;
        return sum;
    }

    emulator::options options = small_host();
    world w;
    std::list<emulator::server> hosts;
    std::list<raw_client> clients;
};

} // namespace secondwind::test
