#include "support/wire_fixture.hpp"

#include <algorithm>

namespace secondwind::test {

asio::awaitable<raw_client*> with_wire::connected() {
    auto& fresh = clients.emplace_back(w.io);
    co_await fresh.connect(w.port());
    co_return &fresh;
}

asio::awaitable<wire*> with_wire::accepted() {
    auto fresh = co_await host.accept();
    peers.push_back(std::move(fresh));
    co_return &peers.back();
}

asio::awaitable<exchanged> with_wire::exchange(std::string request, std::string answer,
                                               bool without_body) {
    if (clients.empty())
        co_await connected();
    auto& client = clients.back();
    co_await client.send(std::move(request));
    if (peers.empty())
        co_await accepted();
    auto& peer = peers.back();
    exchanged both;
    both.request = co_await peer.read_request();
    co_await peer.send(std::move(answer));
    both.answer = co_await client.read_answer(without_body);
    co_return both;
}

asio::awaitable<std::string> with_wire::own_answer(std::string sent) {
    raw_client client{w.io};
    co_await client.connect(w.port());
    co_await client.send(std::move(sent));
    auto all = co_await client.read_to_end();
    EXPECT_EQ(all.ending, ending::fin);
    client.close();
    co_await at_rest();
    EXPECT_TRUE(host.nobody_waits());
    co_return std::move(all.bytes);
}

asio::awaitable<std::size_t> with_wire::stuff(wire& to, std::size_t most) {
    to.socket().non_blocking(true);
    std::string const block(256 * 1024, 'x');
    std::size_t sent = 0;
    int refused = 0;
    boost::system::error_code ec;
    while (refused < 2000 && sent < most) {
        auto const n = to.socket().write_some(
            asio::buffer(block.data(), std::min(block.size(), most - sent)), ec);
        sent += n;
        refused = ec ? refused + 1 : 0;
        co_await asio::post(w.io, asio::use_awaitable);
    }
    co_return sent;
}

asio::awaitable<void> with_wire::deadlines_met(std::chrono::milliseconds span) {
    struct passing final : net::timer_handler {
        void on_timer() override { passed = true; }
        bool passed = false;
    };
    passing flag;
    net::timer passes{w.proxy->shared().deadlines, "test", flag};
    passes.after(span);
    auto const passed = [&flag] { return flag.passed; };
    co_await until(passed);
}

} // namespace secondwind::test
