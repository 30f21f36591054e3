#include "support/wire.hpp"

#include <secondwind/net/accept.hpp>

#include <gmock/gmock.h>

#include <functional>
#include <list>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

using namespace secondwind;
using test::wire;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

// While it lives, this process gets no further descriptor.
class no_descriptors {
public:
    no_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        auto const lowest_free = ::dup(0);
        ::close(lowest_free);
        rlimit const none{static_cast<rlim_t>(lowest_free), before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    no_descriptors(no_descriptors const&) = delete;
    no_descriptors& operator=(no_descriptors const&) = delete;
    ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

struct accepting : testing::Test {
    accepting() {
        from.open(net::asio::ip::tcp::v4());
        from.bind({net::asio::ip::address_v4::loopback(), 0});
        from.listen();
        auto all = [](accepting& t) -> net::task<void> {
            auto take = [&t](net::socket accepted) {
                ++t.came;
                if (t.throws)
                    t.throws();
                t.taken.push_back(std::move(accepted));
            };
            auto fail = [&t](std::string_view reason) { t.failures.emplace_back(reason); };
            auto relieve = [&t] {
                t.relieved = t.make_room && t.make_room();
                return t.relieved;
            };
            co_await net::accept_all(t.from, t.pause, take, fail, relieve);
            t.ended = true;
        };
        net::spawn(all(*this));
    }
    ~accepting() override { end(); }

    void end() {
        net::error_code ec;
        from.close(ec);
        pause.cancel();
        test::drive(io, ended, std::chrono::steady_clock::now() + wire::deadline);
        EXPECT_TRUE(ended);
    }
    // Connects and waits until the connection was given out.
    test::asio::awaitable<void> connected() {
        auto const before = came;
        auto& one = clients.emplace_back(test::asio::ip::tcp::socket{io});
        co_await one.socket().async_connect(from.local_endpoint(), test::asio::use_awaitable);
        auto arrived = [this, before] { return came > before; };
        co_await test::turn_until(io, arrived);
    }

    boost::asio::io_context io;
    net::acceptor from{io};
    boost::asio::steady_timer pause{io};
    std::function<void()> throws;
    std::function<bool()> make_room;
    bool relieved = false;
    std::size_t came = 0;
    std::vector<net::socket> taken;
    std::vector<std::string> failures;
    std::list<wire> clients;
    bool ended = false;
};

} // namespace

TEST_F(accepting, gives_out_each_connection_until_it_is_closed) {
    auto story = [](accepting& t) -> test::asio::awaitable<void> {
        co_await t.connected();
        co_await t.connected();
        EXPECT_EQ(t.taken.size(), 2u);
    };
    test::run(io, story(*this));
    EXPECT_FALSE(ended);
    end();
    EXPECT_THAT(failures, IsEmpty());
}

TEST_F(accepting, goes_on_after_a_connection_for_which_there_was_not_enough_memory) {
    auto story = [](accepting& t) -> test::asio::awaitable<void> {
        t.throws = [] { throw std::bad_alloc{}; };
        co_await t.connected();
        auto const end = co_await t.clients.back().wait_closed();
        EXPECT_NE(end, test::ending::open);
        co_await t.connected();
        t.throws = nullptr;
        co_await t.connected();
        EXPECT_EQ(t.taken.size(), 1u);
        // Told once for the two that came in a row.
        EXPECT_THAT(t.failures, ElementsAre("std::bad_alloc"));
    };
    test::run(io, story(*this));
    EXPECT_FALSE(ended);
}

TEST_F(accepting, lets_others_give_way_when_there_are_no_descriptors_left) {
#if defined(SECONDWIND_SANITIZED)
    GTEST_SKIP() << "the sanitizer opens pipes to look at memory";
#endif
    auto story = [](accepting& t) -> test::asio::awaitable<void> {
        auto& client = t.clients.emplace_back(test::asio::ip::tcp::socket{t.io});
        client.socket().open(net::asio::ip::tcp::v4());
        std::optional<no_descriptors> lack{std::in_place};
        t.make_room = [&lack] {
            lack.reset();
            return true;
        };
        co_await client.socket().async_connect(t.from.local_endpoint(), test::asio::use_awaitable);
        auto arrived = [&t] { return t.came > 0; };
        co_await test::turn_until(t.io, arrived);
        EXPECT_TRUE(t.relieved);
        EXPECT_THAT(t.failures, IsEmpty());
    };
    test::run(io, story(*this));
}
