// Requests that this process has sent and that come back to it.
#pragma once

#include "client.hpp"
#include <secondwind/http/request_check.hpp>
#include <secondwind/proxy/context.hpp>
#include <secondwind/proxy/listener.hpp>

#include <optional>

namespace secondwind::proxy {

// The answer 508 to a request that this process has sent itself.
//
// A host that is one of our listeners is noticed at the first hop, without a trace in the request:
// the client's connection is one that is lent for a request to a host. A loop through others, such
// as another proxy or a translation of addresses, is noticed by our name in the Via field; see
// marks_requests().
std::optional<http::refusal> refuse_loop(context& shared, client& client, listener const& at,
                                         http::request_head const& head);

// Whether the requests that are sent now bear our name in a Via field (RFC 9110 section 7.6.3). A
// loop has many requests in flight, and LM Studio serves only a few at once, so requests remain
// unchanged as a rule.
bool marks_requests(context const& shared) noexcept;

} // namespace secondwind::proxy
