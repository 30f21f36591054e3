// The system's resolver.
#pragma once

#include <secondwind/net/socket.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace secondwind::net {

// Plain bytes, so that it can be sent through a socket.
struct finding {
    static constexpr std::size_t most_addresses = 32;

    int fault;  // getaddrinfo's
    int number; // the system's, for some faults
    std::array<std::array<std::byte, sizeof(asio::detail::sockaddr_in6_type)>, most_addresses>
        addresses;
    std::array<std::uint8_t, most_addresses> sizes; // 0: no more
};

// Waits for as long as the resolver does.
finding find_addresses(std::string const& host, std::string const& port);
error_code error_of(finding const& found);

} // namespace secondwind::net
