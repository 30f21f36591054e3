// The file descriptors of this process.
#pragma once

#include <boost/system/error_code.hpp>

#include <cstdint>

namespace secondwind::net {

// Raises the soft limit (RLIMIT_NOFILE) to the hard one, and returns the limit that is in force
// then.
std::uint64_t raise_descriptor_limit() noexcept;

// The process or the system had no descriptor left.
bool lacks_descriptors(boost::system::error_code const& error) noexcept;

} // namespace secondwind::net
