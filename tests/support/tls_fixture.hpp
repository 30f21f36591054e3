// The proxy with TLS to its clients, to the host, or to both.
#pragma once

#include "support/certificates.hpp"
#include "support/tls_end.hpp"
#include "support/wire_fixture.hpp"

#include <boost/asio/detached.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

namespace secondwind::test {

struct with_tls : with_wire {
    void serve_tls(identity const& identity) {
        w.settings.tls = {identity.certificate_file, identity.key_file};
    }
    // The host has that name or address, and its certificate is checked with the file.
    void connect_tls(std::string name, std::string ca_file) {
        auto& up = w.settings.upstreams.front();
        up = {"host", std::move(name), host.port()};
        up.tls = true;
        up.ca_file = std::move(ca_file);
    }
    // With the upstream that connect_tls() configured, or without TLS to the host.
    void start_it() {
        auto& up = w.settings.upstreams.front();
        if (!up.tls)
            up = {"host", "127.0.0.1", host.port()};
        w.proxy.emplace(w.io, w.in_force);
        w.proxy->start();
    }
    // TLS on both sides.
    void start_both() {
        own.emplace(ca.issue());
        serve_tls(*own);
        connect_tls("localhost", ca.file());
        start_it();
    }

    // (As a default argument, the aggregate would be a temporary in an expression with co_await.)
    asio::awaitable<raw_client*> tls_client() {
        tls_options const trusting{.ca_file = ca.file()};
        auto* client = co_await tls_client(trusting);
        co_return client;
    }
    asio::awaitable<raw_client*> tls_client(tls_options how) {
        auto* client = co_await connected();
        if (how.ca_file.empty())
            how.ca_file = ca.file();
        auto end = tls_end::client(how);
        co_await client->begin_tls(std::move(end));
        co_return client;
    }
    asio::awaitable<wire*> tls_peer() {
        auto* peer = co_await accepted();
        if (!own)
            own.emplace(ca.issue());
        auto end = tls_end::server(*own);
        co_await peer->begin_tls(std::move(end));
        co_return peer;
    }
    // Runs the event loop many times, so that everything sent on the loopback has arrived.
    asio::awaitable<void> turns(int n = 200) {
        for (; n > 0; --n)
            co_await asio::post(w.io, asio::use_awaitable);
    }
    telemetry::traffic& traffic() { return w.proxy->shared().traffic; }

    authority ca;
    std::optional<identity> own;
};

inline std::string get_request(std::string const& path = "/v1/models") {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
}
inline std::string chunk_of(std::string const& bytes) {
    return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}
inline constexpr char const* short_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

} // namespace secondwind::test
