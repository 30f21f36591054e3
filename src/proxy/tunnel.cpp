#include "tunnel.hpp"
#include <secondwind/net/gate.hpp>

#include <exception>

namespace secondwind::proxy {

namespace {

// One direction. `wait` awaits bytes on `source`. Returns the socket that failed, if it was not
// closed from elsewhere; null after an orderly end.
template<class Wait>
net::task<net::stream const*> pump(context& shared, net::deadline_slot& slot, net::stream& source,
                                   Wait wait, net::stream& sink, std::uint64_t& count) {
    net::error_code ec;
    net::stream const* failed = &source;
    auto const scratch = shared.scratch_buffer();
    std::string left; // what the sink did not take at once
    for (;;) {
        ec = co_await wait();
        std::size_t n = 0;
        if (!ec)
            n = net::try_read(source, scratch, ec);
        if (ec == net::asio::error::would_block)
            continue;
        if (ec)
            break;
        failed = &sink;
        count += n;
        std::string_view const bytes{static_cast<char const*>(scratch.data()), n};
        auto const sent = net::try_write(sink, bytes, ec);
        if (!ec && sent < n) {
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
    if (ec == net::asio::error::eof) {
        failed = nullptr;
        co_await net::end_sending(sink, slot, std::chrono::milliseconds{0});
    } else {
        net::close_quietly(source);
        net::close_quietly(sink);
    }
    co_return failed;
}

} // namespace

net::task<void> tunnel(context& shared, client& from, host::connection& to, std::string first,
                       access_record& record) {
    record.first_byte = access_record::clock::now();
    record.bytes_out = first.size();
    client_write writing{from, shared.settings.timeouts.write_stall, first};
    auto const ec = co_await writing;
    if (ec) {
        record.ending = ending::client_gone;
        co_return;
    }

    // What the client sent along with its handshake.
    auto const early = std::move(from.unread());
    net::write_all forwarding{to.socket, from.slot(), shared.settings.timeouts.write_stall, early};
    auto const early_ec = co_await forwarding;
    if (early_ec) {
        record.ending = ending::cut;
        co_return;
    }
    record.bytes_in += early.size();

    net::gate ended{shared.io};
    bool up_ended = false;
    auto wait_client = [&from] { return from.readable(); };
    net::stream const* up_failed = nullptr;
    auto upward = [](net::task<net::stream const*> work, net::stream const*& failed, bool& done,
                     net::gate& gate) -> net::task<void> {
        failed = co_await work;
        done = true;
        gate.open();
    };
    net::spawn(
        upward(pump(shared, from.slot(), from.socket(), wait_client, to.socket, record.bytes_in),
               up_failed, up_ended, ended));
    auto wait_host = [&to] { return to.readable(); };
    auto const down_failed =
        co_await pump(shared, from.slot(), to.socket, wait_host, from.socket(), record.bytes_out);
    if (!up_ended) {
        net::gate::waiter until{ended};
        co_await until;
    }
    if (up_failed == &to.socket || down_failed == &to.socket)
        record.ending = ending::cut;
}

} // namespace secondwind::proxy
