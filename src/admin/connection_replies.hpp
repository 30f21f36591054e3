// What the admin listener answers where no route does.
#pragma once

#include "message.hpp"

#include <cstddef>

namespace secondwind::admin {

reply malformed_reply();
reply too_large_reply(std::size_t limit);
reply too_many_subscribers_reply();
reply too_many_connections_reply();
reply probes_only_reply();
reply https_only_reply();

} // namespace secondwind::admin
