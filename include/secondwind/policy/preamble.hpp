// The preamble of an event stream: the events that come before any output.
#pragma once

#include <secondwind/http/sse_scanner.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace secondwind::policy {

// True for the opening events, which come before any output and tell nothing of success or failure:
//
//  - Responses: response.created, response.in_progress, response.queued;
//  - Anthropic: message_start, ping, the content_block_start of a text or thinking block that is
//    empty, and a delta with no text. The start of a tool_use block is output: it has a name;
//  - chat completions and completions: chunks whose choices have nothing but a role or empty text;
//  - LM Studio's own chat: chat.start, model_load.*, prompt_processing.*.
bool is_preamble_event(http::sse_event const& event);

// True for the one endpoint whose preamble shows progress, while a user watches a model load, and
// is passed on at once: POST /api/v1/chat (LM Studio's REST documentation, "Streaming events").
bool shows_progress(std::string_view path) noexcept;

// A replayed stream begins again; this says which of its opening events the client has not had yet,
// so that it sees one well-formed stream. An exchange has one.
//
// LM Studio's own chat sends chat.start, model_load.start, .progress, .end,
// prompt_processing.start, .progress, .end, in this order, each kind once but for .progress. Of the
// others, what a stream has once is left out of a replay: SDKs refuse a second message_start, and
// put two roles together. Pings and empty deltas may come at any time.
//
// The ids of the replay's events differ from those that the client has seen, and stay as they are:
// no SDK compares them. The one that a later request may refer to, the id of a stored response, is
// in response.completed, which is the replay's.
class preamble_sequence {
public:
    enum class part : std::uint8_t {
        news,     // of the preamble; it counts as passed on
        repeated, // of the preamble; the client has had it
        output,   // the preamble is over
        misfit    // what the client has had cannot be continued in this way
    };

    // Another stream of the same exchange begins.
    void begin_stream();
    part take(http::sse_event const& event);

private:
    int reached_ = -1;
    // What a stream has once, and its kind: of the streams before, and of this one.
    std::map<std::string, std::string> had_;
    std::map<std::string, std::string> has_;
};

// Takes the preamble off the front of a stream, as it came, and holds back what comes from the
// first event on that is not of the preamble. Pieces may be cut anywhere.
class preamble_splitter {
public:
    // The stream's next bytes, without their transfer coding.
    void push(std::string_view data) { rest_.append(data); }

    // The whole events of the preamble that have come by now, byte for byte, without those that the
    // client has had already; comments pass line by line, because they keep a connection alive.
    // Empty where there are none.
    std::string pass(preamble_sequence& client_has);

    // False once the stream turned out not to continue what the client has had.
    bool fits() const noexcept { return fits_; }

    // What has come and was neither passed nor left out.
    std::string_view rest() const noexcept { return rest_; }

private:
    std::string rest_;
    bool fits_ = true;
};

} // namespace secondwind::policy
