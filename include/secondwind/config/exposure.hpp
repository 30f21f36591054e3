// Who can reach the listeners for clients.
#pragma once

#include <secondwind/config/config.hpp>

#include <string>
#include <string_view>

namespace secondwind::config {

// The listeners for clients that other machines reach and that ask nobody for a key, separated by
// ", "; nothing if there are none.
std::string open_to_network(settings const& all);

// What to do about them.
constexpr std::string_view close_to_network =
    "whoever reaches it can use LM Studio: set clients.api_keys (secondwind key new NAME makes "
    "one), or listen on 127.0.0.1";

} // namespace secondwind::config
