// Members of JSON documents that anybody may have written.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::lmstudio {

using nlohmann::json;

// A discarded value, of no type at all, where the text is no JSON.
inline json parse_json(std::string_view text) {
    return json::parse(text.begin(), text.end(), nullptr, false);
}

// The member's text, empty where there is none. (json::value would throw for another type.)
inline std::string text_of(json const& object, char const* name) {
    auto const found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// Zero where there is none.
inline std::uint64_t size_of(json const& object, char const* name) {
    auto const found = object.find(name);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

} // namespace secondwind::lmstudio
