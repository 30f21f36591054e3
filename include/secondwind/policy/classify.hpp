// Judges an answer while it arrives, and holds it no longer than a verdict needs.
#pragma once

#include <secondwind/http/inflate.hpp>
#include <secondwind/http/sse_scanner.hpp>
#include <secondwind/policy/signature.hpp>
#include <secondwind/policy/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace secondwind::policy {

// What the classifier made of an answer.
struct judgement {
    policy::verdict verdict = verdict::healthy;
    std::string message; // the error's own texts, at most 1 KiB of them; empty when healthy
};

// One per answer; fed the body (without its transfer coding) in any pieces until it has decided.
//
// Text is looked for only in the error itself (lmstudio/error_message): `error` when it is a
// string; its `message`, `title` and `cause`; the same at the top beside `"type":"error"` or of an
// error status; `response.error` of a `response.failed`; the same inside the data of an SSE event
// that is named `error` or whose JSON has an `error` member. Never in echoed input, never in
// content, never in what an error quotes (policy/signature).
//
//  - status < 400 and not an event stream: decided on the first body bytes, unless they begin a
//    JSON object whose first member is an `error` (text or object; "error": null is healthy) or
//    "type":"error": that is read on to its end, up to `bound` bytes.
//  - text/event-stream: decided on the first event that tells something. Comments and opening
//    events (see preamble.hpp) tell nothing. Any other event that is no error is healthy.
//  - status >= 400: decided when the body is whole, or at `bound` bytes. A body that is no JSON
//    (the HTML page of an uncaught exception, say) has no message and is other_error.
//
// A body in a content coding that http::inflater knows is judged by what it decodes to. One in
// another coding, or broken, has no message: it is decided by its status, at once.
//
// The verdict "healthy" is only ever given to a status below 400.
class classifier {
public:
    // `content_type` is the media type without parameters; compared without case. `bound` is the
    // number of body bytes after which it decides with what it has: an error status is then
    // other_error unless the text so far shows a signature's message; the rest is healthy.
    // `content_encoding` is the field's value, and empty where there is none. `rules` come before
    // the built-in signatures, and must outlive it.
    classifier(int status, std::string_view content_type, std::size_t bound,
               std::string_view content_encoding = {}, std::span<rule const> rules = {});

    // Returns true once decided; later calls change nothing.
    bool push(std::string_view body);

    // The body is complete (or its connection ended). Always decides.
    void finish();
    // The body goes to the client undecided: by its status alone. Always decides.
    void commit();

    // Bytes of the body have come, and all of them are white space, which cannot begin an event.
    bool blank() const noexcept {
        return !decided() && mode_ == mode::first_bytes && seen_ > 0 && compared_ == 0;
    }

    bool decided() const noexcept { return judgement_.has_value(); }
    judgement const& result() const { return *judgement_; }

private:
    enum class mode : std::uint8_t { first_bytes, json_error, events, error_body };

    bool take(std::string_view body);
    void judge_first_bytes(std::string_view body);
    void judge_json();
    bool judge_event(http::sse_event const& event);
    void decide_error(lmstudio::error_report const& error);
    void decide(verdict v, std::string_view message = {});

    int status_;
    std::span<rule const> rules_;
    std::size_t bound_;
    bool is_stream_;
    mode mode_;
    // Of the first bytes but for white space: how many were compared, and whether they are the
    // beginning of an error.
    std::size_t compared_ = 0;
    bool begins_by_member_ = true;
    bool begins_by_type_ = true;
    std::string text_; // the body so far, where all of it is needed
    std::size_t seen_ = 0;
    http::sse_scanner events_;
    std::optional<http::inflater> encoded_;
    std::optional<judgement> judgement_;
};

} // namespace secondwind::policy
