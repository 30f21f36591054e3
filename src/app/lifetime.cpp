#include "lifetime.hpp"

#include "service_manager.hpp"
#include <secondwind/base/log.hpp>
#include <secondwind/base/signals.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <span>

namespace secondwind::app {

lifetime::lifetime(net::asio::io_context& io, proxy::server& server, admin_endpoint& admin,
                   config::current_settings const& settings)
    : server_{server}, admin_{admin}, settings_{settings}, stop_signals_{io}, reload_signal_{io},
      reopen_signal_{io}, drain_{server.shared().deadlines, "drain", *this}, stop_requested_{io} {
    auto const add = [](boost::asio::signal_set& to, std::span<int const> signals) {
        for (int const each : signals)
            to.add(each);
    };
    add(stop_signals_, signals::stop());
    add(reload_signal_, signals::reload());
    add(reopen_signal_, signals::reopen());
    await_stop_signal();
    await_reload_signal();
    await_reopen_signal();
}

void lifetime::await_reload_signal() {
    reload_signal_.async_wait([this](net::error_code ec, int) {
        if (ec)
            return;
        admin_.reload();
        await_reload_signal();
    });
}

void lifetime::await_reopen_signal() {
    reopen_signal_.async_wait([this](net::error_code ec, int) {
        if (ec)
            return;
        reopen_files();
        await_reopen_signal();
    });
}

void lifetime::reopen_files() {
    auto const attempt = [](auto const& reopen) {
        try {
            reopen();
        } catch (std::exception const& e) {
            log::write(log::level::error, "reopen_failed", {{"error", e.what()}});
        }
    };
    attempt([] { log::reopen(); });
    attempt([this] { server_.shared().ledger.reopen(); });
    log::write(log::level::info, "files_reopened",
               {{"log", settings_->logging.file}, {"ledger", server_.shared().ledger.file()}});
}

void lifetime::await_stop_signal() {
    stop_signals_.async_wait([this](net::error_code ec, int number) {
        if (ec)
            return;
        if (stopping_) {
            forced_ = true;
            log::write(log::level::warn, "forced_stop", {{"reason", "second signal"}});
            server_.abort();
            return;
        }
        stop(signals::name_of(number));
        await_stop_signal();
    });
}

void lifetime::stop(std::string_view reason) {
    if (stopping_)
        return;
    stopping_ = true;
    server_.drain();
    admin_.announce_draining();
    log::write(log::level::info, "draining",
               {{"reason", reason}, {"connections", std::uint64_t{server_.sessions()}}});
    service_manager::stopping(service_manager::draining(server_.sessions()),
                              settings_->timeouts.drain);
    // A timeout of zero means at once, but a timer of zero never expires.
    drain_.after(std::max(settings_->timeouts.drain, std::chrono::milliseconds{1}));
    stop_requested_.open();
}

void lifetime::on_timer() {
    log::write(log::level::warn, "forced_stop",
               {{"reason", "timeouts.drain has passed"},
                {"connections", std::uint64_t{server_.sessions()}}});
    server_.abort();
}

net::task<void> lifetime::ended() {
    if (!stopping_) {
        net::gate::waiter until{stop_requested_};
        co_await until;
    }
    co_await server_.stopped();
    co_await admin_.stop();
    stop_signals_.cancel();
    reload_signal_.cancel();
    reopen_signal_.cancel();
    drain_.clear();
}

} // namespace secondwind::app
