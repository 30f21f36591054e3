// A client, the proxy, an emulated LM Studio and the admin listener, in the test's own io_context.
#pragma once

#include "support/event_client.hpp"
#include "support/recovery_fixture.hpp"

#include <secondwind/admin/server.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace secondwind::test {

inline constexpr char const* mode_path = "/api/recovery/mode";

//     TEST_F(with_admin, lists_the_loaded_models) {
//         w.settings.admin.allow_actions = true;      // before run(), as for the proxy
//         auto task = [](with_admin& t) -> asio::awaitable<void> {
//             auto const a = co_await t.ask("/api/hosts");
//             EXPECT_EQ(a.status, 200);
//             auto const chat = co_await t.chat("big");     // through the data port
//             auto* events = co_await t.subscribe();
//             auto const first = co_await events->read();   // the snapshot
//         };
//         run(task(*this));
//     }
//
// Everything is public, because the coroutines of a test are free functions.
struct with_admin : with_proxy {
    with_admin() { w.settings.admin.listen = config::endpoint{"127.0.0.1", 0}; }
    void TearDown() override;

    // Starts the proxy and the admin listener with the settings of the test, and runs `task`.
    void run(asio::awaitable<void> task) {
        begin();
        test::run(w.io, std::move(task));
    }
    void begin();
    // Stops the admin listener, and waits until it has ended.
    void stop_admin();

    std::uint16_t admin_port() const { return admin->local_endpoint().port(); }
    // "127.0.0.1:PORT", for the header Host.
    std::string authority() const { return "127.0.0.1:" + std::to_string(admin_port()); }

    // A connection to the admin listener. Clients last as long as the test.
    asio::awaitable<raw_client*> at_admin();
    // A request on its own connection, with a valid Host. `fields` are lines, each with its CRLF.
    // The body of an action is JSON.
    asio::awaitable<http_answer> ask(std::string target, std::string fields = {});
    asio::awaitable<http_answer> act(std::string target, std::string body, std::string fields = {});
    // The bytes of such a request.
    std::string admin_request(std::string_view method, std::string_view target,
                              std::string_view fields = {}, std::string_view body = {}) const;

    // A subscriber whose handshake is complete.
    asio::awaitable<event_client*> subscribe(std::string target = "/events");

    admin::timeouts timeouts;                        // change before run()
    admin::reload_result reloading;                  // the result of the next reload
    std::map<std::string, std::string> kept_results; // of the lab, by host
    std::string keep_error;                          // why they could not be written
    std::size_t reloads = 0;                         // how many reloads there were
    std::optional<admin::server> admin;
    std::list<event_client> subscribers;
};

} // namespace secondwind::test
