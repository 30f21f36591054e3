// One direction of an upgraded connection.
#pragma once

#include "access_record.hpp"
#include "client.hpp"
#include "request.hpp"
#include <secondwind/host/connection.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace secondwind::proxy {

// What a direction makes of its bytes: here they pass as they came.
struct blind_course {
    // Whole frames that are to be written before anything else is read.
    static constexpr std::string_view due() noexcept { return {}; }
    // What of the bytes that were read is to be written now.
    static constexpr std::string_view take(std::string_view bytes) noexcept { return bytes; }
    // The wait was ended because something is due.
    static constexpr bool woken(net::error_code) noexcept { return false; }
    // Nothing more comes: what is to be written after the last byte.
    static constexpr std::string_view end() noexcept { return {}; }
};

// `wait` awaits bytes on `source`. Returns the socket that failed; null after an orderly end, and
// if another coroutine closed the socket.
template<class Wait, class Course>
net::task<net::stream const*> pump(context& shared, net::deadline_slot& slot, net::stream& source,
                                   Wait wait, net::stream& sink, std::uint64_t& count,
                                   Course& course) {
    net::error_code ec;
    net::stream const* failed = &source;
    auto const scratch = shared.scratch_buffer();
    std::string left; // what the sink did not take at once
    for (;;) {
        std::string_view bytes = course.due();
        if (bytes.empty()) {
            ec = co_await wait();
            std::size_t n = 0;
            if (!ec)
                n = net::try_read(source, scratch, ec);
            if (ec == net::asio::error::would_block || course.woken(ec))
                continue;
            if (ec)
                break;
            count += n;
            bytes = course.take({static_cast<char const*>(scratch.data()), n});
            if (bytes.empty())
                continue;
        }
        failed = &sink;
        auto const sent = net::try_write(sink, bytes, ec);
        if (!ec && sent < bytes.size()) {
            left.assign(bytes.substr(sent));
            net::write_all writing{sink, slot, std::chrono::milliseconds{0}, left};
            ec = co_await writing;
        }
        if (ec)
            break;
        failed = &source;
    }
    if (!failed->is_open())
        failed = nullptr;
    left.assign(course.end());
    if (ec == net::asio::error::eof) {
        failed = nullptr;
        if (!left.empty()) {
            net::write_all last{sink, slot, std::chrono::milliseconds{0}, left};
            co_await last;
        }
        co_await net::end_sending(sink, slot, std::chrono::milliseconds{0});
    } else {
        net::close_quietly(source);
        net::close_quietly(sink);
    }
    co_return failed;
}

// The 101 as it is for the client and what came with it, then what the client sent along with its
// handshake. False if that has failed.
template<class Up, class Down>
net::task<bool> begin_tunnel(client& client, request const& request, host::connection& host,
                             std::string first, std::string after, access_record& record, Up& up,
                             Down& down) {
    auto const stall = request.settings->timeouts.write_stall;
    record.first_byte = access_record::clock::now();
    record.bytes_out = first.size() + after.size();
    first += down.take(after);
    client_write writing{client, stall, first};
    auto const ec = co_await writing;
    if (ec) {
        record.ending = ending::client_gone;
        co_return false;
    }
    auto const early = std::move(client.unread());
    record.bytes_in += early.size();
    std::string const upward{up.take(early)};
    net::write_all forwarding{host.socket, client.slot(), stall, upward};
    auto const early_ec = co_await forwarding;
    if (early_ec)
        record.ending = ending::cut;
    co_return !early_ec;
}

// Both directions, until both sides have ended or one fails.
template<class Up, class Down>
net::task<void> pump_both(context& shared, client& client, host::connection& host,
                          access_record& record, Up& up, Down& down) {
    net::gate ended{shared.io};
    bool up_ended = false;
    auto wait_client = [&client] { return client.readable(); };
    net::stream const* up_failed = nullptr;
    auto upward = [](net::task<net::stream const*> work, net::stream const*& failed, bool& done,
                     net::gate& gate) -> net::task<void> {
        failed = co_await work;
        done = true;
        gate.open();
    };
    net::spawn(upward(
        pump(shared, client.slot(), client.socket(), wait_client, host.socket, record.bytes_in, up),
        up_failed, up_ended, ended));
    auto wait_host = [&host] { return host.readable(); };
    auto const down_failed = co_await pump(shared, client.slot(), host.socket, wait_host,
                                           client.socket(), record.bytes_out, down);
    if (!up_ended) {
        net::gate::waiter until{ended};
        co_await until;
    }
    if (up_failed == &host.socket || down_failed == &host.socket)
        record.ending = ending::cut;
}

} // namespace secondwind::proxy
