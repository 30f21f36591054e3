// What a tail_watch must find, by reading every event of a stream.
#pragma once

#include <secondwind/http/sse_scanner.hpp>
#include <secondwind/policy/classify.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace secondwind::policy {

inline std::string as_stream(http::sse_event const& event) {
    std::string stream;
    if (!event.type.empty())
        stream += "event: " + event.type + "\n";
    stream += "data: ";
    for (char const c : event.data)
        stream += c == '\n' ? std::string{"\ndata: "} : std::string{c};
    return stream + "\n\n";
}

// Each event is judged by a classifier of its own, as if a stream began with it.
inline std::optional<judgement> watch_slowly(std::string_view stream,
                                             std::span<rule const> rules = {}) {
    std::optional<judgement> found;
    auto const judge = [&](http::sse_event const& event) {
        auto const alone = as_stream(event);
        classifier c{200, "text/event-stream", alone.size() + 1, {}, rules};
        c.push(alone);
        c.finish();
        auto const v = c.result().verdict;
        if (for_memory(v) || v == verdict::cache_corruption || v == verdict::unloaded_in_flight)
            found = c.result();
        return !found;
    };
    http::sse_scanner scanner;
    scanner.push(stream, judge);
    scanner.finish(judge);
    return found;
}

} // namespace secondwind::policy
