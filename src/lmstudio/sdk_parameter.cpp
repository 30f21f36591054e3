#include <secondwind/lmstudio/sdk_parameter.hpp>

#include <secondwind/base/escape.hpp>
#include <secondwind/http/member_scanner.hpp>
#include <secondwind/lmstudio/model_name.hpp>

#include <array>
#include <span>
#include <utility>

namespace secondwind::lmstudio {
namespace {

using http::member_kind;
using http::member_scanner;
using http::member_value;

// From its bracket on; empty where the member is no object or array.
std::string_view nested_text(std::string_view text, member_value const& value) noexcept {
    return value.kind == member_kind::nested ? text.substr(value.end - 1) : std::string_view{};
}

std::string kept_text(member_value const& value) {
    return value.kind == member_kind::text
               ? std::string{beginning_of(value.text, longest_model_name)}
               : std::string{};
}

constexpr std::array<std::string_view, 2> handle_members{"instanceReference", "query"};

// The parameter of the message that opens an operation, from its bracket on.
std::string_view parameter_in(std::string_view message) {
    static constexpr std::array<std::string_view, 2> names{"creationParameter", "parameter"};
    std::string_view parameter;
    for (std::size_t i = 0; i < names.size() && parameter.empty(); ++i) {
        member_scanner outer{std::span{names}.subspan(i, 1), 1};
        outer.push(message);
        parameter = nested_text(message, outer.value(0));
    }
    return parameter;
}

std::string_view specifier_in(std::string_view parameter, member_scanner const& inner) {
    for (std::size_t i = 0; i < 2; ++i)
        if (auto const specifier = nested_text(parameter, inner.value(i)); !specifier.empty())
            return specifier;
    return {};
}

// The first two are specifiers.
constexpr std::array<std::string_view, 4> model_members{"modelSpecifier", "specifier", "modelKey",
                                                        "identifier"};

sdk_model read_specifier(std::string_view text) {
    static constexpr std::array<std::string_view, 2> query_members{"identifier", "path"};
    member_scanner specifier{handle_members, 2};
    specifier.push(text);
    sdk_model found{.reference = kept_text(specifier.value(0))};
    if (auto const query = nested_text(text, specifier.value(1));
        found.reference.empty() && !query.empty()) {
        member_scanner asked{query_members, 1};
        asked.push(query);
        found.name = kept_text(asked.value(0));
        if (found.name.empty())
            found.name = kept_text(asked.value(1));
    }
    return found;
}

} // namespace

sdk_model read_sdk_model(std::string_view message) {
    auto const parameter = parameter_in(message);
    if (parameter.empty())
        return {};
    member_scanner inner{model_members, 1};
    inner.push(parameter);
    if (auto const specifier = specifier_in(parameter, inner); !specifier.empty())
        return read_specifier(specifier);
    // A key and the identifier that the new instance is to have stand side by side.
    auto key = kept_text(inner.value(2));
    return {key.empty() ? kept_text(inner.value(3)) : std::move(key), {}};
}

std::string with_reference(std::string_view message, std::string_view reference) {
    auto const parameter = parameter_in(message);
    member_scanner inner{model_members, 1};
    inner.push(parameter);
    auto const specifier = specifier_in(parameter, inner);
    member_scanner handle{handle_members, 2};
    handle.push(specifier);
    auto const old = handle.value(0);
    if (old.kind != member_kind::text || old.end < old.text.size() + 2)
        return {};
    auto const in_specifier = old.end - 1 - old.text.size();
    if (specifier.substr(in_specifier, old.text.size()) != old.text ||
        specifier[in_specifier - 1] != '"')
        return {};
    auto const at = static_cast<std::size_t>(specifier.data() - message.data()) + in_specifier;
    std::string changed{message.substr(0, at)};
    changed.append(reference).append(message.substr(at + old.text.size()));
    return changed;
}

std::string read_unloaded(std::string_view message) {
    static constexpr std::array<std::string_view, 1> names{"identifier"};
    auto const parameter = parameter_in(message);
    member_scanner inner{names, 1};
    inner.push(parameter);
    return kept_text(inner.value(0));
}

} // namespace secondwind::lmstudio
