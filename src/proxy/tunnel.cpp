#include "tunnel.hpp"
#include <secondwind/net/gate.hpp>

#include <exception>

namespace secondwind::proxy {

namespace {

// One direction. `wait` awaits bytes on `source`. Returns the socket that failed; null after an
// orderly end, and if another coroutine closed the socket.
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

net::task<void> tunnel(context& shared, client& client, request const& request,
                       host::connection& host, std::string first, access_record& record) {
    auto const stall = request.settings->timeouts.write_stall;
    record.first_byte = access_record::clock::now();
    record.bytes_out = first.size();
    client_write writing{client, stall, first};
    auto const ec = co_await writing;
    if (ec) {
        record.ending = ending::client_gone;
        co_return;
    }

    // What the client sent along with its handshake.
    auto const early = std::move(client.unread());
    net::write_all forwarding{host.socket, client.slot(), stall, early};
    auto const early_ec = co_await forwarding;
    if (early_ec) {
        record.ending = ending::cut;
        co_return;
    }
    record.bytes_in += early.size();

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
        pump(shared, client.slot(), client.socket(), wait_client, host.socket, record.bytes_in),
        up_failed, up_ended, ended));
    auto wait_host = [&host] { return host.readable(); };
    auto const down_failed = co_await pump(shared, client.slot(), host.socket, wait_host,
                                           client.socket(), record.bytes_out);
    if (!up_ended) {
        net::gate::waiter until{ended};
        co_await until;
    }
    if (up_failed == &host.socket || down_failed == &host.socket)
        record.ending = ending::cut;
}

} // namespace secondwind::proxy
