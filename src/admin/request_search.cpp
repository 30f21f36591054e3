#include "request_search.hpp"

#include "api_json.hpp"
#include "search_fields.hpp"
#include <secondwind/base/log_line.hpp>
#include <secondwind/policy/verdict.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace secondwind::admin {

namespace {

using telemetry::finished;
using telemetry::request_ring;
using system_time = std::chrono::system_clock::time_point;

constexpr std::string_view parameters =
    "host, model, client, route, verdict, ended, request_id, status, since, until, before, after "
    "and limit";
constexpr std::array<std::string_view, 6> endings{"complete", "client_gone", "cut",
                                                  "stalled",  "failed",      "refused"};

// "404", or "4xx" for all of the class.
bool read_status(std::string_view text, request_search& into) {
    constexpr int in_class = 100;
    if (text.size() != 3 || text[0] < '1' || text[0] > '5')
        return false;
    if (text.substr(1) == "xx") {
        into.least_status = (text[0] - '0') * in_class;
        into.most_status = into.least_status + in_class - 1;
        return true;
    }
    auto const code = whole_number(text);
    if (code)
        into.least_status = into.most_status = static_cast<int>(*code);
    return code.has_value();
}

bool is_route(std::string_view name) {
    for (std::size_t i = 0; i < telemetry::routes; ++i)
        if (telemetry::to_string(static_cast<telemetry::route>(i)) == name)
            return true;
    return false;
}

std::string read_text(query_field const& field, request_search& into) {
    auto const& value = field.value;
    if (field.name == "host")
        into.host = value;
    else if (field.name == "model")
        into.model = value;
    else if (field.name == "client")
        into.client = value;
    else if (field.name == "request_id")
        into.id = value;
    else
        return unknown_parameter(field, parameters);
    return {};
}

std::string read_field(query_field const& field, request_search& into) {
    auto const& value = field.value;
    if (field.name == "since")
        return read_time(field, into.since);
    if (field.name == "until")
        return read_time(field, into.until);
    if (field.name == "limit")
        return read_limit(field, into.limit);
    if (field.name == "before" || field.name == "after") {
        auto& number = field.name == "before" ? into.before : into.after;
        number = whole_number(value);
        return number ? "" : invalid(field, "the number of a request");
    }
    if (field.name == "status")
        return read_status(value, into) ? "" : invalid(field, "a status as 404, or a class as 5xx");
    if (field.name == "route") {
        into.route = value;
        return is_route(value) ? "" : invalid(field, "a route, for example chat_completions");
    }
    if (field.name == "verdict") {
        into.verdict = value;
        return policy::verdict_from_string(value)
                   ? ""
                   : invalid(field, "a verdict, for example healthy or load_refused");
    }
    if (field.name == "ended") {
        into.ended = value;
        return std::ranges::find(endings, value) != endings.end()
                   ? ""
                   : invalid(field, "complete, client_gone, cut, stalled, failed or refused");
    }
    return read_text(field, into);
}

system_time time_of(finished const& one, moment now) {
    return now.time - std::chrono::duration_cast<system_time::duration>(now.steady - one.began);
}

bool is_wanted(std::optional<std::string> const& wanted, std::string_view text) {
    return !wanted || text == *wanted;
}

bool matches(finished const& one, request_search const& wanted, moment now) {
    if (one.status < wanted.least_status || one.status > wanted.most_status)
        return false;
    if (!is_wanted(wanted.host, one.host) || !is_wanted(wanted.model, one.model) ||
        !is_wanted(wanted.client, one.client) || !is_wanted(wanted.id, one.id) ||
        !is_wanted(wanted.route, telemetry::to_string(one.route)) ||
        !is_wanted(wanted.verdict, one.verdict) || !is_wanted(wanted.ended, one.ended))
        return false;
    auto const came = time_of(one, now);
    return (!wanted.since || came >= *wanted.since) && (!wanted.until || came < *wanted.until);
}

json known_count(std::int64_t value) {
    return value < 0 ? json(nullptr) : json(value);
}

json known_figure(double value) {
    return value < 0 ? json(nullptr) : json(admin::seconds(value));
}

json attempts_json(request_ring::row const& row) {
    auto const& one = row.told();
    auto list = json::array();
    for (auto const& each : row.earlier())
        list.push_back({{"host", each.host},
                        {"status", each.status == 0 ? json(nullptr) : json(each.status)},
                        {"reason", each.reason},
                        {"ended", admin::seconds(each.ended)}});
    if (one.attempts > 0)
        list.push_back({{"host", text_or_null(one.host)},
                        {"status", one.status == 0 ? json(nullptr) : json(one.status)},
                        {"reason", one.ended == "complete" ? one.verdict : one.ended},
                        {"ended", admin::seconds(one.seconds)}});
    return list;
}

json row_json(request_ring::row const& row, std::uint64_t number, moment now) {
    auto const& one = row.told();
    return {{"number", number},
            {"time", log::timestamp(time_of(one, now))},
            {"request_id", one.id},
            {"client", text_or_null(one.client)},
            {"agent", text_or_null(one.agent)},
            {"address", text_or_null(one.address)},
            {"method", telemetry::to_string(one.method)},
            {"path", one.path},
            {"route", telemetry::to_string(one.route)},
            {"model", text_or_null(one.model)},
            {"host", text_or_null(one.host)},
            {"status", one.status},
            {"stream", one.stream},
            {"verdict", one.verdict},
            {"recovery", text_or_null(one.recovery)},
            {"ended", one.ended},
            {"detail", text_or_null(one.detail)},
            {"first_byte", known_figure(one.first_byte)},
            {"duration", admin::seconds(one.seconds)},
            {"bytes_in", one.bytes_in},
            {"bytes_out", one.bytes_out},
            {"tokens_in", known_count(one.tokens_in)},
            {"tokens_out", known_count(one.tokens_out)},
            {"tokens_per_second", known_figure(one.tokens_per_second)},
            {"attempts", attempts_json(row)}};
}

} // namespace

std::string read_search(std::string_view query, request_search& into) {
    std::vector<query_field> fields;
    auto error = read_query(query, fields);
    for (auto each = fields.begin(); error.empty() && each != fields.end(); ++each)
        error = read_field(*each, into);
    return error;
}

request_page find_requests(request_ring const& all, request_search const& wanted, moment now) {
    request_page page;
    auto const end = std::min(all.newest() + 1, wanted.before.value_or(all.newest() + 1));
    auto const after = std::min(wanted.after.value_or(0), all.newest());
    auto const begin = std::max(all.oldest(), after + 1);
    for (auto number = end; number > begin; --number) {
        if (!matches(all.at(number - 1).told(), wanted, now))
            continue;
        if (page.numbers.size() == wanted.limit) {
            page.next_before = page.numbers.back();
            break;
        }
        page.numbers.push_back(number - 1);
    }
    return page;
}

std::string requests_document(request_ring const& all, request_page const& page, moment now) {
    std::string list;
    for (auto const number : page.numbers)
        list.append(list.empty() ? "" : ",").append(to_text(row_json(all.at(number), number, now)));
    auto const next = page.next_before ? std::to_string(*page.next_before) : "null";
    return R"({"requests":[)" + list + R"(],"next_before":)" + next + R"(,"newest":)" +
           std::to_string(all.newest()) + R"(,"kept":)" + std::to_string(all.most()) + "}";
}

} // namespace secondwind::admin
