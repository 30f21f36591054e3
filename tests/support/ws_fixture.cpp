#include "support/ws_fixture.hpp"

#include <nlohmann/json.hpp>

namespace secondwind::test {

with_ws::with_ws() : last_{std::make_unique<ws_client::json>()} {}
with_ws::~with_ws() = default;

asio::awaitable<ws_client*> with_ws::opened(std::string path) {
    auto& fresh = sockets.emplace_back(io);
    co_await fresh.open(lm->port(), path);
    co_return &fresh;
}

asio::awaitable<ws_client*> with_ws::admitted(std::string path) {
    auto* client = co_await opened(path);
    auto const reply = co_await client->introduce("guest", "secret");
    EXPECT_EQ(reply, ws_client::json::parse(R"({"success":true})"));
    co_return client;
}

asio::awaitable<std::vector<std::string>> with_ws::channel(ws_client* client) {
    std::vector<std::string> types;
    auto& packet = *last_;
    for (bool open = true; open;) {
        packet = co_await client->read();
        auto const type = packet.is_object() ? packet.value("type", "") : "nothing";
        open = type == "channelSend";
        types.push_back(open ? packet["message"]["type"].get<std::string>() : type);
    }
    co_return types;
}

} // namespace secondwind::test
