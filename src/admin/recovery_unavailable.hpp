// A host that is up but on which no recovery can work.
#pragma once

#include <secondwind/host/host_view.hpp>

#include <string>

namespace secondwind::admin {

// Why no recovery can work on a host that is up, in one clause; otherwise empty. It has not listed
// its models since it came up: it is no LM Studio, or does not permit it.
inline std::string recovery_unavailable(host::host_view const& view) {
    auto const& since = view.health().since();
    bool const listed = view.listed() && since && view.listed()->at >= *since;
    return view.health().up() && !listed ? view.listing_error() : std::string{};
}

} // namespace secondwind::admin
