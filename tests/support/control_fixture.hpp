// The control that a recovery uses, with an emulated LM Studio as its host.
#pragma once

#include "support/changeable_settings.hpp"
#include "support/emulator_fixture.hpp"
#include "support/ws_script.hpp"

#include <secondwind/host/host_control.hpp>

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace secondwind::test {

inline constexpr char const* good_token = "sk-lm-Abcd1234:0123456789abcdefGHIJ";

// LM Studio before it had its own REST interface.
inline emulator::options old_host() {
    auto options = small_host();
    options.rest_v1 = false;
    return options;
}

// Leases a new connection, and connects it.
inline net::task<host::failure> connect_new(host::connection_pool& pool,
                                            net::deadline_queue& queue) {
    auto over = pool.lend_new();
    net::deadline_slot slot{queue};
    auto failed = co_await pool.connect(*over, slot);
    co_return failed;
}

// Lets a coroutine of Asio's kind await a task of the proxy's kind.
template<class T>
class pending {
public:
    pending(asio::io_context& io, net::task<T> work)
        : state_{std::make_shared<state>(io.get_executor())} {
        net::spawn(keep(std::move(work), state_));
    }
    bool done() const noexcept { return state_->result.has_value(); }
    asio::awaitable<T> ended() {
        auto const kept = state_;
        if (!kept->result)
            co_await kept->over.async_wait(nothrow);
        if (!kept->result)
            throw timed_out{"the task was not done"};
        co_return *kept->result;
    }

private:
    struct state {
        explicit state(asio::any_io_executor ex)
            : over{std::move(ex), std::chrono::steady_clock::time_point::max()} {}
        std::optional<T> result;
        asio::steady_timer over;
    };
    static net::task<void> keep(net::task<T> work, std::shared_ptr<state> to) {
        to->result = co_await work;
        to->over.cancel();
    }

    std::shared_ptr<state> state_;
};

struct with_control : with_emulator {
    // With long limits; a test that needs a short one sets it before serve().
    with_control() {
        ahead = {};
        settings.list_timeout = std::chrono::seconds{10};
        settings.websocket_timeout = std::chrono::seconds{10};
        settings.unload_timeout = std::chrono::seconds{10};
    }

    void SetUp() override { serve(small_host()); }
    void TearDown() override {
        pool->abort();
        lm->stop();
        io.restart();
        io.poll();
    }

    // Another host, and a new control of it.
    void serve(emulator::options options) {
        emulate(std::move(options));
        control.reset();
        pool.reset();
        upstream.port = lm->port();
        pool.emplace(io, queue, upstream, in_force);
        control.emplace(host::environment{io, queue, blocks, fields}, *pool, in_force);
    }
    // The host goes down, and another one starts on the same port.
    void come_up(emulator::options options) {
        lm.emplace(io, std::move(options));
        lm->start({asio::ip::address_v4::loopback(), upstream.port});
    }

    asio::awaitable<recovery::control::listing> list(std::string authorization = {}) {
        pending task{io, control->list(std::move(authorization))};
        co_return co_await task.ended();
    }
    asio::awaitable<recovery::control::unloading> unload(std::string id,
                                                         std::string authorization = {}) {
        pending task{io, control->unload(std::move(id), std::move(authorization))};
        co_return co_await task.ended();
    }
    asio::awaitable<lmstudio::inventory> activity(lmstudio::inventory of,
                                                  std::string authorization = {}) {
        pending task{io, control->with_activity(std::move(of), std::move(authorization))};
        co_return co_await task.ended();
    }
    // The host's list of models, with the activity of each.
    asio::awaitable<lmstudio::inventory> survey() {
        auto const listing = co_await list();
        EXPECT_EQ(listing.error, "");
        co_return co_await activity(listing.instances.value_or(lmstudio::inventory{}));
    }

    std::ptrdiff_t request_count(std::string const& target) const {
        return std::ranges::count(lm->requests(), target, &emulator::request::target);
    }

    // Lets that much time pass for what goes by the clock of the deadlines. Their timer does not: a
    // deadline that is armed later and has to expire needs queue.expire().
    static void pass(std::chrono::milliseconds span) { ahead += span; }
    static net::deadline_queue::clock::time_point now() {
        return net::deadline_queue::clock::now() + ahead;
    }
    static inline std::chrono::milliseconds ahead{0};

    net::deadline_queue queue{io, &with_control::now};
    net::block_pool blocks;
    http::field_list fields;
    changeable_settings in_force;
    config::timeouts& timeouts = in_force.values().timeouts;
    config::upstream upstream;
    config::recovery& settings = in_force.values().recovery;
    std::optional<host::connection_pool> pool;
    std::optional<host::host_control> control;
};

inline std::string ids_of(lmstudio::inventory const& instances) {
    std::string ids;
    for (auto const& i : instances)
        ids += (ids.empty() ? "" : " ") + i.id;
    return ids;
}

} // namespace secondwind::test
