#include "exposure.hpp"
#include "service_manager.hpp"
#include <secondwind/app/serve.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/config/builder.hpp>
#include <secondwind/net/inherited.hpp>
#include <secondwind/net/tls_context.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <utility>

namespace secondwind::app {

lifetime::lifetime(net::asio::io_context& io, proxy::server& server, admin_door& admin,
                   config::settings const& settings)
    : server_{server}, admin_{admin}, settings_{settings}, signals_{io, SIGINT, SIGTERM},
      hang_up_{io}, rotation_{io}, drain_{server.shared().deadlines, "drain", *this}, asked_{io} {
    await_signal();
#ifdef SIGHUP
    hang_up_.add(SIGHUP);
    await_hang_up();
#endif
#ifdef SIGUSR1
    rotation_.add(SIGUSR1);
    await_rotation();
#endif
}

void lifetime::await_hang_up() {
    hang_up_.async_wait([this](net::error_code ec, int) {
        if (ec)
            return;
        admin_.reload();
        await_hang_up();
    });
}

void lifetime::await_rotation() {
    rotation_.async_wait([this](net::error_code ec, int) {
        if (ec)
            return;
        reopen_files();
        await_rotation();
    });
}

void lifetime::reopen_files() {
    auto const tried = [](auto const& reopen) {
        try {
            reopen();
        } catch (std::exception const& e) {
            log::write(log::level::error, "reopen_failed", {{"error", e.what()}});
        }
    };
    tried([] { log::reopen(); });
    tried([this] { server_.shared().ledger.reopen(); });
    log::write(log::level::info, "files_reopened",
               {{"log", settings_.logging.file}, {"ledger", settings_.recovery.ledger_file}});
}

void lifetime::await_signal() {
    signals_.async_wait([this](net::error_code ec, int number) {
        if (ec)
            return;
        if (stopping_) {
            hurried_ = true;
            log::write(log::level::warn, "forced_stop", {{"reason", "a second signal"}});
            server_.abort();
            return;
        }
        stop(number == SIGINT ? "SIGINT" : "SIGTERM");
        await_signal();
    });
}

void lifetime::stop(std::string_view why) {
    if (stopping_)
        return;
    stopping_ = true;
    server_.drain();
    admin_.draining();
    log::write(log::level::info, "draining",
               {{"reason", why}, {"connections", std::uint64_t{server_.sessions()}}});
    service_manager::stopping(service_manager::draining(server_.sessions()),
                              settings_.timeouts.drain);
    // Zero is at once, which a deadline takes for never.
    drain_.after(std::max(settings_.timeouts.drain, std::chrono::milliseconds{1}));
    asked_.open();
}

void lifetime::on_timer() {
    log::write(log::level::warn, "forced_stop",
               {{"reason", "timeouts.drain has passed"},
                {"connections", std::uint64_t{server_.sessions()}}});
    server_.abort();
}

net::task<void> lifetime::ended() {
    if (!stopping_) {
        net::gate::waiter until{asked_};
        co_await until;
    }
    co_await server_.stopped();
    co_await admin_.end();
    signals_.cancel();
    hang_up_.cancel();
    rotation_.cancel();
    drain_.clear();
}

int abandon(proxy::server& server, net::asio::io_context& io) {
    auto until_stopped = [](proxy::server& s, net::asio::io_context& loop) -> net::task<void> {
        co_await s.stopped();
        loop.stop();
    };
    server.abort();
    net::spawn(until_stopped(server, io));
    io.run();
    return 1;
}

namespace {

// While the loop runs, the lines that one turn of it leaves are written together.
class gathered_log {
public:
    explicit gathered_log(net::asio::io_context& io) {
        log::gather([&io] { net::asio::post(io, [] { log::flush(); }); });
    }
    gathered_log(gathered_log const&) = delete;
    gathered_log& operator=(gathered_log const&) = delete;
    ~gathered_log() { log::gather({}); }
};

// Their clients would wait for ever, and nobody would know why.
void tell_unclaimed(net::inherited const& passed) {
    for (auto const& at : passed.unclaimed())
        log::write(log::level::warn, "socket_unclaimed",
                   {{"listen", config::to_string(proxy::address_of(at))},
                    {"reason", "the service manager has passed this socket, and no listener of the "
                               "configuration has its address"},
                    {"advice", "make listen and ListenStream= in secondwind.socket the same"}});
    if (passed.unusable() > 0)
        log::write(
            log::level::warn, "socket_unusable",
            {{"count", std::uint64_t{passed.unusable()}},
             {"reason", "the service manager has passed descriptors that are no listening TCP "
                        "sockets, and they were closed"}});
}

int run(config::settings& settings, bool admin_chosen, reloader::reader read_again) {
    net::asio::io_context io{1};
    proxy::server server{io, settings};
    // A file that is of no use is found before anything runs.
    auto const tls = admin_tls(settings.admin);
    server.start();
    reloader reload{settings, server, std::move(read_again)};
    admin_door admin{settings, server, reload, admin_chosen};
    if (!admin.start(tls))
        return abandon(server, io);
    lifetime life{io, server, admin, settings};
    tell_unclaimed(net::passed_on());
    server.announce();

    tell_exposure(settings);
    // A deadline that was cleared keeps its place for a while, and would keep the loop as well.
    auto until_ended = [](lifetime& l, net::asio::io_context& loop) -> net::task<void> {
        co_await l.ended();
        loop.stop();
    };
    net::spawn(until_ended(life, io));
    service_manager::watchdog const alive{server.shared().deadlines};
    service_manager::ready(
        service_manager::serving(settings, proxy::address_of(server.local_endpoint())));
    gathered_log const gathered{io};
    io.run();
    log::write(log::level::info, "stopped", {});
    return life.hurried() ? 1 : 0;
}

} // namespace

int serve(config::settings settings, bool admin_chosen, reloader::reader read_again) {
    try {
        return run(settings, admin_chosen, std::move(read_again));
    } catch (net::tls_error const& e) {
        throw config::config_error{e.what()};
    }
}

} // namespace secondwind::app
