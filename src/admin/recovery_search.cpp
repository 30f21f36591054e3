#include "recovery_search.hpp"

#include "search_fields.hpp"
#include <secondwind/recovery/ledger_file.hpp>

#include <algorithm>

namespace secondwind::admin {

namespace {

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
    } else if (field.name == "since") {
        return read_time(field, into.since);
    } else if (field.name == "until") {
        return read_time(field, into.until);
    } else if (field.name == "before") {
        into.before = whole_number(value);
        if (!into.before)
            return invalid(field, "the id of a recovery");
    } else if (field.name == "limit") {
        return read_limit(field, into.limit);
    } else {
        return unknown_parameter(field, "host, outcome, since, until, before and limit");
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
