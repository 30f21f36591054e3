#include <secondwind/app/serve.hpp>

#include "service_manager.hpp"
#include <secondwind/app/loops.hpp>
#include <secondwind/app/service.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/config/builder.hpp>
#include <secondwind/net/descriptors.hpp>
#include <secondwind/net/inherited.hpp>
#include <secondwind/net/tls_context.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace secondwind::app {

namespace {

// While the event loop runs, the lines that one iteration logs are written together, and lines that
// nobody reads are offered again from time to time.
class gathered_log {
public:
    explicit gathered_log(net::asio::io_context& io) : again_{io} {
        // Not by the timer's executor: that may be any, which costs as much as half a line.
        log::gather([this, &io] { net::asio::post(io, [this] { flush(); }); });
    }
    gathered_log(gathered_log const&) = delete;
    gathered_log& operator=(gathered_log const&) = delete;
    ~gathered_log() { log::gather({}); }

private:
    static constexpr std::chrono::milliseconds pause{50};

    void flush() {
        if (log::flush())
            return;
        again_.expires_after(pause);
        again_.async_wait([this](net::error_code ec) {
            if (!ec)
                flush();
        });
    }

    net::asio::steady_timer again_;
};

// Clients of such a socket would wait for ever without an explanation.
void warn_about_sockets(net::inherited const& sockets) {
    for (auto const& endpoint : sockets.unclaimed())
        log::write(log::level::warn, "socket_unclaimed",
                   {{"listen", config::to_string(proxy::address_of(endpoint))},
                    {"reason", "systemd passed this socket, but no configured listener has its "
                               "address"},
                    {"advice", "set listen and ListenStream= in secondwind.socket to the same "
                               "address"}});
    if (sockets.unusable() > 0)
        log::write(log::level::warn, "socket_unusable",
                   {{"count", std::uint64_t{sockets.unusable()}},
                    {"reason", "systemd passed file descriptors that are not listening TCP "
                               "sockets; they were closed"}});
}

int run(config::current_settings& settings, bool admin_chosen, service::reader read_settings,
        std::vector<config::builder::entry> entries) {
    // One thread uses the loop, so it needs no locks.
    net::asio::io_context io{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    service running{io, settings, admin_chosen, std::move(read_settings), std::move(entries)};
    if (auto const fault = running.start()) {
        running.abandon();
        throw std::runtime_error{*fault};
    }
    warn_about_sockets(net::passed_on());
    auto& server = running.server();
    server.limit_descriptors(net::raise_descriptor_limit());
    server.announce();

    // A cleared deadline stays in the queue for a while, so the loop does not end by itself.
    auto until_ended = [](service& s, net::asio::io_context& loop) -> net::task<void> {
        co_await s.ended();
        loop.stop();
    };
    net::spawn(until_ended(running, io));
    service_manager::watchdog const watchdog{server.shared().deadlines};
    service_manager::ready(
        service_manager::serving(*settings, proxy::address_of(server.local_endpoint())));
    gathered_log const gathered{io};
    io.run();
    log::write(log::level::info, "stopped", {});
    return running.forced() ? 1 : 0;
}

} // namespace

int serve(config::builder const& layers, bool admin_chosen,
          std::function<config::builder()> read_settings) {
    try {
        refuse_loops(layers.value(), true);
        config::current_settings in_force{layers.value()};
        return run(in_force, admin_chosen, std::move(read_settings), layers.effective());
    } catch (net::tls_error const& e) {
        throw config::config_error{e.what()};
    }
}

} // namespace secondwind::app
