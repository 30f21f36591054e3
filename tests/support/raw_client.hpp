// A client that sends exactly the bytes that a test gives it.
#pragma once

#include "support/wire.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::test {

//     raw_client client{io};
//     co_await client.connect(port);
//     co_await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
//     auto const answer = co_await client.read_answer();
class raw_client : public wire {
public:
    explicit raw_client(asio::io_context& io) : wire{asio::ip::tcp::socket{io}} {}

    // Connects to a port of the loopback. Throws boost::system::system_error if it is refused.
    asio::awaitable<void> connect(std::uint16_t port);

    // Sends a request with Host and, for a body or with a POST, Content-Length and a JSON content
    // type. `fields` are lines, each with its CRLF.
    asio::awaitable<http_answer> get(std::string target, std::string fields = {});
    asio::awaitable<http_answer> post(std::string target, std::string body,
                                      std::string fields = {});
};

// The bytes of such a request.
std::string make_request(std::string_view method, std::string_view target,
                         std::string_view body = {}, std::string_view fields = {});

} // namespace secondwind::test
