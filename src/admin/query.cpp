#include "query.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/percent.hpp>

#include <algorithm>

namespace secondwind::admin {

std::string read_query(std::string_view query, std::vector<query_field>& into) {
    while (!query.empty()) {
        auto const end = std::min(query.find('&'), query.size());
        auto const field = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        auto const equals = field.find('=');
        if (equals == std::string_view::npos || equals == 0)
            return "The query contains " + in_quotes(field) + ", but NAME=VALUE was expected.";
        auto name = percent_decoded(field.substr(0, equals));
        auto value = percent_decoded(field.substr(equals + 1));
        if (!name || !value)
            return "In " + in_quotes(field) +
                   " of the query, \"%\" is not followed by two hexadecimal digits. Write %25 for "
                   "\"%\".";
        if (std::ranges::find(into, *name, &query_field::name) != into.end())
            return "The parameter " + in_quotes(*name) + " appears twice. Send it once.";
        into.push_back({std::move(*name), std::move(*value)});
    }
    return {};
}

std::string refuse_query(std::string_view query) {
    std::vector<query_field> fields;
    auto error = read_query(query, fields);
    if (error.empty() && !fields.empty())
        error = "Unknown parameter " + in_quotes(fields.front().name) +
                ". This path has no parameters.";
    return error;
}

} // namespace secondwind::admin
