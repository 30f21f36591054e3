#include <secondwind/net/descriptors.hpp>

#include <limits>

namespace secondwind::net {

std::uint64_t raise_descriptor_limit() noexcept {
    return std::numeric_limits<std::uint64_t>::max();
}

} // namespace secondwind::net
