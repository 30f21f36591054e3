// What kind of LM Studio is emulated.
#pragma once

#include <secondwind/emulator/guardrail.hpp>
#include <secondwind/emulator/request.hpp>
#include <secondwind/emulator/store.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace secondwind::emulator {

// Takes over a connection whose client asked for an upgrade, with the bytes that came behind its
// request. The socket is closed when it returns.
using upgrade_handler = std::function<boost::asio::awaitable<void>(
    boost::asio::ip::tcp::socket, request, std::string early_bytes)>;

struct options {
    std::uint64_t memory_bytes = 24'000'000'000;
    std::vector<model> models = {
        {"qwen/qwen3-coder-30b", model_type::llm, 18'400'000'000},
        {"google/gemma-3-12b", model_type::llm, 8'150'000'000},
        {"text-embedding-nomic-embed-text-v1.5", model_type::embedding, 84'100'000},
    };

    bool jit = true;            // "Just in Time Model Loading"
    bool auto_evict = false;    // "Only Keep Last JIT Loaded Model"
    bool rest_v1 = true;        // off: a 0.3 version, without /api/v1/
    bool tells_activity = true; // off: before August 2025, when the SDK learned who is busy
    refusal_form refusal = refusal_form::with_figure;

    // "Require Authentication": "sk-lm-<8>:<20>", or empty for off.
    std::string api_token;

    std::chrono::milliseconds load_time{0};
    std::chrono::milliseconds token_interval{0}; // zero: as fast as the client reads
    std::size_t tokens_per_answer = 8;           // at least one

    // Idle connections are closed after it, as by Node; zero: never, and no Keep-Alive field.
    std::chrono::milliseconds keep_alive{5000};

    // Each request is kept for requests(); a benchmark has no use for that.
    bool keep_requests = true;

    // How long the client of a WebSocket may take to say who it is.
    std::chrono::milliseconds authentication_time{10'000};

    // Without one the emulator speaks LM Studio's own protocol on the WebSockets of its namespaces,
    // and no other upgrade gets an answer at all.
    upgrade_handler on_upgrade;
};

} // namespace secondwind::emulator
