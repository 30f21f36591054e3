// The query of a URL, read strictly: what is not understood is told, not skipped. Pure.
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

// Both parts of a field are percent-decoded; "+" stands for itself, as RFC 3986 has it and a time
// such as 10:15:00+02:00 needs it. Gives the complaint as a sentence that names the culprit, or
// nothing: a name may come once, and not without "=".
std::string read_query(std::string_view query, std::vector<query_field>& into);

// The complaint where there is any field at all, or a query that cannot be read.
std::string refuse_query(std::string_view query);

} // namespace secondwind::admin
