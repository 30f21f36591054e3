// What the emulator says: a whole answer, or one event of a stream. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::emulator {

// Members keep the order in which they were written, as JavaScript's do.
using json = nlohmann::ordered_json;

// Both have a constructor on purpose: g++ 12 destroys a temporary aggregate twice when it is made
// in the same expression as a co_await.
struct answer {
    answer(unsigned s, std::string type, std::string text)
        : status{s}, content_type{std::move(type)}, body{std::move(text)} {}

    unsigned status;
    std::string content_type;
    std::string body;
};

struct sse_event {
    sse_event(std::string n, std::string d) : name{std::move(n)}, data{std::move(d)} {}
    // An event whose name is also its "type" member, as in all but OpenAI's older interfaces.
    static sse_event typed(json const& document);

    std::string name; // may be empty: then there is no `event:` line
    std::string data; // one line
};
using sse_events = std::vector<sse_event>;

std::string render(sse_event const& e);

// Strings that aren't UTF-8 are repaired, never refused: a target goes back into an error as it is.
std::string compact(json const& document);
// LM Studio indents what succeeds, and what fails under /api/v1, by two spaces.
answer pretty(unsigned status, json const& document);

// The two envelopes of /v1: predictions fail with a string, in one line; validation and loads with
// an object, indented by four spaces.
answer string_error(unsigned status, std::string_view text);
answer object_error(unsigned status, std::string_view message, json param, json code);
// That of /api/v1; `code` and `param` are left out when they are empty.
answer rest_error(unsigned status, std::string_view type, std::string_view message,
                  std::string_view code = {}, std::string_view param = {});
// Anthropic's. What LM Studio sends on /v1/messages has not been seen; its clients need this one.
answer anthropic_error(unsigned status, std::string_view type, std::string_view message);

// LM Studio answers paths and methods that it doesn't know with status 200, but for /api/v1/.
answer unexpected_endpoint(unsigned status, std::string_view method, std::string_view target);

} // namespace secondwind::emulator
