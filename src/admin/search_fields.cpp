#include "search_fields.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/rfc3339.hpp>

#include <charconv>

namespace secondwind::admin {

namespace {

constexpr std::uint64_t largest_limit = 500;
constexpr std::string_view a_time = "a time, for example 2026-11-22T10:15:30Z";

} // namespace

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

std::string unknown_parameter(query_field const& field, std::string_view known) {
    return ("Unknown parameter " + in_quotes(field.name) + ". The parameters are ")
        .append(known)
        .append(".");
}

std::string read_time(query_field const& field,
                      std::optional<std::chrono::system_clock::time_point>& into) {
    into = parse_rfc3339(field.value);
    return into ? std::string{} : invalid(field, a_time);
}

std::string read_limit(query_field const& field, std::size_t& into) {
    auto const limit = whole_number(field.value).value_or(0);
    if (limit < 1 || limit > largest_limit)
        return invalid(field, "a whole number from 1 to 500");
    into = limit;
    return {};
}

} // namespace secondwind::admin
