#include "recovery_search.hpp"

#include "query.hpp"
#include <secondwind/base/escape.hpp>
#include <secondwind/base/rfc3339.hpp>
#include <secondwind/recovery/ledger_file.hpp>

#include <algorithm>
#include <charconv>

namespace secondwind::admin {

namespace {

constexpr std::uint64_t largest_limit = 500;
constexpr std::string_view a_time = "a time, for example 2026-11-22T10:15:30Z";

std::optional<std::uint64_t> whole_number(std::string_view text) noexcept {
    std::uint64_t value = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end ? std::optional{value} : std::nullopt;
}

std::string invalid(query_field const& field, std::string_view expected) {
    return std::string{"The parameter \""}
        .append(field.name)
        .append("\" must be ")
        .append(expected)
        .append(", but it is ")
        .append(in_quotes(field.value))
        .append(".");
}

// "default or spare"
std::string alternatives(std::vector<std::string> const& names) {
    std::string out;
    for (auto const& name : names)
        out.append(out.empty() ? "" : " or ").append(name);
    return out;
}

std::string read_field(query_field const& field, std::vector<std::string> const& hosts,
                       recovery_search& into) {
    auto const& value = field.value;
    if (field.name == "host") {
        if (std::ranges::find(hosts, value) == hosts.end())
            return invalid(field, alternatives(hosts));
        into.host = value;
    } else if (field.name == "outcome") {
        into.outcome = recovery::outcome_from_string(value);
        if (!into.outcome)
            return invalid(field, "an outcome, for example recovered or no_candidate");
    } else if (field.name == "since" || field.name == "until") {
        auto& time = field.name == "since" ? into.since : into.until;
        time = parse_rfc3339(value);
        if (!time)
            return invalid(field, a_time);
    } else if (field.name == "before") {
        into.before = whole_number(value);
        if (!into.before)
            return invalid(field, "the id of a recovery");
    } else if (field.name == "limit") {
        auto const limit = whole_number(value).value_or(0);
        if (limit < 1 || limit > largest_limit)
            return invalid(field, "a whole number from 1 to 500");
        into.limit = limit;
    } else {
        return "Unknown parameter " + in_quotes(field.name) +
               ". The parameters are host, outcome, since, until, before and limit.";
    }
    return {};
}

bool matches(recovery::record const& record, recovery_search const& wanted) {
    return (!wanted.host || record.host == *wanted.host) &&
           (!wanted.outcome || record.outcome == *wanted.outcome) &&
           (!wanted.since || record.began >= *wanted.since) &&
           (!wanted.until || record.began < *wanted.until) &&
           (!wanted.before || record.id < *wanted.before);
}

} // namespace

std::string read_search(std::string_view query, std::vector<std::string> const& hosts,
                        recovery_search& into) {
    std::vector<query_field> fields;
    auto error = read_query(query, fields);
    for (auto each = fields.begin(); error.empty() && each != fields.end(); ++each)
        error = read_field(*each, hosts, into);
    return error;
}

recovery_page find_recoveries(std::deque<std::shared_ptr<recovery::record>> const& all,
                              recovery_search const& wanted) {
    recovery_page page;
    for (auto each = all.rbegin(); each != all.rend(); ++each) {
        if (!matches(**each, wanted))
            continue;
        if (page.records.size() == wanted.limit) {
            page.next_before = page.records.back()->id;
            break;
        }
        page.records.push_back(each->get());
    }
    return page;
}

std::string array_of(std::vector<recovery::record const*> const& records) {
    std::string list;
    for (auto const* each : records)
        list.append(list.empty() ? "" : ",").append(recovery::to_json(*each));
    return "[" + list + "]";
}

} // namespace secondwind::admin
