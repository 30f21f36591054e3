// The proxy's view of an emulated LM Studio, or of a host that is scripted.
#pragma once

#include "support/control_fixture.hpp"
#include "support/raw_host.hpp"
#include "support/recovery_fixture.hpp"

#include <string>
#include <utility>

namespace secondwind::test {

// No host is up at first; the test says which one comes up on its port, and when.
struct with_view : with_proxy {
    with_view() {
        port = lm->port();
        // As patient as the tests themselves, however slow the machine is.
        w.settings.recovery.websocket_timeout = std::chrono::seconds{10};
    }
    void start() { w.start(port); }
    void come_up(emulator::options how = small_host()) {
        lm->stop();
        lm.emplace(w.io, std::move(how));
        lm->start({asio::ip::address_v4::loopback(), port});
    }
    host::host_view& view() { return w.proxy->shared().hosts[0].view; }
    host::host_state state() { return view().health().state(); }

    asio::awaitable<void> refresh(std::chrono::milliseconds max_age = {}) {
        pending task{w.io, said(view(), max_age)};
        co_await task.ended();
    }
    asio::awaitable<bool> ready() {
        pending task{w.io, view().ready()};
        co_return co_await task.ended();
    }
    // Likewise, until it is up and has told its version: on a slow machine that may take longer
    // than who looks would wait.
    asio::awaitable<void> survey() {
        co_await refresh();
        auto surveyed = [this] { return view().version().has_value(); };
        co_await until(surveyed);
    }
    // An exchange on a connection of its own.
    asio::awaitable<int> status_of_exchange() {
        auto* client = co_await connected();
        auto const answer = co_await client->get("/v1/models");
        co_return answer.status;
    }
    std::size_t asked_times() const { return lm->requests().size(); }

    std::uint16_t port = 0;

private:
    static net::task<bool> said(host::host_view& of, std::chrono::milliseconds max_age) {
        co_await of.refresh(max_age);
        co_return true;
    }
};

} // namespace secondwind::test
