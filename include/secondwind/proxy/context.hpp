// What all sessions of a server share.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/host/host_list.hpp>
#include <secondwind/http/head.hpp>
#include <secondwind/net/block_pool.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/socket.hpp>
#include <secondwind/policy/failure_rate.hpp>
#include <secondwind/proxy/replay_buffer.hpp>
#include <secondwind/recovery/ledger.hpp>
#include <secondwind/telemetry/live_exchange.hpp>
#include <secondwind/telemetry/traffic.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace secondwind::proxy {

// One thread makes sharing cheap: the scratch memory is anyone's between two awaits, and nobody's
// across one.
struct context {
    context(net::asio::io_context& loop, config::settings const& effective);

    host::environment environment() noexcept { return {io, deadlines, blocks, fields}; }
    http::head_limits head_limits() const noexcept;
    std::string next_request_id();
    // What was made by the settings follows them: call it after each change.
    void apply_settings();

    net::asio::mutable_buffer scratch_buffer() noexcept {
        return net::asio::buffer(scratch.get(), scratch_size);
    }
    // What a head is read into. The part of a body that comes along and cannot be kept waits with
    // its connection, so it is short once the memory for bodies is all but used up.
    net::asio::mutable_buffer head_buffer() noexcept {
        bool const scarce = budget.left() <= settings.limits.replay_buffer;
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
    config::settings const& settings;
    net::deadline_queue deadlines;
    net::block_pool blocks;
    http::field_list fields;
    std::unique_ptr<page[]> scratch;
    replay_budget budget;
    recovery::ledger ledger;
    host::host_list hosts;
    policy::failure_rate failures; // of clients that have to show a key
    telemetry::traffic traffic;
    telemetry::exchange_list exchanges;
    std::uint64_t next_exchange = 1; // its number
    bool draining = false;

private:
    std::string id_prefix_;
    std::uint64_t next_id_ = 1;
};

} // namespace secondwind::proxy
