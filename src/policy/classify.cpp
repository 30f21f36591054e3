#include <secondwind/policy/classify.hpp>

#include <secondwind/lmstudio/error_message.hpp>

#include <secondwind/base/ascii.hpp>
#include <secondwind/policy/preamble.hpp>
#include <secondwind/policy/signature.hpp>

#include <algorithm>
#include <array>

namespace secondwind::policy {
namespace {

constexpr bool is_json_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

} // namespace

classifier::classifier(int status, std::string_view content_type, std::size_t bound,
                       std::string_view content_encoding, std::span<rule const> rules)
    : status_{status}, rules_{rules}, bound_{bound},
      is_stream_{iequals(content_type, "text/event-stream")}, mode_{status >= 400 ? mode::error_body
                                                                    : is_stream_
                                                                        ? mode::events
                                                                        : mode::first_bytes} {
    if (content_encoding.empty())
        return;
    encoded_ = http::inflater::for_encoding(content_encoding, bound);
    if (!encoded_)
        decide(verdict::healthy);
}

bool classifier::push(std::string_view body) {
    if (decided() || body.empty())
        return decided();
    if (!encoded_)
        return take(body);

    using http::inflater_state;
    auto const state =
        encoded_->push(body, [this](std::string_view decoded) { return !take(decoded); });
    if (state == inflater_state::full)
        finish();
    else if (state == inflater_state::bad && !decided())
        decide(verdict::healthy);
    return decided();
}

bool classifier::take(std::string_view body) {
    // Never past the bound, so that the verdict does not depend on how the body was cut.
    body = body.substr(0, bound_ - seen_);
    seen_ += body.size();

    switch (mode_) {
    case mode::first_bytes:
        judge_first_bytes(body);
        [[fallthrough]];
    case mode::json_error:
    case mode::error_body:
        if (!decided())
            text_.append(body);
        break;
    case mode::events:
        events_.push(body, [this](http::sse_event const& e) { return judge_event(e); });
        break;
    }

    if (seen_ == bound_)
        finish();
    return decided();
}

void classifier::finish() {
    if (decided())
        return;
    switch (mode_) {
    case mode::first_bytes:
        break;
    case mode::json_error:
    case mode::error_body:
        judge_json();
        break;
    case mode::events:
        events_.finish([this](http::sse_event const& e) { return judge_event(e); });
        break;
    }
    if (!decided())
        decide(verdict::healthy);
}

void classifier::commit() {
    if (!decided())
        decide(verdict::healthy);
}

// Decides as soon as the bytes cannot begin an error any more. White space is left out of the
// comparison, so it may stand anywhere; what that lets through is merely read on.
void classifier::judge_first_bytes(std::string_view body) {
    static constexpr std::string_view by_member = R"({"error":)";
    static constexpr std::string_view by_type = R"({"type":"error")";

    for (char const c : body) {
        if (is_json_space(c))
            continue;
        auto const at = compared_++;
        if (at == by_member.size() && begins_by_member_) {
            // Only text or an object is an error; null stands in many a success.
            if (c != '"' && c != '{')
                return decide(verdict::healthy);
            mode_ = mode::json_error;
            return;
        }
        begins_by_member_ = begins_by_member_ && at < by_member.size() && by_member[at] == c;
        begins_by_type_ = begins_by_type_ && by_type[at] == c;
        if (begins_by_type_ && at + 1 == by_type.size()) {
            mode_ = mode::json_error;
            return;
        }
        if (!begins_by_member_ && !begins_by_type_)
            return decide(verdict::healthy);
    }
}

void classifier::judge_json() {
    auto const wrapping =
        status_ >= 400 ? lmstudio::wrapping::optional : lmstudio::wrapping::required;
    if (auto const error = lmstudio::read_error(text_, wrapping))
        return decide_error(*error);
    if (!is_stream_)
        return;
    // An error status does not keep a host from answering with an event.
    auto const judge = [this](http::sse_event const& e) { return judge_event(e); };
    events_.push(text_, judge);
    if (!decided())
        events_.finish(judge);
}

bool classifier::judge_event(http::sse_event const& event) {
    if (auto const error = lmstudio::read_event_error(event)) {
        decide_error(*error);
        return false;
    }
    if (is_preamble_event(event))
        return true;
    decide(verdict::healthy);
    return false;
}

void classifier::decide_error(lmstudio::error_report const& error) {
    decide(judge_error(error, status_, rules_), error.message());
}

void classifier::decide(verdict v, std::string_view message) {
    if (v == verdict::healthy && status_ >= 400)
        v = verdict::other_error;
    judgement_ = judgement{v, std::string{lmstudio::shortened(message)}};
    text_.clear();
    text_.shrink_to_fit();
}

} // namespace secondwind::policy
