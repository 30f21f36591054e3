// A client that leaves frees the host at once, in every phase.
#include "support/log_file.hpp"
#include "support/wire_fixture.hpp"

#include <nlohmann/json.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <string>

using namespace secondwind::test;
namespace net = secondwind::net;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr char const* chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";

struct client_leaves : with_wire {
    // The limit is a tenth of a second; sanitizers and a busy machine need more.
    static constexpr milliseconds at_once{1000};

    // The host's connection closes soon, nothing is left, and the log shows that the client left.
    asio::awaitable<void> frees(wire* peer) {
        auto const left = steady_clock::now();
        co_await peer->wait_closed();
        EXPECT_LT(steady_clock::now() - left, at_once);
        co_await is_logged();
    }
    asio::awaitable<void> is_logged() {
        co_await at_rest();
        auto const lines = log.lines("exchange");
        EXPECT_EQ(lines.size(), 1u);
        for (auto const& line : lines) {
            EXPECT_EQ(line.at("ended"), "client_gone") << line;
            EXPECT_EQ(line.at("status"), 499) << line;
        }
    }
    asio::awaitable<wire*> host_end_of(raw_client* client, std::string request) {
        co_await client->send(std::move(request));
        auto* peer = co_await accepted();
        co_await peer->read_request();
        co_return peer;
    }

    log_file log;
};

} // namespace

TEST_F(client_leaves, before_its_head_is_complete_and_no_host_is_asked) {
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("POST / HTTP/1.1\r\nHo");
        auto const arrived = [&] { return t.w.proxy->sessions() == 1; };
        co_await t.until(arrived);
        client->close();
        co_await t.at_rest();
        EXPECT_TRUE(t.log.lines("exchange").empty());
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(client_leaves, in_the_middle_of_its_body_and_no_host_is_asked) {
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
        auto const arrived = [&] { return t.w.proxy->shared().budget.used() == 4; };
        co_await t.until(arrived);
        client->close();
        co_await t.is_logged();
        EXPECT_TRUE(t.host.nobody_waits());
        EXPECT_EQ(t.log.lines("exchange").front().at("path"), "/x");
    };
    run(story(*this));
}

TEST_F(client_leaves, while_the_host_thinks) {
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto* peer = co_await t.host_end_of(client, make_request("POST", "/", "{}"));
        client->close();
        co_await t.frees(peer);
    };
    run(story(*this));
}

TEST_F(client_leaves, with_a_reset_while_the_host_thinks) {
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto* peer = co_await t.host_end_of(client, make_request("POST", "/", "{}"));
        client->reset();
        co_await t.frees(peer);
    };
    run(story(*this));
}

TEST_F(client_leaves, by_closing_only_its_own_side) {
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto* peer = co_await t.host_end_of(client, make_request("POST", "/", "{}"));
        client->half_close();
        co_await t.frees(peer);
    };
    run(story(*this));
}

TEST_F(client_leaves, with_requests_after_the_one_that_is_served) {
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto* peer = co_await t.host_end_of(client, make_request("POST", "/", "{}") +
                                                        make_request("GET", "/behind"));
        co_await client->send(make_request("GET", "/later"));
        client->close();
        co_await t.frees(peer);
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(client_leaves, while_the_answer_is_held_for_its_verdict) {
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto* peer = co_await t.host_end_of(client, make_request("POST", "/", "{}"));
        co_await peer->send("HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n{\"err");
        client->close();
        co_await t.frees(peer);
    };
    run(story(*this));
}

TEST_F(client_leaves, in_the_middle_of_a_stream) {
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto* peer = co_await t.host_end_of(client, make_request("POST", "/", "{}"));
        co_await peer->send(chunks);
        co_await client->read_until("one\r\n");
        client->close();
        co_await t.frees(peer);
        EXPECT_GT(t.log.lines("exchange").front().at("bytes_out"), 50);
    };
    run(story(*this));
}

TEST_F(client_leaves, while_it_does_not_read) {
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto* peer = co_await t.host_end_of(client, make_request("POST", "/", "{}"));
        co_await peer->send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        // Until neither the client's socket nor the host's accepts more for many runs of the loop.
        peer->socket().non_blocking(true);
        std::string const block(256 * 1024, 'x');
        int refused = 0;
        boost::system::error_code ec;
        while (refused < 1000) {
            peer->socket().write_some(asio::buffer(block), ec);
            refused = ec ? refused + 1 : 0;
            co_await asio::post(t.w.io, asio::use_awaitable);
        }
        client->close();
        co_await t.frees(peer);
    };
    run(story(*this));
}

TEST_F(client_leaves, in_the_middle_of_a_body_that_is_streamed_on) {
    w.settings.limits.replay_buffer = 10;
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
        auto* peer = co_await t.accepted();
        co_await peer->read_until("half");
        client->close();
        co_await t.frees(peer);
    };
    run(story(*this));
}

// A listening socket whose queue is full drops new connections.
struct client_leaves_unheard : client_leaves {
    void SetUp() override {
        full.open(asio::ip::tcp::v4());
        full.bind({asio::ip::address_v4::loopback(), 0});
        full.listen(0);
        filler.connect(full.local_endpoint());
    }
    void start() { w.start(full.local_endpoint().port()); }

    asio::ip::tcp::acceptor full{w.io};
    asio::ip::tcp::socket filler{w.io};
};

TEST_F(client_leaves_unheard, while_the_host_accepts_no_connection) {
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/", "{}"));
        auto const arrived = [&] { return t.w.proxy->shared().budget.used() == 2; };
        co_await t.until(arrived);
        client->close();
        auto const left = steady_clock::now();
        co_await t.is_logged();
        EXPECT_LT(steady_clock::now() - left, t.at_once);
    };
    run(story(*this));
}

TEST_F(client_leaves_unheard, with_a_body_that_would_be_streamed_on) {
    w.settings.limits.replay_buffer = 10;
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "a\r\n1234567890\r\nb\r\n12345678901\r\n");
        auto const arrived = [&] { return t.w.proxy->shared().budget.used() == 10; };
        co_await t.until(arrived);
        client->close();
        auto const left = steady_clock::now();
        co_await t.is_logged();
        EXPECT_LT(steady_clock::now() - left, t.at_once);
    };
    run(story(*this));
}

TEST_F(client_leaves, long_after_its_body_was_streamed_on_and_a_drain_has_nothing_to_wait_for) {
    w.settings.limits.replay_buffer = 64 * 1024;
    w.settings.timeouts.body_idle = milliseconds{20};
    start();
    auto story = [](client_leaves& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n");
        auto* peer = co_await t.accepted(); // the proxy waits for the body
        co_await client->send(std::string(500'000, 'b'));
        co_await peer->read_request();
        co_await t.deadlines_met(milliseconds{40});
        t.w.proxy->drain();
        client->close();
        co_await t.frees(peer);
        bool stopped = false;
        auto stopping = [](secondwind::proxy::server& proxy, bool& done) -> net::task<void> {
            co_await proxy.stopped();
            done = true;
        };
        net::spawn(stopping(*t.w.proxy, stopped));
        auto const has_stopped = [&stopped] { return stopped; };
        co_await t.until(has_stopped);
    };
    run(story(*this));
}
