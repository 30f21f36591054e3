// The preamble of an event stream: the events that come before any output.
#pragma once

#include <secondwind/http/sse_scanner.hpp>

#include <string>
#include <string_view>

namespace secondwind::policy {

// True for the events that come before any output and tell nothing of success or failure.
bool is_preamble_event(http::sse_event const& event);

// True for the one endpoint whose preamble shows progress, while a user watches a model load, and
// is passed on at once: POST /api/v1/chat (LM Studio's REST documentation, "Streaming events").
bool shows_progress(std::string_view path) noexcept;

// A replayed stream begins again; this says which events of its preamble the client has not had
// yet, so that it sees one well-formed stream: chat.start, model_load.start, .progress, .end,
// prompt_processing.start, .progress, .end, in this order, each kind once but for .progress.
class preamble_sequence {
public:
    // True if the event is to be passed on, and then it counts as passed. Events of other kinds
    // (comments have none) are not passed on.
    bool pass(http::sse_event const& event);

private:
    int reached_ = -1;
};

// Takes the preamble off the front of a stream, as it came, and holds back what comes from the
// first event on that is not of the preamble. Pieces may be cut anywhere.
class preamble_splitter {
public:
    // The stream's next bytes, without their transfer coding.
    void push(std::string_view data) { rest_.append(data); }

    // The whole events of the preamble that have come by now, byte for byte, without those that the
    // client has had already; comments among them pass. Empty where there are none.
    std::string pass(preamble_sequence& client_has);

    // What has come and was neither passed nor left out.
    std::string_view rest() const noexcept { return rest_; }

private:
    std::string rest_;
};

} // namespace secondwind::policy
