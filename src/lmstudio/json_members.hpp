// Members of JSON documents that anybody may have written.
#pragma once

#include <secondwind/lmstudio/instance.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

inline bool has_number(json const& object, char const* name) {
    auto const found = object.find(name);
    return found != object.end() && found->is_number();
}

// What an entry's "type" says; REST v0 has "vlm" and "embeddings" as well.
inline model_kind kind_of(json const& entry) {
    auto const type = text_of(entry, "type");
    if (type == "llm" || type == "vlm")
        return model_kind::llm;
    return type == "embedding" || type == "embeddings" ? model_kind::embedding
                                                       : model_kind::unknown;
}

// A model's further names, each once: those in its `variants`, texts or objects with a key or a
// name, and the member that says which of them is selected. The key itself is not among them.
inline std::vector<std::string> variants_of(json const& entry, std::string_view key,
                                            char const* selected) {
    std::vector<std::string> found;
    auto const add = [&](json const& variant) {
        std::string name;
        if (variant.is_string())
            name = variant.get<std::string>();
        else if (variant.is_object())
            for (auto const* member : {"key", "modelKey", "name"})
                if (name.empty())
                    name = text_of(variant, member);
        if (!name.empty() && name != key && std::ranges::find(found, name) == found.end())
            found.push_back(std::move(name));
    };
    if (auto const list = entry.find("variants"); list != entry.end() && list->is_array())
        std::ranges::for_each(*list, add);
    if (auto const one = entry.find(selected); one != entry.end())
        add(*one);
    return found;
}

} // namespace secondwind::lmstudio
