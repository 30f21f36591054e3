// Builds the table of keys: one function for each kind of value.
#pragma once

#include "lists.hpp"

#include <secondwind/base/units.hpp>
#include <secondwind/config/address.hpp>
#include <secondwind/config/keys.hpp>

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <utility>

namespace secondwind::config {

// "SECONDWIND_RECOVERY_EVICT" for "recovery.evict".
std::string variable_of(std::string_view name);

// A whole number without a sign.
std::optional<std::uint64_t> parse_count(std::string_view text) noexcept;

// Accesses one value inside settings, to read or write it.
template<class Section, class Value>
auto value_at(Section settings::*section, Value Section::*value) {
    return [ section, value ](auto& s) -> auto& {
        return (s.*section).*value;
    };
}

template<class Parse>
auto assign_with(std::string const& expected, Parse parse) {
    return [expected, parse](settings& s, std::string_view text) {
        return parse(s, text) ? std::string{} : expected_but_got(expected, text);
    };
}

template<class Value, class At, class Read>
auto assign_in_range(std::string const& expected, At at, Read read, Value least, Value most) {
    return assign_with(expected, [=](settings& s, std::string_view text) {
        auto const value = read(text);
        bool const fits = value && *value >= least && *value <= most;
        if (fits)
            at(s) = static_cast<std::remove_reference_t<decltype(at(s))>>(*value);
        return fits;
    });
}

template<class At>
key size_key(std::string_view name, At at, std::uint64_t least, std::uint64_t most) {
    auto expected =
        fmt::format("a size such as 8MiB, from {} to {}", format_size(least), format_size(most));
    return {.name = std::string{name},
            .form = json_form::string_or_number,
            .expected = expected,
            .environment = variable_of(name),
            .assign = assign_in_range(expected, at, parse_size, least, most),
            .show = [at](settings const& s) { return format_size(at(s)); }};
}

template<class At>
key duration_key(std::string_view name, At at, milliseconds least, milliseconds most) {
    auto expected = fmt::format("a duration such as 30s, from {} to {}", format_duration(least),
                                format_duration(most));
    return {.name = std::string{name},
            .form = json_form::string,
            .expected = expected,
            .environment = variable_of(name),
            .assign = assign_in_range(expected, at, parse_duration, least, most),
            .show = [at](settings const& s) { return format_duration(at(s)); }};
}

// A duration, or "auto": the proxy chooses.
template<class At>
key automatic_duration_key(std::string_view name, At at, milliseconds least, milliseconds most) {
    auto expected = fmt::format("auto, or a duration such as 30s, from {} to {}",
                                format_duration(least), format_duration(most));
    auto parse = [at, least, most](settings& s, std::string_view text) {
        if (text == "auto") {
            at(s).reset();
            return true;
        }
        auto const value = parse_duration(text);
        bool const good = value && *value >= least && *value <= most;
        if (good)
            at(s) = *value;
        return good;
    };
    auto show = [at](settings const& s) {
        return at(s) ? format_duration(*at(s)) : std::string{"auto"};
    };
    return {.name = std::string{name},
            .form = json_form::string,
            .expected = expected,
            .environment = variable_of(name),
            .assign = assign_with(expected, parse),
            .show = show};
}

template<class At>
key count_key(std::string_view name, At at, std::uint64_t least, std::uint64_t most) {
    auto expected = fmt::format("a whole number from {} to {}", least, most);
    return {.name = std::string{name},
            .form = json_form::number,
            .expected = expected,
            .environment = variable_of(name),
            .assign = assign_in_range(expected, at, parse_count, least, most),
            .show = [at](settings const& s) { return std::to_string(at(s)); }};
}

template<class Value>
using choices = std::vector<std::pair<std::string, Value>>;

template<class At, class Value>
key choice_key(std::string_view name, At at, choices<Value> const& all) {
    std::string expected;
    for (auto const& choice : all) {
        expected += &choice == &all.front() ? "" : &choice == &all.back() ? " or " : ", ";
        expected += choice.first;
    }
    auto parse = [at, all](settings& s, std::string_view text) {
        auto const found = std::ranges::find(all, text, &choices<Value>::value_type::first);
        if (found != all.end())
            at(s) = found->second;
        return found != all.end();
    };
    auto show = [at, all](settings const& s) {
        auto const found = std::ranges::find(all, at(s), &choices<Value>::value_type::second);
        return found == all.end() ? std::string{} : found->first;
    };
    return {.name = std::string{name},
            .form = json_form::string,
            .expected = expected,
            .environment = variable_of(name),
            .assign = assign_with(expected, parse),
            .show = show};
}

template<class At>
key boolean_key(std::string_view name, At at) {
    auto k = choice_key(name, at, choices<bool>{{"true", true}, {"false", false}});
    k.form = json_form::boolean;
    return k;
}

template<class At>
key text_key(std::string_view name, At at, std::string_view expected) {
    return {.name = std::string{name},
            .form = json_form::string,
            .expected = std::string{expected},
            .environment = variable_of(name),
            .assign =
                [at](settings& s, std::string_view text) {
                    at(s) = text;
                    return std::string{};
                },
            .show = [at](settings const& s) { return at(s); }};
}

// `variable` is the name of the key in the environment, such as "upstream".
template<class At, class Item>
key list_key(std::string_view name, At at, list_kind<Item> const& kind, std::string_view variable) {
    return {.name = std::string{name},
            .form = json_form::list,
            .expected = kind.expected,
            .environment = variable_of(variable),
            .assign = [at, &kind](settings& s,
                                  std::string_view text) { return kind.read_text(text, at(s)); },
            .show = [at, &kind](settings const& s) { return kind.show(at(s)); },
            .read_list = [at, &kind, path = std::string{name}](
                             json_node const& list, json_source const& source) -> setter {
                return
                    [at, all = read_items(list, path, kind, source)](settings& s) { at(s) = all; };
            },
            .members = kind.members};
}

key listen_key();
key default_upstream_key();
key upstreams_key();
key api_token_key();
key api_keys_key();
// An address of the admin interface, or "off".
key optional_listen_key(std::string_view name, std::optional<endpoint> admin::*listener,
                        std::string_view example);
key admin_token_key();

key with_flag(key k, std::string_view flag, std::string_view operand, std::string_view help);

} // namespace secondwind::config
