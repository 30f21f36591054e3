// An LM Studio look-alike, for the demonstration, the tests and the benchmark.
#pragma once

#include <secondwind/emulator/machine.hpp>
#include <secondwind/emulator/options.hpp>
#include <secondwind/emulator/script.hpp>
#include <secondwind/emulator/store.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::emulator {

// Runs in the caller's io_context, which one thread runs. All members are called from that thread;
// the server is destroyed before the io_context.
class server {
public:
    server(asio::io_context& io, options how);
    ~server();
    server(server const&) = delete;
    server& operator=(server const&) = delete;

    // Port 0 takes any that is free. Throws boost::system::system_error if it can't be bound.
    void start(asio::ip::tcp::endpoint const& at = {asio::ip::address_v4::loopback(), 0});
    std::uint16_t port() const;
    // Closes everything; what still runs ends by itself. It can be started again.
    void stop();

    emulator::script& script() noexcept { return machine_->told; }
    store const& models() const noexcept { return machine_->models; }
    counters const& counts() const noexcept { return machine_->counts; }
    std::vector<request> const& requests() const noexcept { return machine_->requests; }

    // Loads a model at once, as if by hand, whatever the script holds: its instance id, or nothing
    // if it is not known or does not fit.
    std::optional<std::string> load(std::string_view key);
    // Likewise; false if no loaded instance has that id.
    bool unload(std::string const& id);
    // Spoils the cache of the model's loaded instances, until they are unloaded; how many they are.
    std::size_t corrupt(std::string_view key);
    // Closes the connections that wait for a request, as LM Studio does after a while.
    void close_idle();
    // All as it was after construction, but for open connections and what runs on them.
    void reset();

    void on_event(std::function<void(event const&)> observer);

    // Completes when the predicate holds; it is asked again whenever anything changes here. Name
    // the predicate before the co_await (see signal).
    asio::awaitable<void> until(std::function<bool()> holds);

private:
    class door;

    asio::io_context& io_;
    std::shared_ptr<machine> machine_;
    std::shared_ptr<door> door_;
};

} // namespace secondwind::emulator
