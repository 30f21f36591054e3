#include "resolver.hpp"

#include <boost/asio/detail/socket_types.hpp> // the system's getaddrinfo
#include <boost/asio/error.hpp>

#include <cerrno>
#include <cstring>

namespace secondwind::net {

finding find_addresses(std::string const& host, std::string const& port) {
    finding found{};
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* all = nullptr;
    found.fault = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &all);
    found.number = errno;
    if (found.fault != 0)
        return found;
    std::size_t n = 0;
    for (auto const* each = all; each != nullptr && n < finding::most_addresses;
         each = each->ai_next) {
        if (each->ai_family != AF_INET && each->ai_family != AF_INET6)
            continue;
        std::memcpy(found.addresses[n].data(), each->ai_addr, each->ai_addrlen);
        found.sizes[n++] = static_cast<std::uint8_t>(each->ai_addrlen);
    }
    ::freeaddrinfo(all);
    return found;
}

error_code error_of(finding const& found) {
    switch (found.fault) {
    case 0:
        return found.sizes[0] != 0 ? error_code{} : asio::error::host_not_found;
    case EAI_AGAIN:
        return asio::error::host_not_found_try_again;
    case EAI_FAIL:
        return asio::error::no_recovery;
#ifdef EAI_SYSTEM // Windows has none
    case EAI_SYSTEM:
        return {found.number, boost::system::system_category()};
#endif
    case EAI_MEMORY:
        return asio::error::no_memory;
    default:
        return asio::error::host_not_found;
    }
}

} // namespace secondwind::net
