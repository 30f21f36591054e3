// One client's HTTP connection to the emulator.
#pragma once

#include "responder.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace secondwind::emulator {

class connection : public std::enable_shared_from_this<connection> {
public:
    connection(asio::ip::tcp::socket socket, std::shared_ptr<emulated_host> host,
               std::uint64_t number);
    ~connection();
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;

    // Serves one request after the other until either side closes.
    static asio::awaitable<void> serve(std::shared_ptr<connection> self);
    void close();
    // True between requests.
    bool idle() const noexcept { return idle_; }

private:
    struct incoming {
        emulator::request request;
        response_mode mode;
        bool upgrade = false;
    };

    asio::awaitable<bool> wait_for_bytes();
    asio::awaitable<std::string> read_head();
    asio::awaitable<std::optional<incoming>> read();
    asio::awaitable<void> upgrade(request request, std::shared_ptr<presence> client);
    asio::awaitable<void> refuse();
    void watch(std::shared_ptr<presence> client);

    asio::ip::tcp::socket socket_;
    std::shared_ptr<emulated_host> host_;
    std::uint64_t number_;
    asio::steady_timer idle_timer_;
    boost::beast::flat_buffer buffer_;
    bool idle_ = true;
    bool first_ = true;
};

} // namespace secondwind::emulator
