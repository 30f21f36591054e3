// A client, the proxy and an emulated LM Studio, in the test's own io_context.
#pragma once

#include "support/emulator_fixture.hpp"
#include "support/world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::test {

inline constexpr char const* chat_path = "/v1/chat/completions";
inline constexpr char const* list_path = "/api/v1/models";
inline constexpr char const* unload_path = "/api/v1/models/unload";

// Whether a request asks for a stream.
inline constexpr std::array in_both_ways{false, true};

// As recovery.verify_timeout: what was refused with everything unloaded is not sent once more.
inline constexpr std::chrono::milliseconds no_second_look{400};

// As LM Studio refuses to load a model.
inline std::string memory_error(std::string const& model = "big") {
    return R"({"error":{"message":"Failed to load model \")" + model +
           R"(\". Error: Model loading was stopped due to insufficient system resources.",)"
           R"("type":"invalid_request_error","param":"model","code":null}})";
}
inline constexpr char const* cache_error =
    R"({"error":"Unable to reuse from cache: llama_memory is null"})";

// A whole answer, in bytes that no emulator would choose.
inline std::string answer_bytes(std::string const& status_line, std::string const& body,
                                std::string const& type = "application/json; charset=utf-8") {
    return "HTTP/1.1 " + status_line + "\r\nX-powered-BY: Express\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nETag: W/\"7\"\r\n\r\n" +
           body;
}
inline std::string ok_answer(std::string const& body) {
    return answer_bytes("200 OK", body);
}
// The host's inventory, one instance of each model.
inline std::string inventory_of(std::vector<std::string> const& models) {
    std::string list;
    for (auto const& m : models)
        list.append(list.empty() ? "" : ",")
            .append(R"({"key":")" + m + R"(","size_bytes":5,"loaded_instances":[{"id":")" + m +
                    R"("}]})");
    return R"({"models":[)" + list + "]}";
}

// What the proxy adds to an exchange that met a recovery, taken off again.
inline std::string without_recovery_fields(std::string raw) {
    for (auto at = raw.find("X-Secondwind-"); at != std::string::npos;
         at = raw.find("X-Secondwind-"))
        raw.erase(at, raw.find("\r\n", at) + 2 - at);
    return raw;
}
inline std::string recovery_of(http_answer const& a) {
    return a.head.field("X-Secondwind-Recovery").value_or("");
}
inline std::string attempts_of(http_answer const& a) {
    return a.head.field("X-Secondwind-Attempts").value_or("");
}
// The value of X-Secondwind-Recovery: one other model was in the way; nobody went idle in time.
inline constexpr auto evicted_one = "recovered; reason=load_refused; unloaded=1";
inline constexpr auto nobody_idle = "busy_timeout; reason=load_refused; unloaded=0";

inline std::string ask(std::string const& model, std::string const& id) {
    return make_request("POST", chat_path, chat_body(model), "X-Request-Id: " + id + "\r\n");
}
// No chunk at all for no data, which would end the body.
inline std::string chunk(std::string_view data) {
    return data.empty() ? "" : fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}
// How often a text occurs in another.
inline std::size_t times(std::string_view in, std::string_view what) {
    std::size_t count = 0;
    for (auto at = in.find(what); at != in.npos; at = in.find(what, at + what.size()))
        ++count;
    return count;
}

// All is public: the coroutines of a test are free functions that are given the fixture.
struct with_proxy : testing::Test {
    with_proxy() { emulate(small_host()); }
    // The proxy ends while its host still answers: a recovery that runs is over then.
    void TearDown() override { w.stop(); }

    // Replaces the host that a test finds.
    void emulate(emulator::options how) {
        lm.emplace(w.io, std::move(how));
        lm->start();
    }
    // Starts the proxy, with the settings that the test has made, and runs a story.
    void run(asio::awaitable<void> task) {
        if (!w.proxy)
            w.start(lm->port());
        test::run(w.io, std::move(task));
    }

    // Clients last as long as the test, so that no scope cuts off what is half-way.
    asio::awaitable<raw_client*> connected();
    // Each on a connection of its own.
    asio::awaitable<http_answer> post(std::string path, std::string body, std::string fields = {});
    asio::awaitable<http_answer> chat(std::string model, bool stream = false);
    // A request whose answer is read later; `id` names it in the ledger.
    asio::awaitable<raw_client*> begun(std::string model, bool stream = false, std::string id = {});

    // Requests that are all there before the proxy looks at the first one.
    asio::awaitable<std::vector<raw_client*>> sent_together(std::vector<std::string> requests);
    // A connection that goes past the proxy.
    asio::awaitable<raw_client*> past_proxy();
    // A stream that has told its first token, where the script holds generations; `over` is its
    // connection, or else it gets one through the proxy.
    asio::awaitable<raw_client*> held_stream(std::string model, raw_client* over = nullptr);
    // Lets all generations go on, and reads the rest of such a stream.
    asio::awaitable<void> expect_ends_well(raw_client* stream);
    // Each runs by itself; how many of them have not ended is counted.
    void spawn(asio::awaitable<void> task);
    std::size_t spawned = 0;
    // Ends what is still there of the proxy after drain() or abort(), and waits for it.
    asio::awaitable<void> stopped();

    // Lets everything else run until the predicate holds.
    asio::awaitable<void> until(std::function<bool()> holds);

    // What the host was asked, by path.
    std::vector<emulator::request> requests_to(std::string_view path) const {
        std::vector<emulator::request> found;
        std::copy_if(lm->requests().begin(), lm->requests().end(), std::back_inserter(found),
                     [path](auto const& r) { return r.target == path; });
        return found;
    }
    std::uint64_t unloads(std::string const& id) const {
        auto const& all = lm->counts().unloads;
        auto const found = all.find(id);
        return found == all.end() ? 0 : found->second;
    }
    // That wait at the gate, or for a recovery.
    std::size_t waiting_requests() { return w.proxy->shared().hosts[0].recovery.waiting(); }
    recovery::host_guard& guard() { return w.proxy->shared().hosts[0].recovery.guard; }
    // A recovery waits until a busy instance goes idle.
    bool waits_for_idle() {
        return guard().recovering() && guard().latest()->phase == recovery::phase::waiting_for_idle;
    }
    recovery::ledger& ledger() { return w.proxy->shared().ledger; }
    recovery::record const& last_record() { return *ledger().records().back(); }
    std::size_t records() { return ledger().records().size(); }

    world w;
    std::optional<emulator::server> lm;
    std::list<raw_client> clients;
};

} // namespace secondwind::test
