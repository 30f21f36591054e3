#include "prompt.hpp"
#include "answer.hpp"

#include <array>
#include <initializer_list>

#include <fmt/format.h>

namespace secondwind::emulator {

namespace {

std::string text_of(json const& from, char const* name) {
    auto const at = from.find(name);
    return at != from.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

bool flag_of(json const& from, char const* name) {
    auto const at = from.find(name);
    return at != from.end() && at->is_boolean() && at->get<bool>();
}

std::string_view content_field(endpoint where) {
    switch (where) {
    case endpoint::completions:
        return "prompt";
    case endpoint::embeddings:
    case endpoint::responses:
    case endpoint::v1_chat:
        return "input";
    default:
        return "messages";
    }
}

// LM Studio takes -1 for "no limit".
std::optional<std::uint64_t> limit_of(json const& from) {
    for (char const* name : {"max_tokens", "max_completion_tokens", "max_output_tokens"}) {
        auto const at = from.find(name);
        if (at != from.end() && at->is_number_integer() && at->get<std::int64_t>() > 0)
            return at->get<std::uint64_t>();
    }
    return std::nullopt;
}

} // namespace

std::variant<prompt, unreadable> parse_prompt(endpoint where, std::string_view body) {
    auto const document = json::parse(body, nullptr, false);
    if (document.is_discarded() || !document.is_object())
        return unreadable{"Invalid JSON in request body"};
    auto const field = content_field(where);
    auto const content = document.find(field);
    bool const wants_list = field == "messages";
    if (content == document.end())
        return unreadable{fmt::format("'{}' field is required", field)};
    if (wants_list ? !content->is_array() : !(content->is_string() || content->is_array()))
        return unreadable{fmt::format("'{}' field is invalid", field)};

    prompt p;
    p.model = text_of(document, "model");
    p.stream = flag_of(document, "stream") && where != endpoint::embeddings;
    if (auto const o = document.find("stream_options"); o != document.end() && o->is_object())
        p.include_usage = flag_of(*o, "include_usage");
    p.base64 = text_of(document, "encoding_format") == "base64";
    p.limit = limit_of(document);
    p.tokens = content->dump(-1, ' ', false, json::error_handler_t::replace).size() / 4 + 1;
    p.inputs = content->is_array() ? content->size() : 1;
    p.previous_response = text_of(document, "previous_response_id");
    return p;
}

} // namespace secondwind::emulator
