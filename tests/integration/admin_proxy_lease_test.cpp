// The lab's side of the lease, against the admin listener of a proxy, over real sockets.
#include "lab/proxy_lease.hpp"
#include "support/admin_fixture.hpp"
#include "support/certificates.hpp"

#include <secondwind/net/block_pool.hpp>

#include <gmock/gmock.h>

#include <memory>

namespace secondwind::test {
namespace admin_proxy_lease_test {

using namespace std::chrono_literals;
using opened = lab::lease_link::opened;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct proxy_leases : with_admin {
    proxy_leases() { w.settings.admin.allow_actions = true; }

    recovery::lab_lease& lent() { return w.proxy->shared().hosts[0].recovery.lease; }

    lab::proxy_address address(std::uint16_t port) {
        lab::proxy_address to;
        to.at.host = "127.0.0.1";
        to.at.port = port;
        to.token = w.settings.admin.token;
        return to;
    }
    lab::proxy_address address() { return address(admin_port()); }
    lab::proxy_lease& lease_at(lab::proxy_address to, lab::proxy_lease::options how = {"host"}) {
        host::environment const env{w.io, deadlines, blocks, fields};
        mine.emplace(env, std::move(to), std::move(how), w.in_force);
        mine->on_wanted([this] { ++told; });
        return *mine;
    }
    lab::proxy_lease& lease() { return lease_at(address()); }

    template<class T>
    asio::awaitable<T> result_of(net::task<T> task) {
        auto const result = std::make_shared<std::optional<T>>();
        auto wait = [](net::task<T> from, std::shared_ptr<std::optional<T>> to) -> net::task<void> {
            auto got = co_await std::move(from);
            to->emplace(std::move(got));
        };
        net::spawn(wait(std::move(task), result));
        auto over = [result] { return result->has_value(); };
        co_await until(over);
        co_return **result;
    }
    asio::awaitable<void> released(lab::proxy_lease& by) {
        auto const over = std::make_shared<bool>(false);
        auto wait = [](lab::proxy_lease& of, std::shared_ptr<bool> flag) -> net::task<void> {
            co_await of.release();
            *flag = true;
        };
        net::spawn(wait(by, over));
        auto done = [over] { return *over; };
        co_await until(done);
    }
    asio::awaitable<void> taken(lab::proxy_lease& by) {
        bool const got = co_await result_of(by.acquire(10s));
        EXPECT_TRUE(got) << by.failure();
        EXPECT_TRUE(by.held());
        EXPECT_TRUE(lent().held());
    }
    asio::awaitable<std::string> refusal(lab::proxy_lease& by) {
        auto const got = co_await result_of(by.open());
        EXPECT_EQ(got, opened::refused);
        bool const held = co_await result_of(by.acquire(10s));
        EXPECT_FALSE(held);
        co_return by.failure();
    }

    // A process of its own: the proxy's deadlines are watched.
    net::deadline_queue deadlines{w.io};
    net::block_pool blocks;
    http::field_list fields;
    std::optional<lab::proxy_lease> mine;
    int told = 0; // how often it was told of requests that wait, or of its loss

    void TearDown() override {
        mine.reset();
        with_admin::TearDown();
    }
};

TEST_F(proxy_leases, are_taken_and_given_back) {
    auto task = [](proxy_leases& t) -> asio::awaitable<void> {
        auto& lease = t.lease();
        co_await t.taken(lease);
        EXPECT_THAT(lease.wanted(), IsEmpty());
        lease.working("a/b");
        lease.loaded("x");
        lease.loaded("y");
        lease.unloaded("x");
        auto known = [&t] {
            return t.lent().held_now()->instances == std::vector<std::string>{"y"};
        };
        co_await t.until(known);
        EXPECT_EQ(t.lent().held_now()->working_on, "a/b");
        co_await t.released(lease);
        EXPECT_FALSE(lease.held());
        auto free = [&t] { return !t.lent().held(); };
        co_await t.until(free);
        co_await t.taken(lease);
    };
    run(task(*this));
    EXPECT_EQ(told, 0);
}

TEST_F(proxy_leases, are_told_who_waits_and_asked_for_again_when_the_host_is_quiet) {
    auto task = [](proxy_leases& t) -> asio::awaitable<void> {
        auto& lease = t.lease_at(t.address(), {.host = "host", .quiet = 40ms});
        co_await t.taken(lease);
        auto* client = co_await t.begun("huge");
        auto asked = [&t] { return t.told == 1; };
        co_await t.until(asked);
        EXPECT_THAT(lease.wanted(), ElementsAre("huge"));
        EXPECT_TRUE(lease.held());
        co_await t.released(lease);
        EXPECT_THAT(lease.wanted(), IsEmpty());
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.status, 200);
        auto const began = std::chrono::steady_clock::now();
        co_await t.taken(lease);
        EXPECT_GE(std::chrono::steady_clock::now() - began, 40ms);
    };
    run(task(*this));
    EXPECT_EQ(told, 1);
}

TEST_F(proxy_leases, are_given_up_where_the_host_stays_busy) {
    lm->script().hold_generations(1);
    auto task = [](proxy_leases& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("big");
        auto& lease = t.lease();
        bool const got = co_await t.result_of(lease.acquire(30ms));
        EXPECT_FALSE(got);
        EXPECT_THAT(lease.failure(), HasSubstr("requests have used the host \"host\""));
        auto given_up = [&t] { return !t.lent().asked(); };
        co_await t.until(given_up);
        co_await t.expect_ends_well(stream);
    };
    run(task(*this));
}

TEST_F(proxy_leases, can_be_given_up_at_any_time) {
    lm->script().hold_generations(1);
    auto task = [](proxy_leases& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("big");
        auto& lease = t.lease();
        auto cancel = [](proxy_leases& of) -> asio::awaitable<void> {
            auto asks = [&of] { return of.lent().asked(); };
            co_await of.until(asks);
            of.mine->cancel();
        };
        t.spawn(cancel(t));
        bool const got = co_await t.result_of(lease.acquire(1h));
        EXPECT_FALSE(got);
        co_await t.expect_ends_well(stream);
    };
    run(task(*this));
}

TEST_F(proxy_leases, are_lost_when_the_proxy_drains) {
    auto task = [](proxy_leases& t) -> asio::awaitable<void> {
        auto& lease = t.lease();
        co_await t.taken(lease);
        t.w.proxy->drain();
        auto lost = [&lease] { return !lease.held(); };
        co_await t.until(lost);
        EXPECT_EQ(t.told, 1);
        EXPECT_THAT(lease.failure(), HasSubstr("secondwind stops"));
        co_await t.stopped();
    };
    run(task(*this));
}

TEST_F(proxy_leases, leave_nothing_loaded_when_their_lab_dies) {
    auto task = [](proxy_leases& t) -> asio::awaitable<void> {
        auto& lease = t.lease();
        co_await t.taken(lease);
        t.lm->load("big");
        lease.loaded("big");
        auto known = [&t] { return !t.lent().held_now()->instances.empty(); };
        co_await t.until(known);
        t.mine.reset();
        auto free = [&t] { return !t.lent().held(); };
        co_await t.until(free);
        EXPECT_EQ(t.unloads("big"), 1U);
    };
    run(task(*this));
}

TEST_F(proxy_leases, need_actions) {
    w.settings.admin.allow_actions = false;
    auto task = [](proxy_leases& t) -> asio::awaitable<void> {
        auto const said = co_await t.refusal(t.lease());
        EXPECT_THAT(said, HasSubstr("set admin.allow_actions to true"));
    };
    run(task(*this));
}

TEST_F(proxy_leases, need_the_token_and_a_host_that_is_there) {
    w.settings.admin.token = "0123456789abcdef";
    auto task = [](proxy_leases& t) -> asio::awaitable<void> {
        auto& known = t.lease();
        auto const got = co_await t.result_of(known.open());
        EXPECT_EQ(got, opened::yes) << known.failure();
        auto wrong = t.address();
        wrong.token = "another-0123456789";
        auto& token_lease = t.lease_at(wrong);
        auto const token = co_await t.refusal(token_lease);
        EXPECT_THAT(token, HasSubstr("another token"));
        lab::proxy_lease::options const elsewhere{.host = "no body"};
        auto& host_lease = t.lease_at(t.address(), elsewhere);
        auto const host = co_await t.refusal(host_lease);
        EXPECT_THAT(host, HasSubstr("no host \"no body\""));
    };
    run(task(*this));
}

TEST_F(proxy_leases, are_not_needed_where_nobody_listens) {
    auto task = [](proxy_leases& t) -> asio::awaitable<void> {
        // The port of a listener that has gone.
        auto const port = t.admin_port();
        t.admin->move_to(admin::audience::operators, std::nullopt);
        auto& lease = t.lease_at(t.address(port));
        auto const got = co_await t.result_of(lease.open());
        EXPECT_EQ(got, opened::nobody);
        EXPECT_THAT(lease.failure(), HasSubstr("no connection"));
    };
    run(task(*this));
}

TEST_F(proxy_leases, are_refused_by_what_is_no_admin_listener) {
    auto task = [](proxy_leases& t) -> asio::awaitable<void> {
        // The data port passes the handshake on, and nobody answers it.
        auto address = t.address(t.w.port());
        address.patience = 50ms;
        auto& said_lease = t.lease_at(std::move(address));
        auto const said = co_await t.refusal(said_lease);
        EXPECT_THAT(said, HasSubstr("is no secondwind that lends"));
    };
    run(task(*this));
}

TEST_F(proxy_leases, are_taken_over_tls_from_the_listener_whose_certificate_is_known) {
    test::authority ca;
    auto const own = ca.self_signed({.names = {"elsewhere"}, .addresses = {}});
    auto task = [](proxy_leases& t, identity const& files) -> asio::awaitable<void> {
        t.admin->set_tls(net::tls_context::for_listener(files.certificate_file, files.key_file));
        auto settings = t.w.settings;
        settings.admin.listen = config::endpoint{"0.0.0.0", t.admin_port()};
        settings.admin.certificate = {files.certificate_file, files.key_file};
        auto const to = lab::proxy_lease::address_in(settings);
        EXPECT_TRUE(to.has_value());
        auto& lease = t.lease_at(*to);
        co_await t.taken(lease);
        auto stranger = t.address();
        stranger.at.tls = true;
        auto& said_lease = t.lease_at(stranger);
        auto const said = co_await t.refusal(said_lease);
        EXPECT_THAT(said, HasSubstr("no connection"));
    };
    run(task(*this, own));
}

TEST(proxy_address, is_nothing_without_an_admin_listener) {
    config::settings settings;
    settings.admin.listen.reset();
    EXPECT_FALSE(lab::proxy_lease::address_in(settings));
    settings.admin.listen = config::endpoint{"::", 9235};
    settings.admin.token = "secret";
    auto const to = lab::proxy_lease::address_in(settings);
    ASSERT_TRUE(to);
    EXPECT_EQ(to->at.host, "::1");
    EXPECT_EQ(to->token, "secret");
    EXPECT_FALSE(to->at.tls);
}

} // namespace admin_proxy_lease_test
} // namespace secondwind::test
