#include <secondwind/net/inherited.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <boost/asio/ip/v6_only.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <vector>

namespace secondwind::net {
namespace {

bool is_open(int descriptor) {
    return ::fcntl(descriptor, F_GETFD) >= 0;
}

struct inherited_sockets : testing::Test {
    // A separate descriptor, like one that was passed on; the test keeps none.
    int listening(asio::ip::address const& address) {
        acceptor a{io, endpoint{address, 0}};
        at = a.local_endpoint();
        return a.release();
    }

    asio::io_context io{1};
    endpoint at;
    asio::ip::address const loopback = asio::ip::address_v4::loopback();
};

TEST_F(inherited_sockets, are_found_by_their_address) {
    inherited all{{listening(loopback)}};
    EXPECT_FALSE(all.take({asio::ip::make_address("127.0.0.2"), at.port()}));
    EXPECT_FALSE(all.take({loopback, static_cast<std::uint16_t>(at.port() ^ 1U)}));
    EXPECT_FALSE(all.take({asio::ip::address_v4::any(), at.port()}));
    EXPECT_FALSE(all.take({loopback, 0}));
    EXPECT_EQ(all.unclaimed(), std::vector{at});

    auto const mine = all.take(at);
    ASSERT_TRUE(mine);
    EXPECT_TRUE(all.unclaimed().empty());
    acceptor const taken{io, at.protocol(), *mine};
    EXPECT_EQ(taken.local_endpoint(), at);
}

TEST_F(inherited_sockets, can_be_used_again_after_they_were_closed) {
    inherited all{{listening(loopback)}};
    auto const first = all.take(at);
    ASSERT_TRUE(first);
    ::close(*first);
    auto const second = all.take(at);
    ASSERT_TRUE(second);
    EXPECT_TRUE(is_open(*second));
    ::close(*second);
}

TEST_F(inherited_sockets, are_not_passed_to_programs_that_are_started) {
    inherited all{{listening(loopback)}};
    auto const mine = all.take(at);
    ASSERT_TRUE(mine);
    EXPECT_NE(::fcntl(*mine, F_GETFD) & FD_CLOEXEC, 0);
    ::close(*mine);
}

TEST_F(inherited_sockets, of_all_addresses_serve_all_of_ipv4_if_they_take_it) {
    error_code ec;
    for (bool const only : {false, true}) {
        acceptor a{io};
        a.open(asio::ip::tcp::v6(), ec);
        if (ec)
            GTEST_SKIP() << "this machine has no IPv6";
        a.set_option(asio::ip::v6_only{only});
        a.bind({asio::ip::address_v6::any(), 0});
        a.listen();
        auto const port = a.local_endpoint().port();
        inherited all{{a.release()}};
        auto const mine = all.take({asio::ip::address_v4::any(), port});
        EXPECT_EQ(mine.has_value(), !only);
        EXPECT_FALSE(all.take({loopback, port}));
        if (mine)
            ::close(*mine);
    }
}

TEST_F(inherited_sockets, that_cannot_listen_are_closed) {
    acceptor unbound{io, asio::ip::tcp::v4()};
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    auto const idle = unbound.release();
    inherited const all{{idle, pipe[0]}};
    EXPECT_EQ(all.unusable(), 2U);
    EXPECT_TRUE(all.unclaimed().empty());
    EXPECT_FALSE(is_open(idle));
    EXPECT_FALSE(is_open(pipe[0]));
    ::close(pipe[1]);
}

} // namespace
} // namespace secondwind::net
