// What all sessions of a server share.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/host/host_list.hpp>
#include <secondwind/http/head.hpp>
#include <secondwind/net/block_pool.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/socket.hpp>
#include <secondwind/policy/client_key.hpp>
#include <secondwind/policy/failure_rate.hpp>
#include <secondwind/policy/stored_responses.hpp>
#include <secondwind/proxy/idle_clients.hpp>
#include <secondwind/proxy/replay_buffer.hpp>
#include <secondwind/recovery/ledger.hpp>
#include <secondwind/recovery/route_queue.hpp>
#include <secondwind/recovery/router.hpp>
#include <secondwind/telemetry/history.hpp>
#include <secondwind/telemetry/live_exchange.hpp>
#include <secondwind/telemetry/request_ring.hpp>
#include <secondwind/telemetry/traffic.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace secondwind::proxy {

// With one thread, sharing costs nothing: a coroutine may use `scratch`, `head` and `fields`
// between two awaits, and finds other contents there after an await.
struct context {
    // Both must outlive it.
    context(net::asio::io_context& loop, config::current_settings const& current);

    host::environment environment() noexcept { return {io, deadlines, blocks, fields}; }
    std::string next_request_id();
    // Logs that bodies are given up because the budget is short, at most once a minute.
    void note_full_budget();
    // Adapts what depends on the settings to those in force. Call it after each change of them.
    void apply_settings();
    // Requests are routed to the hosts as they are now. Call it after each change of them.
    void take_hosts();

    net::asio::mutable_buffer scratch_buffer() noexcept {
        return net::asio::buffer(scratch.get(), scratch_size);
    }
    // Heads are read into this. The part of a body that comes along with a head and cannot be kept
    // stays with its connection, so the buffer is short while little memory is left for bodies.
    net::asio::mutable_buffer head_buffer() noexcept {
        bool const scarce = budget.left() <= settings->limits.replay_buffer;
        return net::asio::buffer(scratch.get(),
                                 scarce ? net::block_pool::block_size : scratch_size);
    }

    static constexpr std::size_t scratch_size = 128 * 1024;
    // The kernel copies to the beginning of a page in two thirds of the time that it takes to copy
    // to an odd address.
    struct alignas(4096) page {
        std::array<char, 4096> bytes;
    };

    net::asio::io_context& io;
    config::current_settings const& settings;
    net::deadline_queue deadlines;
    net::block_pool blocks;
    http::field_list fields;
    std::unique_ptr<page[]> scratch;
    std::string head; // of an answer that is being sent: its memory is used again and again
    replay_budget budget;
    idle_clients idle;
    recovery::ledger ledger;
    host::host_list hosts;
    recovery::router router;
    recovery::route_queue waiting; // for a host
    policy::stored_responses responses;
    std::vector<policy::api_key> own_keys; // of requests that this process sends to itself
    policy::failure_rate failures;         // wrong API keys, by the network that they came from
    telemetry::traffic traffic;
    telemetry::exchange_list exchanges;
    telemetry::request_ring requests;
    telemetry::history history;
    std::string const pseudonym;     // of this process in a Via field, which no other has
    std::uint64_t next_exchange = 1; // its number
    bool draining = false;
    // How long each host may take for its part of a list of all models. Only tests change it.
    std::chrono::milliseconds list_patience{2'000};

private:
    static constexpr std::size_t id_prefix = 9; // eight random digits and a dash
    std::array<char, id_prefix + 16> id_{};     // the one that was made last
    std::uint64_t next_id_ = 1;
    net::deadline_queue::clock::time_point budget_noted_; // when it was logged last
    std::uint64_t bodies_noted_ = 0;                      // that had been given up by then
};

} // namespace secondwind::proxy
