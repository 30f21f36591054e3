// Splits a server-sent event stream into its events (WHATWG HTML, "Server-sent events").
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace secondwind::http {

// One event: its type (empty without an "event:" line) and its data lines joined by LF.
struct sse_event {
    std::string type;
    std::string data;
};

// Takes decoded body bytes in any pieces. Lines end with LF, CRLF or CR; comments and unknown
// fields are skipped; an event without data is not reported unless it has a type. The caller must
// bound the input.
class sse_scanner {
public:
    // Returns false to stop the scanner for good.
    using handler = std::function<bool(sse_event const&)>;

    // Calls `on_event` for each event that these bytes complete. Once `on_event` has returned
    // false, neither the bytes after that event nor any later ones are looked at.
    void push(std::string_view in, handler const& on_event);

    // The stream ended: an event that still lacks its empty line is reported too. (The standard
    // would drop it; hosts have been seen to end after an error's data line.)
    void finish(handler const& on_event);

private:
    bool end_line(std::string_view line, handler const& on_event);
    bool dispatch(handler const& on_event);

    std::string line_; // the part of a line that has arrived
    sse_event event_;
    bool has_data_ = false;
    bool after_cr_ = false;
    bool at_start_ = true; // a byte order mark may still follow
    bool stopped_ = false;
};

} // namespace secondwind::http
