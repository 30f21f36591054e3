// The proxy's view of the health of an emulated LM Studio, or of a scripted host.
#pragma once

#include "support/control_fixture.hpp"
#include "support/raw_host.hpp"
#include "support/recovery_fixture.hpp"

#include <string>
#include <utility>

namespace secondwind::test {

// At first no host is up; the test starts one on the port.
struct with_view : with_proxy {
    with_view() {
        port = lm->port();
        // As long as the limits of the tests themselves, for slow machines.
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
        pending task{w.io, has_answered(view(), max_age)};
        co_await task.ended();
    }
    asio::awaitable<bool> ready() {
        pending task{w.io, view().ready()};
        co_return co_await task.ended();
    }
    // Also waits until the host is up and its version is known; on a slow machine that may take
    // longer than a caller would wait.
    asio::awaitable<void> survey() {
        co_await refresh();
        auto surveyed = [this] { return view().version().has_value(); };
        co_await until(surveyed);
    }
    // An exchange on its own connection.
    asio::awaitable<int> status_of_exchange() {
        auto* client = co_await connected();
        auto const answer = co_await client->get("/v1/models");
        co_return answer.status;
    }
    std::size_t asked_times() const { return lm->requests().size(); }

    std::uint16_t port = 0;

private:
    static net::task<bool> has_answered(host::host_view& of, std::chrono::milliseconds max_age) {
        co_await of.refresh(max_age);
        co_return true;
    }
};

} // namespace secondwind::test
