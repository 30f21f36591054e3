#include "log_lines.hpp"

#include "api_json.hpp"
#include "search_fields.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace secondwind::admin {

namespace {

// The end of the value that begins at `from`, in text or in JSON. A quote within a value is
// escaped.
std::size_t end_of_value(std::string_view line, std::size_t from) {
    if (from >= line.size() || line[from] != '"')
        return std::min(line.find_first_of(" ,}", from), line.size());
    for (auto at = from + 1; at < line.size(); ++at) {
        if (line[at] == '\\')
            ++at;
        else if (line[at] == '"')
            return at + 1;
    }
    return line.size();
}

// The name of a client's key can have the form of an address, and is hidden then too.
bool looks_like_address(std::string_view value) {
    return value.find_first_of(".:") != value.npos &&
           value.find_first_not_of("0123456789abcdefABCDEF.:[]%\"") == value.npos;
}

// How the fields with addresses begin, in text and in JSON.
struct beginning {
    std::string_view text;
    bool always; // otherwise only a value that looks like an address
};
constexpr std::array<beginning, 4> beginnings{
    {{" address=", true}, {",\"address\":", true}, {" client=", false}, {",\"client\":", false}}};

} // namespace

std::string read_search(std::string_view query, log_search& into) {
    std::vector<query_field> fields;
    if (auto error = read_query(query, fields); !error.empty())
        return error;
    for (auto const& each : fields) {
        if (each.name == "limit") {
            if (auto error = read_limit(each, into.limit); !error.empty())
                return error;
        } else if (each.name == "after") {
            into.after = whole_number(each.value);
            if (!into.after)
                return invalid(each, "the number of a line");
        } else {
            return unknown_parameter(each, "after and limit");
        }
    }
    return {};
}

std::string without_addresses(std::string_view line) {
    std::string out;
    for (std::size_t at = 0; at < line.size();) {
        auto const rest = line.substr(at);
        auto const found = std::ranges::find_if(
            beginnings, [rest](beginning const& b) { return rest.starts_with(b.text); });
        auto const from = found == beginnings.end() ? at : at + found->text.size();
        // What is within another value is no field.
        auto end = found != beginnings.end() || line[at] == '"' ? end_of_value(line, from) : at + 1;
        auto const value = line.substr(from, end - from);
        bool const hides =
            found != beginnings.end() && (found->always || looks_like_address(value));
        out.append(line.substr(at, (hides ? from : end) - at));
        if (hides)
            out.append(value.starts_with('"') ? "\"***\"" : "***");
        at = end;
    }
    return out;
}

std::string log_document(std::vector<log::recent_line> const& all, log_search const& wanted,
                         bool show_addresses) {
    auto first = all.begin();
    if (wanted.after)
        first = std::ranges::upper_bound(all, *wanted.after, {}, &log::recent_line::number);
    auto const most = static_cast<std::ptrdiff_t>(wanted.limit);
    if (all.end() - first > most)
        first = all.end() - most;
    auto lines = json::array();
    for (; first != all.end(); ++first)
        lines.push_back({{"number", first->number},
                         {"level", log::to_string(first->level)},
                         {"text", show_addresses ? first->text : without_addresses(first->text)}});
    auto const newest = all.empty() ? std::uint64_t{0} : all.back().number;
    return to_text({{"lines", std::move(lines)}, {"newest", newest}});
}

} // namespace secondwind::admin
