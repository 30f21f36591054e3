#include "socket_queries.hpp"

#include "query.hpp"
#include "search_fields.hpp"

#include <utility>
#include <vector>

namespace secondwind::admin {

std::string read_resume_point(std::string_view query, resume_point& into) {
    std::vector<query_field> fields;
    if (auto error = read_query(query, fields); !error.empty())
        return error;
    for (auto& [name, value] : fields) {
        if (name == "run") {
            into.run = std::move(value);
        } else if (name == "after") {
            into.after = whole_number(value);
            if (!into.after)
                return "The parameter \"after\" must be the number of an event, for example 17.";
        } else {
            return "This path only has the parameters \"run\" and \"after\".";
        }
    }
    return {};
}

std::string read_lab_host(std::string_view query, std::string& into) {
    std::vector<query_field> fields;
    if (auto error = read_query(query, fields); !error.empty())
        return error;
    if (fields.size() != 1 || fields.front().name != "host")
        return "Name one host in the query: /lab?host=NAME. GET /api/hosts lists the hosts.";
    into = std::move(fields.front().value);
    return {};
}

} // namespace secondwind::admin
