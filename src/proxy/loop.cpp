#include "loop.hpp"
#include <secondwind/base/ascii.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::proxy {

namespace {

constexpr std::uint64_t many_in_flight = 32;

// That it is the other end of a connection of ours to a host.
bool is_own_connection(context& shared, client& client, listener const& at) {
    auto const port = at.local.port();
    net::error_code ec;
    net::endpoint here;
    net::endpoint there;
    for (auto const& host : shared.hosts) {
        if (host->upstream.port != port)
            continue;
        if (here == net::endpoint{}) {
            here = client.socket().tcp().local_endpoint(ec);
            there = client.socket().tcp().remote_endpoint(ec);
        }
        if (!ec && host->pool.has_lent(there, here))
            return true;
    }
    return false;
}

} // namespace

std::optional<http::refusal> refuse_loop(context& shared, client& client, listener const& at,
                                         http::request_head const& head) {
    constexpr std::string_view via = "via";
    if (!client.is_own)
        client.is_own = is_own_connection(shared, client, at);
    auto const names_us = [&](http::field const& line) {
        return line.name.size() == via.size() && iequals(line.name, via) &&
               line.value.find(shared.pseudonym) != std::string_view::npos;
    };
    if (!*client.is_own && std::ranges::none_of(head.fields, names_us))
        return std::nullopt;
    return http::refusal{508, "loop",
                         "This request was sent by this secondwind and has come back to it: the "
                         "URL of an upstream leads to secondwind instead of LM Studio. Correct "
                         "upstreams[].url."};
}

bool marks_requests(context const& shared) noexcept {
    return shared.traffic.in_flight >= many_in_flight;
}

} // namespace secondwind::proxy
