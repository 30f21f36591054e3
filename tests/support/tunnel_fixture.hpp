// Clients of LM Studio's SDK, whose WebSockets pass through the proxy.
#pragma once

#include "support/recovery_fixture.hpp"
#include "support/ws_client.hpp"

#include <nlohmann/json.hpp>

#include <list>
#include <string>
#include <vector>

namespace secondwind::test {

inline std::string load_of(std::string const& model) {
    return R"({"identifier":")" + model + R"(","loadConfigStack":{"layers":[]}})";
}
inline std::string by_identifier(std::string const& id) {
    return R"({"type":"query","query":{"identifier":")" + id + R"("}})";
}
inline std::string by_reference(std::string const& reference) {
    return R"({"type":"instanceReference","instanceReference":")" + reference + R"("})";
}
inline std::string predict_by(std::string const& specifier) {
    return R"({"modelSpecifier":)" + specifier +
           R"(,"history":{"messages":[]},"predictionConfigStack":{"layers":[]}})";
}
inline std::string predict_on(std::string const& model) {
    return predict_by(by_identifier(model));
}

struct with_tunnels : with_proxy {
    std::list<ws_client> sockets;

    asio::awaitable<ws_client*> admitted(std::string path = "/llm") {
        auto& fresh = sockets.emplace_back(w.io);
        co_await fresh.open(w.port(), path);
        auto const reply = co_await fresh.introduce("guest", "secret");
        EXPECT_EQ(reply["success"], true);
        co_return &fresh;
    }
    // The types of a channel's packets, with their progress, then "close" or the title of its
    // error.
    asio::awaitable<std::vector<std::string>> packets(ws_client* client) {
        std::vector<std::string> seen;
        for (bool open = true; open;) {
            auto const message = co_await client->read();
            auto const type = message.is_object() ? message.value("type", "") : "nothing";
            open = type == "channelSend";
            if (type == "channelError")
                seen.push_back(message["error"]["title"].get<std::string>());
            else if (!open)
                seen.push_back(type == "channelClose" ? "close" : type);
            else if (message["message"].contains("progress"))
                seen.push_back(message["message"]["progress"].dump());
            else
                seen.push_back(message["message"]["type"].get<std::string>());
        }
        co_return seen;
    }
    asio::awaitable<std::vector<std::string>> load(ws_client* client, int id, std::string model) {
        co_await client->create("getOrLoad", id, load_of(model));
        co_return co_await packets(client);
    }
    // The reference of the instance, as a handle of JavaScript's SDK has it.
    asio::awaitable<std::string> reference_to(ws_client* client, std::string model) {
        co_await client->create("getOrLoad", 1000, load_of(model));
        std::string reference;
        for (bool open = true; open;) {
            auto const message = co_await client->read();
            open = message.is_object() && message.value("type", "") == "channelSend";
            if (open && message["message"].contains("info"))
                reference = message["message"]["info"].value("instanceReference", "");
        }
        EXPECT_NE(reference, "");
        co_return reference;
    }
    // The last packet but one of a prediction, or the title of its error.
    asio::awaitable<std::string> predict(ws_client* client, int id, std::string specifier) {
        co_await client->create("predict", id, predict_by(specifier));
        auto const seen = co_await packets(client);
        EXPECT_FALSE(seen.empty());
        bool const whole = seen.size() > 1 && seen.back() == "close";
        co_return whole ? seen[seen.size() - 2] : seen.back();
    }
    std::uint64_t operations(std::size_t endpoint, telemetry::operation_end how) {
        return w.proxy->shared().traffic.operations[endpoint][static_cast<std::size_t>(how)];
    }
    bool unloads_something() {
        return guard().recovering() && guard().latest()->phase == recovery::phase::unloading;
    }
    recovery::reloads& reloads() { return w.proxy->shared().hosts[0].recovery.reloads; }
};

} // namespace secondwind::test
