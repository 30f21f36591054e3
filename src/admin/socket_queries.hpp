// The queries of the paths that become WebSockets. Pure; each returns an error as a sentence, or
// nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::admin {

// Which events a client already has from an earlier connection.
struct resume_point {
    std::string run{};
    std::optional<std::uint64_t> after{};
};
std::string read_resume_point(std::string_view query, resume_point& into);

// Which host a lab wants.
std::string read_lab_host(std::string_view query, std::string& into);

} // namespace secondwind::admin
