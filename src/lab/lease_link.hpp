// The WebSocket between a lab and the proxy that lends it a host.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/config/current_settings.hpp>
#include <secondwind/host/call.hpp>
#include <secondwind/host/connection_pool.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/net/tls_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace secondwind::lab {

// Where the admin listener of the proxy is.
struct proxy_address {
    config::upstream at;                       // host, port, and how to verify its certificate
    net::tls_context_ptr tls;                  // instead of what `at` says; null: as it says
    std::string token;                         // empty: none
    std::chrono::milliseconds patience{5'000}; // for the answer to the handshake
};

// Reads and writes in coroutines of its own, which hold it by shared pointers: so it may be let go
// at any time.
class lease_link : public std::enable_shared_from_this<lease_link> {
public:
    enum class opened : std::uint8_t {
        yes,
        nobody, // no connection
        refused // by whoever answers
    };
    struct opening {
        opened result = opened::yes;
        std::string failure; // a sentence without its full stop
    };

    // `env` and the settings, of which only timeouts.connect is used, must outlive it.
    static std::shared_ptr<lease_link> make(host::environment env, proxy_address address,
                                            config::current_settings const& settings);
    virtual ~lease_link() = default;

    // Once. Waits for the handshake at most `patience` more than for the connection.
    virtual net::task<opening> open(std::string host) = 0;

    // The functions are called until close(): with each message, and once when the connection ends.
    std::function<void(std::string_view)> on_message = [](std::string_view) {};
    std::function<void()> on_end = [] {};

    virtual void send(std::string message) = 0;
    // Until all of it is written, or the connection has ended.
    virtual net::task<void> flush() = 0;
    virtual void close() = 0;
};

} // namespace secondwind::lab
