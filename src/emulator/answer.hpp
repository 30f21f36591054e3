// The content of an answer: whole, in one of LM Studio's envelopes, or one event of a stream. Pure.
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

// Invalid UTF-8 is replaced, never refused: an error repeats the target of its request as it was.
std::string compact(json const& document);
// LM Studio indents successes, and the errors of /api/v1, by two spaces.
answer pretty(unsigned status, json const& document);

// The two error envelopes of /v1: predictions fail with a string, in one line; validation and loads
// fail with an object, indented by four spaces.
answer string_error(unsigned status, std::string_view text);
answer object_error(unsigned status, std::string_view message, json param, json code);
// The envelope of /api/v1; an empty `code` or `param` is left out.
answer rest_error(unsigned status, std::string_view type, std::string_view message,
                  std::string_view code = {}, std::string_view param = {});
// Anthropic's envelope. Nobody has published what LM Studio sends on /v1/messages; its clients
// understand this one.
answer anthropic_error(unsigned status, std::string_view type, std::string_view message);

// LM Studio answers unknown paths and methods with status 200, except under /api/v1/.
answer unexpected_endpoint(unsigned status, std::string_view method, std::string_view target);

} // namespace secondwind::emulator
