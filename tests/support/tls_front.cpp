#include "support/tls_front.hpp"

#include "support/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <exception>
#include <string>
#include <utility>

namespace secondwind::test {

namespace {

using wire_ptr = std::shared_ptr<wire>;

// Copies one direction to its end. Unlike a test, it waits without a limit.
asio::awaitable<void> pass(wire_ptr from, wire_ptr to) {
    bool open = true;
    while (open) {
        std::string bytes;
        try {
            bytes = co_await from->read_some();
        } catch (timed_out const&) {
            continue;
        } catch (connection_ended const&) {
            open = false;
        }
        if (open)
            open = co_await to->send(std::move(bytes));
    }
    to->half_close();
    to->socket().close();
    from->socket().close();
}

} // namespace

tls_front::tls_front(asio::io_context& io, identity identity, std::uint16_t to)
    : acceptor_{io, {asio::ip::address_v4::loopback(), 0}}, state_{std::make_shared<state>(
                                                                state{std::move(identity), to})} {
    auto accept = [](asio::ip::tcp::acceptor& at,
                     std::shared_ptr<state> shared) -> asio::awaitable<void> {
        for (;;) {
            auto [error, socket] = co_await at.async_accept(nothrow);
            if (error)
                co_return;
            ++shared->connections;
            auto const executor = socket.get_executor();
            asio::co_spawn(executor, serve(shared, wire{std::move(socket)}), asio::detached);
        }
    };
    asio::co_spawn(io, accept(acceptor_, state_), asio::detached);
}

tls_front::~tls_front() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

asio::awaitable<void> tls_front::serve(std::shared_ptr<state> shared, wire client) {
    auto outer = std::make_shared<wire>(std::move(client));
    auto inner = std::make_shared<wire>(asio::ip::tcp::socket{outer->socket().get_executor()});
    auto end = tls_end::server(shared->identity);
    try {
        co_await outer->begin_tls(std::move(end));
        asio::ip::tcp::endpoint const at{asio::ip::address_v4::loopback(), shared->to};
        co_await inner->socket().async_connect(at, asio::use_awaitable);
    } catch (std::exception const&) {
        co_return;
    }
    asio::co_spawn(outer->socket().get_executor(), pass(outer, inner), asio::detached);
    co_await pass(inner, outer);
}

} // namespace secondwind::test
