#include "support/raw_host.hpp"

#include "support/run.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

namespace secondwind::test {

using namespace boost::asio::experimental::awaitable_operators;

asio::awaitable<wire> raw_host::accept() {
    // The socket is outside of the race, so that one accepted in the same moment isn't lost.
    asio::ip::tcp::socket socket{acceptor_.get_executor()};
    asio::steady_timer timer{acceptor_.get_executor(), wire::deadline};
    auto const raced =
        co_await (acceptor_.async_accept(socket, nothrow) || timer.async_wait(nothrow));
    if (raced.index() == 1)
        throw timed_out{"nobody connects"};
    auto const error = std::get<0>(std::get<0>(raced));
    if (error)
        throw boost::system::system_error{error, "accept"};
    socket.set_option(asio::ip::tcp::no_delay{true});
    co_return wire{std::move(socket)};
}

bool raw_host::nobody_waits() {
    boost::system::error_code error;
    acceptor_.non_blocking(true);
    asio::ip::tcp::socket const waiting{acceptor_.accept(error)};
    acceptor_.non_blocking(false);
    return error == asio::error::would_block;
}

void raw_host::stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

} // namespace secondwind::test
