// A listener to the admin listener's events.
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

    // Throws boost::system::system_error if it is refused. `receive_buffer` bounds what the kernel
    // takes in for one that does not read.
    boost::asio::awaitable<void> open(std::uint16_t port, std::string host, std::string target,
                                      std::optional<int> receive_buffer = {});
    boost::asio::awaitable<void> send(std::string text);

    // The next message, as JSON; null when there is none any more. Past ten seconds the connection
    // is given up.
    boost::asio::awaitable<json> read();
    // Reads up to the next message of that type; null when there is none.
    boost::asio::awaitable<json> read_until(std::string type);
    // How the other side closed it; 0 where it just ended.
    unsigned close_code() const;
    std::string close_reason() const;

    boost::asio::awaitable<void> close();
    // Without goodbye.
    void drop();

private:
    // Beast's templates are slow to compile: once, for all tests.
    struct connection;

    std::unique_ptr<connection> connection_;
};

} // namespace secondwind::test
