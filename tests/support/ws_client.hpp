// A client of LM Studio's WebSocket protocol.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace secondwind::test {

class ws_client {
public:
    using json = nlohmann::ordered_json;

    explicit ws_client(boost::asio::io_context& io);
    ~ws_client();

    // The handshake alone. Throws boost::system::system_error if it is refused.
    boost::asio::awaitable<void> open(std::uint16_t port, std::string path);
    // Returns the answer.
    boost::asio::awaitable<json> introduce(std::string identifier, std::string passkey);

    boost::asio::awaitable<void> send(std::string text);
    // The next message; null after the last one.
    boost::asio::awaitable<json> read();

    boost::asio::awaitable<json> ask(std::string text);
    // The answer to an rpcCall; `parameter` is JSON, or empty for none.
    boost::asio::awaitable<json> call(std::string endpoint, std::string parameter = {});
    // Opens channel `id`; nothing is read.
    boost::asio::awaitable<void> create(std::string endpoint, int id, std::string parameter);

    void drop();

private:
    // Beast's templates are slow to compile, so one source file does it for all tests.
    struct connection;

    std::unique_ptr<connection> connection_;
    int next_ = 0;
};

} // namespace secondwind::test
