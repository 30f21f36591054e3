// Which LM Studio is emulated: its models, memory, settings and version.
#pragma once

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

namespace asio = boost::asio;

// Takes over a connection whose client asked for an upgrade, together with the bytes that followed
// the request. The socket is closed when the handler returns.
using upgrade_handler =
    std::function<asio::awaitable<void>(asio::ip::tcp::socket, request, std::string early_bytes)>;

struct options {
    std::uint64_t memory_bytes = 24'000'000'000;
    std::vector<model> models = {
        {"qwen/qwen3-coder-30b", model_type::llm, 18'400'000'000},
        {"google/gemma-3-12b", model_type::llm, 8'150'000'000},
        {"text-embedding-nomic-embed-text-v1.5", model_type::embedding, 84'100'000},
    };

    bool jit = true;              // "Just in Time Model Loading"
    bool auto_evict = false;      // "Only Keep Last JIT Loaded Model"
    bool guardrail = true;        // off: what does not fit fails in the engine, half the load later
    bool rest_v1 = true;          // off: a 0.3 version, without /api/v1/
    bool reports_activity = true; // off: before August 2025, the SDK could not ask who is busy
    bool estimates = true;        // off: before September 2025, nor what a load would take
    refusal_form refusal = refusal_form::with_figure;
    // Simultaneous first requests for a model load "key", "key:2", ... (LM Studio's bug tracker,
    // issue 1751); off: they share one load.
    bool duplicate_loads = false;
    // "Max Concurrent Predictions" of an instance, at least one; further requests queue.
    std::size_t parallel = 4;

    // Number of the first answer, which is in its id: two hosts should not give the same ids.
    std::uint64_t first_answer = 1;

    // "Require Authentication": "sk-lm-<8>:<20>", or empty for off.
    std::string api_token;

    std::chrono::milliseconds load_time{0};
    int load_steps = 1; // packets of progress over the SDK's WebSocket, besides that of 0
    std::chrono::milliseconds release_time{0};   // from an unload until its memory comes back
    std::chrono::milliseconds prompt_time{0};    // of each prompt
    std::chrono::milliseconds token_interval{0}; // zero: as fast as the client reads
    std::size_t tokens_per_answer = 8;           // at least one

    // Idle connections are closed after this time, as Node does; zero: never, without Keep-Alive.
    std::chrono::milliseconds keep_alive{5000};

    // How long the client of a WebSocket may take to send its credentials.
    std::chrono::milliseconds authentication_time{10'000};

    bool keeps_requests = true; // for server::requests()

    // Without a handler, the emulator speaks LM Studio's own protocol on the WebSockets of its
    // namespaces, and any other upgrade gets no answer at all.
    upgrade_handler on_upgrade;
};

} // namespace secondwind::emulator
