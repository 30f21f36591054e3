// Decides whether a client may have its request served.
#pragma once

#include "client.hpp"
#include <secondwind/http/request_check.hpp>
#include <secondwind/proxy/context.hpp>

#include <optional>
#include <string>

namespace secondwind::proxy {

struct admission {
    std::optional<http::refusal> refused; // 401 or 429; nothing: it is admitted
    int retry_after = 0;                  // seconds, with 429
    std::string client;                   // the name of its key; empty if none is required
};

// Checks the API key in the request (clients.api_keys); without keys in the settings, every client
// is admitted. Wrong keys are counted by network: beyond clients.max_failures a minute, the answer
// to one is 429. A valid key is admitted even then, because several programs may share an address.
admission admit(context& shared, client& client, http::request_head const& head);

} // namespace secondwind::proxy
