// An emulated LM Studio in the test's own io_context.
#pragma once

#include "support/raw_client.hpp"
#include "support/run.hpp"

#include <secondwind/emulator/server.hpp>

#include <gtest/gtest.h>

#include <list>
#include <optional>
#include <string>
#include <utility>

namespace secondwind::test {

// Memory for either "big" or "huge", never for both, and for "embed" together with either.
inline emulator::options small_host() {
    emulator::options options;
    options.memory_bytes = 10'000'000'000;
    options.models = {{"big", emulator::model_type::llm, 6'000'000'000},
                      {"huge", emulator::model_type::llm, 8'000'000'000},
                      {"embed", emulator::model_type::embedding, 100'000'000}};
    options.tokens_per_answer = 3;
    return options;
}

inline std::string chat_body(std::string const& model, bool stream = false) {
    return R"({"model":")" + model + R"(","messages":[{"role":"user","content":"Hi"}],"stream":)" +
           (stream ? "true" : "false") + "}";
}

// Everything is public: the coroutines of a test are free functions that get the fixture.
struct with_emulator : testing::Test {
    // Replaces the host that SetUp() started.
    void emulate(emulator::options options) {
        lm.emplace(io, std::move(options));
        lm->start();
    }
    void SetUp() override { emulate(small_host()); }

    void run(asio::awaitable<void> task) { test::run(io, std::move(task)); }

    // Clients live as long as the test, so that the end of a scope cuts off nothing.
    asio::awaitable<raw_client*> connected() {
        auto& fresh = clients.emplace_back(io);
        co_await fresh.connect(lm->port());
        co_return &fresh;
    }
    // Each request has its own connection.
    asio::awaitable<http_answer> get(std::string path) {
        auto* client = co_await connected();
        co_return co_await client->get(path);
    }
    asio::awaitable<http_answer> post(std::string path, std::string body) {
        auto* client = co_await connected();
        co_return co_await client->post(path, body);
    }
    asio::awaitable<http_answer> chat(std::string model, bool stream = false) {
        auto* client = co_await connected();
        co_return co_await client->post("/v1/chat/completions", chat_body(model, stream));
    }

    asio::io_context io;
    std::optional<emulator::server> lm;
    std::list<raw_client> clients;
};

} // namespace secondwind::test
