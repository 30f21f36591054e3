#include "find_word.hpp"
#include <secondwind/lmstudio/stream_event.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>

namespace secondwind::lmstudio {
namespace {

using nlohmann::json;

json parsed_object(std::string_view text) {
    auto document = json::parse(text.begin(), text.end(), nullptr, false);
    return document.is_object() ? document : json::object();
}

bool brings_nothing(json const& value) {
    if (value.is_string())
        return value.get_ref<json::string_t const&>().empty();
    return value.is_null() || (value.is_array() && value.empty());
}

// Members with these names are not looked at.
bool brings_nothing_but(std::initializer_list<std::string_view> names, json const& object) {
    return object.is_object() && std::ranges::all_of(object.items(), [&](auto const& member) {
               return std::ranges::find(names, member.key()) != names.end() ||
                      brings_nothing(member.value());
           });
}

std::string string_member(json const& object, char const* name) {
    auto const found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::string index_member(json const& object) {
    auto const found = object.find("index");
    return found != object.end() ? found->dump() : std::string{};
}

bool is_empty_choice(json const& choice) {
    auto const delta = choice.is_object() ? choice.find("delta") : choice.end();
    return brings_nothing_but({"index", "delta"}, choice) &&
           (delta == choice.end() || brings_nothing_but({"role"}, *delta));
}

bool is_text(std::string const& type) {
    return type == "text" || type == "thinking";
}

// Most chunks bring content: a look at their text tells, where a quote within a string would be
// escaped.
bool shows_content(std::string_view text) {
    static constexpr std::string_view content = R"("content":")";
    auto const at = find_word(text, content, 1);
    return at != std::string_view::npos && !text.substr(at + content.size()).starts_with('"');
}

} // namespace

std::optional<empty_chunk> read_empty_chunk(std::string_view text) {
    if (shows_content(text) || !has_word(text, R"("choices")", 2))
        return std::nullopt;
    auto const document = parsed_object(text);
    auto const choices = document.find("choices");
    auto const usage = document.find("usage");
    if (choices == document.end() || !choices->is_array() || choices->empty() ||
        !std::ranges::all_of(*choices, is_empty_choice) ||
        (usage != document.end() && !usage->is_null()))
        return std::nullopt;
    empty_chunk found;
    for (auto const& choice : *choices)
        if (auto const delta = choice.find("delta");
            delta != choice.end() && !string_member(*delta, "role").empty())
            found.roles += index_member(choice) + ' ';
    return found;
}

std::optional<content_block> read_content_block(std::string_view text) {
    auto const document = parsed_object(text);
    auto const block = document.find("content_block");
    if (block == document.end() || !block->is_object())
        return std::nullopt;
    content_block found{index_member(document), string_member(*block, "type")};
    found.empty = is_text(found.type) && brings_nothing_but({"type"}, *block);
    return found;
}

bool is_empty_delta(std::string_view text) {
    auto const document = parsed_object(text);
    auto const delta = document.find("delta");
    if (delta == document.end() || !delta->is_object())
        return false;
    auto const type = string_member(*delta, "type");
    return (type == "text_delta" || type == "thinking_delta") &&
           brings_nothing_but({"type"}, *delta);
}

} // namespace secondwind::lmstudio
