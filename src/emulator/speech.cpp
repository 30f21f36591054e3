#include "speech.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace secondwind::emulator {

namespace {

constexpr std::array<std::string_view, 8> vocabulary{"Every", "model", "that", "left",
                                                     "made",  "room",  "for",  "another."};
constexpr std::size_t argument_piece = 16; // bytes

// Each word with the space before it.
std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        auto const end = text.find(' ', 1);
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end, text.size()));
    }
    return words;
}

std::vector<std::string> pieces_of(std::string_view text) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size(); at += argument_piece)
        pieces.emplace_back(text.substr(at, argument_piece));
    return pieces;
}

void add(speech& to, spoken_part part, std::vector<std::string> const& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i)
        to.push_back({i == 0 ? std::optional{part} : std::nullopt, tokens[i]});
}

json example(json const& schema) {
    if (!schema.is_object())
        return nullptr;
    if (schema.contains("const"))
        return schema["const"];
    for (char const* choices : {"enum", "anyOf", "oneOf"}) {
        auto const at = schema.find(choices);
        if (at != schema.end() && at->is_array() && !at->empty())
            return std::string_view{choices} == "enum" ? at->front() : example(at->front());
    }
    auto type = schema.value("type", json("object"));
    if (type.is_array() && !type.empty())
        type = json(type.front());
    if (type == "string")
        return token_at(0);
    if (type == "integer" || type == "number")
        return 1;
    if (type == "boolean")
        return true;
    if (type == "array")
        return json::array();
    if (type == "null")
        return nullptr;
    auto object = json::object();
    auto const properties = schema.find("properties");
    if (properties != schema.end() && properties->is_object())
        for (auto const& [name, member] : properties->items())
            object[name] = example(member);
    return object;
}

} // namespace

std::string token_at(std::size_t index) {
    std::string token = index == 0 ? "" : " ";
    return token += vocabulary[index % vocabulary.size()];
}

speech usual_speech(std::size_t tokens) {
    speech planned;
    for (std::size_t i = 0; i < tokens; ++i)
        planned.push_back({std::nullopt, token_at(i)});
    return planned;
}

speech speech_of(reply const& said) {
    using kind = spoken_part::kind;
    speech planned;
    add(planned, {kind::reasoning, {}, {}, 0}, words_of(said.reasoning));
    add(planned, {kind::text, {}, {}, 0}, words_of(said.text));
    for (auto const& call : said.calls)
        add(planned, {kind::tool_call, call.tool, {}, 0}, pieces_of(call.arguments));
    return planned;
}

std::string example_of(json const& schema) {
    return compact(example(schema));
}

} // namespace secondwind::emulator
