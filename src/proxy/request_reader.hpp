// Reads one request from a client, up to what an exchange needs to serve it.
#pragma once

#include "body_reader.hpp"
#include "client.hpp"
#include "request.hpp"
#include <secondwind/http/head_scanner.hpp>
#include <secondwind/http/request_check.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace secondwind::proxy {

// Reads a head, checks it, admits its client, reads its body as far as the limits let it be kept,
// and decides which host it goes to. Writes nothing but "100 Continue": the session answers what is
// refused.
class request_reader {
public:
    // All must outlive it; the request is a fresh one.
    request_reader(context& shared, client& client, request& request) noexcept
        : shared_{shared}, client_{client}, request_{request} {}

    enum class result : std::uint8_t {
        request, // it can be served
        refused, // refusal() is the answer
        gone,    // the client left before it was served; see left_in()
        none     // the connection ended or stalled before another request began
    };
    net::task<result> read();

    // Reads the rest of a body that is not kept whole; null if there is none.
    std::unique_ptr<body_reader> take_rest() noexcept { return std::move(body_); }

    http::refusal const& refusal() const noexcept { return *refusal_; }
    int retry_after() const noexcept { return retry_after_; } // seconds; 0: says nothing
    telemetry::phase left_in() const noexcept { return left_in_; }
    // Bytes of the body that were read before the client left.
    std::uint64_t body_bytes() const noexcept {
        return body_ ? body_->received() : request_.body.size();
    }

private:
    enum class arrival : std::uint8_t { head, part, fault, late, none };
    arrival read_head(http::head_scanner& scanner, std::string_view& arrived);
    net::task<arrival> await_head(http::head_scanner& scanner, std::string_view& arrived);
    bool accept(http::request_head const& head, std::string_view bytes);
    net::task<result> read_body(bool expects_continue);
    boost::system::result<host::host_ptr, http::refusal> route(http::request_head const& head);
    result refuse(http::refusal reason, int retry_after = 0);

    context& shared_;
    client& client_;
    request& request_;
    std::unique_ptr<body_reader> body_;
    std::optional<http::refusal> refusal_;
    int retry_after_ = 0;
    telemetry::phase left_in_ = telemetry::phase::reading;
};

} // namespace secondwind::proxy
