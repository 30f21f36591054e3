#include <secondwind/http/sse_scanner.hpp>

#include "characters.hpp"

namespace secondwind::http {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// The first CR or LF, or the size. Both are among the few octets that no field of a head may have.
std::size_t find_line_end(std::string_view text) noexcept {
    auto const* const end = text.data() + text.size();
    auto const* at = skip_value(text.data(), end);
    while (at != end && *at != '\n' && *at != '\r') {
        at = skip_value(at + 1, end);
    }
    return static_cast<std::size_t>(at - text.data());
}

} // namespace

void sse_scanner::push(std::string_view in, handler const& on_event) {
    while (!stopped_ && !in.empty()) {
        // The LF of a CRLF whose CR already ended the line, perhaps in the previous piece.
        if (after_cr_) {
            after_cr_ = false;
            if (in.front() == '\n') {
                in.remove_prefix(1);
                continue;
            }
        }
        auto const end = find_line_end(in);
        if (end == in.size()) {
            line_.append(in);
            return;
        }
        after_cr_ = in[end] == '\r';
        auto line = in.substr(0, end);
        in.remove_prefix(end + 1);
        if (!line_.empty()) {
            line_.append(line);
            line = line_;
        }
        stopped_ = !end_line(line, on_event);
        line_.clear();
    }
}

void sse_scanner::finish(handler const& on_event) {
    if (stopped_) {
        return;
    }
    stopped_ = (!line_.empty() && !end_line(line_, on_event)) || !dispatch(on_event);
    line_.clear();
}

bool sse_scanner::end_line(std::string_view line, handler const& on_event) {
    if (at_start_) {
        at_start_ = false;
        if (line.starts_with(byte_order_mark)) {
            line.remove_prefix(byte_order_mark.size());
        }
    }
    if (line.empty()) {
        return dispatch(on_event);
    }
    // A comment has an empty name, so it is skipped like every unknown name.
    auto const colon = line.find(':');
    auto const name = line.substr(0, colon);
    std::string_view value;
    if (colon != std::string_view::npos) {
        value = line.substr(colon + 1);
        if (value.starts_with(' ')) {
            value.remove_prefix(1);
        }
    }
    if (name == "data") {
        if (has_data_) {
            event_.data.push_back('\n');
        }
        event_.data.append(value);
        has_data_ = true;
    } else if (name == "event") {
        event_.type = value;
    }
    return true;
}

bool sse_scanner::dispatch(handler const& on_event) {
    bool go_on = true;
    if (has_data_ || !event_.type.empty()) {
        go_on = on_event(event_);
    }
    event_.type.clear();
    event_.data.clear();
    has_data_ = false;
    return go_on;
}

} // namespace secondwind::http
