// A subscriber to the live events of the admin listener.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace secondwind::test {

class event_client {
public:
    using json = nlohmann::ordered_json;

    explicit event_client(boost::asio::io_context& io);
    event_client(event_client&&) noexcept;
    ~event_client();

    // Throws boost::system::system_error if the server refuses. `receive_buffer` limits how much
    // the kernel buffers for a client that does not read.
    boost::asio::awaitable<void> open(std::uint16_t port, std::string host, std::string target,
                                      std::optional<int> receive_buffer = {});
    boost::asio::awaitable<void> send(std::string text);

    // The next message, as JSON; null if the connection has ended. Closes the connection if no
    // message arrives within ten seconds.
    boost::asio::awaitable<json> read();
    // Skips to the next message of that type; null if the connection has ended.
    boost::asio::awaitable<json> read_until(std::string type);
    // Of the server's close frame; 0 if there was none.
    unsigned close_code() const;
    std::string close_reason() const;

    boost::asio::awaitable<void> close();
    // Closes the socket without a close frame.
    void drop();

private:
    // Beast's templates are slow to compile, so only the source file contains them.
    struct connection;

    std::unique_ptr<connection> connection_;
};

} // namespace secondwind::test
