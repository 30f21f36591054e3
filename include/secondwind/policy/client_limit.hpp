// How many clients a process can have at once. Pure.
#pragma once

#include <cstdint>

namespace secondwind::policy {

struct client_limit {
    std::uint64_t served;
    std::uint64_t turned_away; // in addition: they are only told so
};

// `configured` is limits.connections; `descriptors` is the limit of the process. Each client that
// is served may need two, one of them for the host; a part is left for everything else.
client_limit limit_clients(std::uint64_t configured, std::uint64_t descriptors) noexcept;

} // namespace secondwind::policy
