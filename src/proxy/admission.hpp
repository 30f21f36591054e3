// Decides whether a client may have its request served.
#pragma once

#include <secondwind/http/request_check.hpp>
#include <secondwind/proxy/client.hpp>
#include <secondwind/proxy/context.hpp>

#include <optional>
#include <string>

namespace secondwind::proxy {

struct admission {
    std::optional<http::refusal> refused; // 401 or 429; nothing: it may go on
    int retry_after = 0;                  // seconds, with 429
    std::string client;                   // the name of its key; empty where none is asked for
};

// By the key that the request shows (clients.api_keys): without any in the settings everybody may
// go on. Wrong ones are counted by address, and beyond clients.max_failures a minute told so; a
// good one passes all the same, because several programs may share an address.
admission admit(context& shared, client& from, http::request_head const& head);

} // namespace secondwind::proxy
