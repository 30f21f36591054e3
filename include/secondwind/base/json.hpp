// JSON as this program writes it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace secondwind {

// In one line. Documents quote clients, hosts and operators, whose text may not be UTF-8: invalid
// bytes become U+FFFD, where the library would throw.
std::string write_json(nlohmann::json const& document);
std::string write_json(nlohmann::ordered_json const& document);

} // namespace secondwind
