#include <secondwind/net/gate.hpp>
#include <secondwind/proxy/tunnel.hpp>

#include <exception>

namespace secondwind::proxy {

namespace {

// One direction. `wait` awaits bytes on `source`.
template<class Wait>
net::task<void> pump(context& shared, net::deadline& guard, net::socket& source, Wait wait,
                     net::socket& sink, std::uint64_t& count) {
    net::error_code ec;
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
        count += n;
        std::string_view const bytes{static_cast<char const*>(scratch.data()), n};
        auto const sent = net::try_write(sink, bytes, ec);
        if (!ec && sent < n) {
            left.assign(bytes.substr(sent));
            net::write_all writing{sink, guard, std::chrono::milliseconds{0}, left};
            ec = co_await writing;
        }
        if (ec)
            break;
    }
    net::error_code ignored;
    if (ec == net::asio::error::eof) {
        sink.shutdown(net::asio::socket_base::shutdown_send, ignored);
    } else {
        net::close_quietly(source);
        net::close_quietly(sink);
    }
}

} // namespace

net::task<void> tunnel(context& shared, client& from, net::deadline& guard,
                       upstream::connection& to, std::string first, access_record& record) {
    record.first_byte = access_record::clock::now();
    record.bytes_out = first.size();
    net::write_all writing{from.socket(), guard, shared.settings.timeouts.write_stall, first};
    auto const ec = co_await writing;
    if (ec)
        co_return;

    // What the client sent along with its handshake.
    auto const early = std::move(from.unread());
    net::write_all forwarding{to.socket, guard, shared.settings.timeouts.write_stall, early};
    auto const early_ec = co_await forwarding;
    if (early_ec)
        co_return;
    record.bytes_in += early.size();

    net::gate ended{shared.io};
    bool up_ended = false;
    auto wait_client = [&from] { return from.readable(); };
    auto upward = [](net::task<void> work, bool& done, net::gate& gate) -> net::task<void> {
        co_await work;
        done = true;
        gate.open();
    };
    net::spawn(upward(pump(shared, guard, from.socket(), wait_client, to.socket, record.bytes_in),
                      up_ended, ended));
    auto wait_host = [&to] { return net::readable(to.socket); };
    co_await pump(shared, guard, to.socket, wait_host, from.socket(), record.bytes_out);
    if (!up_ended) {
        net::gate::waiter until{ended};
        co_await until;
    }
}

} // namespace secondwind::proxy
