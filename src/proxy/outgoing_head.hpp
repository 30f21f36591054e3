// The head of a request as it goes to a host.
#pragma once

#include "request.hpp"
#include <secondwind/proxy/context.hpp>

namespace secondwind::proxy {

// A chunked body that was read whole is sent with its length. The key of the client is for the
// proxy alone, and so is the choice of a host on the shared listener; the host gets its own token,
// if it has one, and on the shared listener even without a key (upstreams[].use_token). Without a
// host it is only good for the log.
void render_head(context const& shared, request& request, http::request_head const& head,
                 bool whole);

// Keeps the head for the time when its host is known. Until then, the request's method and target
// are read from it. `bytes` are the whole of it.
void keep_received(request& request, http::request_head const& head, std::string_view bytes);

// Renders the head as it was received, for the request's host and body as they are now.
void render_again(context& shared, request& request);

// The copies of a request without a body for each host, from the head as it was received. They ask
// for the whole answer without a content coding, because it is to be read.
void render_copies(context const& shared, request& request, http::request_head head);

} // namespace secondwind::proxy
