// Names of hosts: looked up without blocking anything, and tried in every address family.
#include "support/control_fixture.hpp"

#include <secondwind/net/lookup.hpp>

#include <gmock/gmock.h>

#include <netdb.h>
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using host::fault;

namespace {

// Replaces the system's resolver. Lookups run in their own threads.
struct resolver {
    std::mutex lock;
    std::condition_variable changed;
    bool hangs = false;
    int started = 0;
    int answered = 0;
};
resolver& the_resolver() {
    static auto* const one = new resolver; // a hanging thread may outlive everything
    return *one;
}

} // namespace

extern "C" {
int __real_getaddrinfo(char const*, char const*, addrinfo const*, addrinfo**);
int __wrap_getaddrinfo(char const* host, char const* service, addrinfo const* hints,
                       addrinfo** found);

int __wrap_getaddrinfo(char const* host, char const* service, addrinfo const* hints,
                       addrinfo** found) {
    auto& r = the_resolver();
    {
        std::unique_lock held{r.lock};
        ++r.started;
        r.changed.wait(held, [&r] { return !r.hangs; });
        ++r.answered;
        r.changed.notify_all();
    }
    std::string const name = host;
    if (name == "nobody.example")
        return EAI_NONAME;
    auto const* const numeric = name == "six-first.example" ? "::1" : host;
    int const result = __real_getaddrinfo(numeric, service, hints, found);
    if (name != "six-first.example" || result != 0)
        return result;
    return __real_getaddrinfo("127.0.0.1", service, hints, &(*found)->ai_next);
}
}

namespace {

struct names : with_control {
    void TearDown() override {
        with_control::TearDown();
        auto& r = the_resolver();
        std::unique_lock held{r.lock};
        r.hangs = false;
        r.changed.notify_all();
        // Otherwise the thread would call the next test's resolver.
        r.changed.wait(held, [&r] { return r.answered == r.started; });
    }
    void hang() {
        auto& r = the_resolver();
        std::unique_lock const held{r.lock};
        r.hangs = true;
    }
    int lookups() {
        auto& r = the_resolver();
        std::unique_lock const held{r.lock};
        return r.started;
    }
    void ask_for(std::string name, std::uint16_t port) {
        upstream.host = std::move(name);
        upstream.port = port;
        pool.emplace(io, queue, upstream, in_force);
    }
    asio::awaitable<host::failure> connected_to_it() {
        pending task{io, connect_new(*pool, queue)};
        auto failed = co_await task.ended();
        co_return failed;
    }
};

} // namespace

TEST_F(names, reach_a_host_that_listens_on_one_family_only) {
    auto story = [](names& t) -> asio::awaitable<void> {
        for (auto const* name : {"localhost", "six-first.example"}) {
            t.ask_for(name, t.lm->port());
            auto const failed = co_await t.connected_to_it();
            EXPECT_FALSE(failed) << host::describe(failed);
        }
        boost::system::error_code ec;
        asio::ip::tcp::acceptor six{t.io};
        six.open(asio::ip::tcp::v6(), ec);
        if (!ec)
            six.bind({asio::ip::address_v6::loopback(), 0}, ec);
        if (ec)
            co_return; // a machine without IPv6
        six.listen();
        t.ask_for("six-first.example", six.local_endpoint().port());
        auto const failed = co_await t.connected_to_it();
        EXPECT_FALSE(failed) << host::describe(failed);
    };
    run(story(*this));
}

TEST_F(names, are_looked_up_once_until_a_connect_fails) {
    auto story = [](names& t) -> asio::awaitable<void> {
        t.ask_for("localhost", t.lm->port());
        auto const before = t.lookups();
        for (int i = 0; i < 3; ++i) {
            auto const failed = co_await t.connected_to_it();
            EXPECT_FALSE(failed);
        }
        EXPECT_EQ(t.lookups(), before + 1);
        t.lm->stop();
        auto const down = co_await t.connected_to_it();
        EXPECT_EQ(down.kind, fault::connect);
        t.come_up(small_host());
        co_await t.connected_to_it();
        EXPECT_EQ(t.lookups(), before + 2);
    };
    run(story(*this));
}

TEST_F(names, that_do_not_exist_are_reported_as_such) {
    auto story = [](names& t) -> asio::awaitable<void> {
        t.ask_for("nobody.example", 1234);
        auto const failed = co_await t.connected_to_it();
        EXPECT_EQ(failed.kind, fault::resolve);
        EXPECT_THAT(host::describe(failed),
                    testing::HasSubstr("its name could not be resolved (Host not found"));
    };
    run(story(*this));
}

TEST_F(names, that_hang_are_bounded_and_looked_up_once_for_all) {
    timeouts.connect = 50ms;
    hang();
    auto story = [](names& t) -> asio::awaitable<void> {
        t.ask_for("slow.example", 1234);
        auto const before = t.lookups();
        pending one{t.io, connect_new(*t.pool, t.queue)};
        pending two{t.io, connect_new(*t.pool, t.queue)};
        auto const first = co_await one.ended();
        auto const second = co_await two.ended();
        EXPECT_EQ(first.kind, fault::connect_timeout);
        EXPECT_EQ(second.kind, fault::connect_timeout);
        EXPECT_EQ(t.pool->connect_failures(), 2u);
        auto const third = co_await t.connected_to_it();
        EXPECT_EQ(third.kind, fault::connect_timeout);
        EXPECT_LE(t.lookups(), before + 1);
        // A hanging lookup does not delay another name's.
        t.pool->abort();
    };
    run(story(*this));
}

// The process ends by destroying the io_context; Asio's own resolver would wait for its thread.
TEST_F(names, that_hang_do_not_delay_the_end) {
    hang();
    auto const began = std::chrono::steady_clock::now();
    {
        asio::io_context own{1};
        net::lookup one{own};
        one.begin("slow.example", 80);
        EXPECT_TRUE(one.running());
        own.poll();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}
