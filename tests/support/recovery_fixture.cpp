#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <memory>

namespace secondwind::test {

asio::awaitable<raw_client*> with_proxy::connected() {
    auto& fresh = clients.emplace_back(w.io);
    co_await fresh.connect(w.port());
    co_return &fresh;
}

asio::awaitable<http_answer> with_proxy::post(std::string path, std::string body,
                                              std::string fields) {
    auto* client = co_await connected();
    co_return co_await client->post(path, body, fields);
}

asio::awaitable<http_answer> with_proxy::chat(std::string model, bool stream) {
    return post(chat_path, chat_body(model, stream));
}

asio::awaitable<raw_client*> with_proxy::begun(std::string model, bool stream, std::string id) {
    auto* client = co_await connected();
    auto const field = id.empty() ? std::string{} : "X-Request-Id: " + id + "\r\n";
    co_await client->send(make_request("POST", chat_path, chat_body(model, stream), field));
    co_return client;
}

asio::awaitable<std::vector<raw_client*>>
with_proxy::sent_together(std::vector<std::string> requests) {
    std::vector<raw_client*> all;
    auto const before = w.proxy->sessions();
    for (std::size_t i = 0; i < requests.size(); ++i) {
        auto* client = co_await connected();
        all.push_back(client);
    }
    auto accepted = [this, &all, before] { return w.proxy->sessions() >= before + all.size(); };
    co_await until(accepted);
    for (std::size_t i = 0; i < requests.size(); ++i)
        all[i]->socket().send(asio::buffer(requests[i]));
    co_return all;
}

asio::awaitable<raw_client*> with_proxy::past_proxy() {
    auto& fresh = clients.emplace_back(w.io);
    co_await fresh.connect(lm->port());
    co_return &fresh;
}

asio::awaitable<raw_client*> with_proxy::held_stream(std::string model, raw_client* over) {
    if (!over)
        over = co_await connected();
    co_await over->send(make_request("POST", chat_path, chat_body(model, true)));
    co_await over->read_until("\"content\":");
    co_return over;
}

asio::awaitable<void> with_proxy::expect_ends_well(raw_client* stream) {
    lm->script().release_generations();
    auto const rest = co_await stream->read_until("0\r\n\r\n");
    EXPECT_THAT(rest, testing::HasSubstr("data: [DONE]"));
    EXPECT_THAT(rest, testing::Not(testing::HasSubstr("error")));
}

void with_proxy::spawn(asio::awaitable<void> task) {
    ++spawned;
    asio::co_spawn(w.io, std::move(task), [this](std::exception_ptr error) {
        --spawned;
        if (error)
            std::rethrow_exception(error);
    });
}

asio::awaitable<void> with_proxy::stopped() {
    auto const done = std::make_shared<bool>(false);
    auto wait = [](proxy::server& p, std::shared_ptr<bool> flag) -> net::task<void> {
        co_await p.stopped();
        *flag = true;
    };
    net::spawn(wait(*w.proxy, done));
    auto over = [done] { return *done; };
    co_await until(over);
}

asio::awaitable<void> with_proxy::until(std::function<bool()> holds) {
    auto const end = std::chrono::steady_clock::now() + wire::deadline;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end)
            throw timed_out{"what was waited for did not come true"};
        co_await asio::post(w.io, asio::use_awaitable);
    }
}

} // namespace secondwind::test
