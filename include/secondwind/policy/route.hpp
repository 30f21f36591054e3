// Which host a request on the shared listener goes to. Pure, and the one place that decides it.
#pragma once

#include <secondwind/http/head.hpp>

#include <boost/system/result.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace secondwind::policy {

// What a request says of the host that it wants: its fields X-Secondwind-Host.
struct host_choice {
    std::string_view name; // what the first one says
    std::size_t times = 0; // how many there are
};
host_choice choice_in(std::span<http::field const> fields) noexcept;

// The index of the host among `names`, of which there is at least one. Who asks for none gets the
// one that `fallback` names, or the first. A name that is not among them is refused
// (`unknown_host`), and so is more than one choice, whatever they say (`ambiguous_host`). The names
// are told to a client only if it has shown a key.
using routing = boost::system::result<std::size_t, http::refusal>;
routing route(host_choice const& choice, std::span<std::string_view const> names,
              std::string_view fallback, bool has_key);

} // namespace secondwind::policy
