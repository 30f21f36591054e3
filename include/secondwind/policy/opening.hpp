// The opening events of LM Studio's own chat, while a user watches a model load.
#pragma once

#include <secondwind/http/sse_scanner.hpp>

#include <string_view>

namespace secondwind::policy {

// True for the one endpoint whose opening events show progress, and are passed on at once:
// POST /api/v1/chat (LM Studio's REST documentation, "Streaming events").
bool shows_progress(std::string_view path) noexcept;

// A replayed stream begins anew; this says which of its opening events the client has not had yet,
// so that it sees one well-formed stream: chat.start, model_load.start, .progress, .end,
// prompt_processing.start, .progress, .end, in this order, each kind once but for .progress.
class opening_sequence {
public:
    // True if the event is to be passed on, and then it counts as passed. Events of other kinds
    // (comments have none) are not passed on.
    bool pass(http::sse_event const& event);

private:
    int reached_ = -1;
};

} // namespace secondwind::policy
