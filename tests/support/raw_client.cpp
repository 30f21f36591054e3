#include "support/raw_client.hpp"

#include "support/run.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

namespace secondwind::test {

using namespace boost::asio::experimental::awaitable_operators;

asio::awaitable<void> raw_client::connect(std::uint16_t port) {
    asio::ip::tcp::endpoint const to{asio::ip::address_v4::loopback(), port};
    asio::steady_timer timer{socket().get_executor(), deadline};
    auto const raced = co_await (socket().async_connect(to, nothrow) || timer.async_wait(nothrow));
    if (raced.index() == 1)
        throw timed_out{"nobody accepts the connection"};
    auto const error = std::get<0>(std::get<0>(raced));
    if (error)
        throw boost::system::system_error{error, "connect"};
    socket().set_option(asio::ip::tcp::no_delay{true});
}

asio::awaitable<http_answer> raw_client::get(std::string target, std::string fields) {
    co_await send(make_request("GET", target, {}, fields));
    co_return co_await read_answer();
}

asio::awaitable<http_answer> raw_client::post(std::string target, std::string body,
                                              std::string fields) {
    co_await send(make_request("POST", target, body, fields));
    co_return co_await read_answer();
}

std::string make_request(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view fields) {
    std::string text;
    text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
    if (!body.empty() || method == "POST")
        text.append("Content-Type: application/json\r\nContent-Length: ")
            .append(std::to_string(body.size()))
            .append("\r\n");
    return text.append(fields).append("\r\n").append(body);
}

} // namespace secondwind::test
