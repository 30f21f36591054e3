#include <secondwind/net/descriptors.hpp>

#include <limits>

#include <sys/resource.h>

namespace secondwind::net {

std::uint64_t raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return std::numeric_limits<std::uint64_t>::max();
    auto const soft = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        limit.rlim_cur = soft;
    return limit.rlim_cur;
}

} // namespace secondwind::net
