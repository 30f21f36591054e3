// Parses the query of a URL strictly: anything invalid or unknown is an error. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

struct query_field {
    std::string name;
    std::string value;
    bool operator==(query_field const&) const = default;
};

// Both parts of a field are percent-decoded. "+" stays a plus (RFC 3986), as a time such as
// 10:15:00+02:00 needs. Returns an error as a sentence that names the field, or an empty string.
// Each name may appear once and needs a "=".
std::string read_query(std::string_view query, std::vector<query_field>& into);

// For a path without parameters: an error if the query has any field or is invalid.
std::string refuse_query(std::string_view query);

} // namespace secondwind::admin
