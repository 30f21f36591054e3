#include <secondwind/http/head_scanner.hpp>

#include "characters.hpp"
#include "field_reader.hpp"

#include <algorithm>
#include <string>

namespace secondwind::http {

decoder_state head_scanner::fail(int status_code, std::string_view rule, std::string_view message) {
    if (side_ == side::answer) {
        // The advice is for the author of the head, not for the client.
        fault_ = refusal{502, rule,
                         "The head of the host's response is malformed or too large; check the "
                         "host's log, then try again."};
    } else {
        fault_ = refusal{status_code, rule, std::string{message}};
    }
    return decoder_state::bad;
}

decoder_state head_scanner::fail_at_control(char c) {
    auto const wrong = control_fault(c);
    return fail(400, wrong.rule, wrong.message);
}

decoder_state head_scanner::scan(std::string_view buffer) {
    if (position_ == 0 && side_ == side::request && buffer.starts_with('\r')) {
        if (buffer.size() == 1) {
            return decoder_state::need_more;
        }
        if (buffer[1] == '\n') {
            begin_ = line_ = position_ = 2;
        }
    }
    if (position_ == begin_ && buffer.size() > begin_) {
        auto const first = buffer[begin_];
        if (side_ == side::answer ? first != 'H' : !is(first, tchar)) {
            position_ = begin_ + 1;
            return fail(400, "start_line",
                        "This is not an HTTP/1.1 message; send plain HTTP/1.1 to this port.");
        }
    }

    // Bytes past the limit are not looked at, so that the outcome is the same however the bytes
    // arrive: a fault before the limit is reported, not the limit.
    auto const end =
        begin_ + std::min(buffer.size() - std::min(buffer.size(), begin_), limits_.head);
    auto const* const stop = buffer.data() + end;
    auto const most_lines = limits_.fields + 1;
    // After a CR that was the last byte of the previous call, the LF is still missing.
    auto const* at = buffer.data() + (position_ > line_ ? position_ - 1 : position_);
    for (at = skip_value(at, stop); at != stop; at = skip_value(at, stop)) {
        if (*at == '\n') {
            return fail_at_control('\n');
        }
        if (*at != '\r') {
            ++at; // another control character: the reader of the fields judges it
            continue;
        }
        if (at + 1 == stop) {
            break;
        }
        if (at[1] != '\n') {
            return fail_at_control('\r');
        }
        bool const empty = at == buffer.data() + line_;
        at += 2;
        position_ = line_ = static_cast<std::size_t>(at - buffer.data());
        if (empty) {
            return decoder_state::complete;
        }
        if (++lines_ > most_lines) {
            return fail(431, "too_many_fields",
                        "The head has too many field lines; send fewer, or raise limits.fields.");
        }
    }
    position_ = std::max(position_, end);

    if (buffer.size() > begin_ && buffer.size() - begin_ > limits_.head) {
        if (lines_ == 0 && side_ == side::request) {
            return fail(414, "target_too_long",
                        "The request line is too long; shorten the target, or raise "
                        "limits.target and limits.head.");
        }
        return fail(431, "head_too_large",
                    "The head is too large; send fewer or shorter fields, or raise limits.head.");
    }
    return decoder_state::need_more;
}

} // namespace secondwind::http
