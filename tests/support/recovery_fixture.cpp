#include "support/recovery_fixture.hpp"

#include <boost/asio/post.hpp>

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

asio::awaitable<void> with_proxy::until(std::function<bool()> holds) {
    auto const end = std::chrono::steady_clock::now() + wire::deadline;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end)
            throw timed_out{"what was waited for did not come true"};
        co_await asio::post(w.io, asio::use_awaitable);
    }
}

} // namespace secondwind::test
