// An LM Studio look-alike, for the demo, the tests and the benchmarks.
#pragma once

#include <secondwind/emulator/activity.hpp>
#include <secondwind/emulator/options.hpp>
#include <secondwind/emulator/script.hpp>
#include <secondwind/emulator/store.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::emulator {

struct emulated_host;

// Runs in the caller's io_context, which one thread runs. All members are called from that thread;
// the server is destroyed before the io_context.
class server {
public:
    server(asio::io_context& io, emulator::options options);
    ~server();
    server(server const&) = delete;
    server& operator=(server const&) = delete;

    // Port 0 takes any free port. Throws boost::system::system_error if it can't be bound.
    void start(asio::ip::tcp::endpoint const& address = {asio::ip::address_v4::loopback(), 0});
    std::uint16_t port() const;
    // Closes all connections; everything that runs ends by itself. The server can start again.
    void stop();

    emulator::script& script() noexcept;
    store const& models() const noexcept;
    counters const& counts() const noexcept;
    std::vector<request> const& requests() const noexcept;

    // Loads a model at once, by hand unless told otherwise; the script's holds do not apply, and
    // "Only Keep Last JIT Loaded Model" does. Returns the instance id, or nothing if the model is
    // unknown or does not fit.
    std::optional<std::string> load(std::string_view key, load_choice const& choice = {});
    // Also at once; false if no loaded instance has that id.
    bool unload(std::string const& id);
    // How many bytes other programs use from now on.
    void occupy(std::uint64_t bytes);
    // Lets so much time pass for times to live.
    void pass(std::chrono::milliseconds time);
    // Corrupts the cache of the model's loaded instances until they are unloaded. Returns their
    // number.
    std::size_t corrupt(std::string_view key);
    // Closes the connections that wait for a request, as LM Studio does after a while.
    void close_idle();
    // Restores the state after construction, except for open connections and what runs on them.
    void reset();

    void on_event(std::function<void(event const&)> observer);

    // Completes when the predicate holds; it is checked again whenever anything changes here. Name
    // the predicate before the co_await: g++ 12 destroys a temporary lambda in that expression
    // twice.
    asio::awaitable<void> until(std::function<bool()> holds);

private:
    class acceptor;

    asio::io_context& io_;
    std::shared_ptr<emulated_host> host_;
    std::shared_ptr<acceptor> acceptor_;
};

} // namespace secondwind::emulator
