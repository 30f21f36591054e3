#include <secondwind/policy/opening_splitter.hpp>

#include <secondwind/http/sse_scanner.hpp>
#include <secondwind/policy/classify.hpp>

#include <cstddef>
#include <optional>

namespace secondwind::policy {
namespace {

// Behind the empty line that ends the first event; 0 while that has not come. A CR at the end may
// be half of a CRLF.
std::size_t event_end(std::string_view text) noexcept {
    std::size_t begin = 0;
    for (;;) {
        auto const at = text.find_first_of("\r\n", begin);
        if (at == std::string_view::npos || (text[at] == '\r' && at + 1 == text.size()))
            return 0;
        auto const next = at + (text[at] == '\r' && text[at + 1] == '\n' ? 2U : 1U);
        if (at == begin)
            return next;
        begin = next;
    }
}

// Nothing for a block of comments.
std::optional<http::sse_event> event_in(std::string_view block) {
    std::optional<http::sse_event> found;
    http::sse_scanner scanner;
    scanner.push(block, [&found](http::sse_event const& e) {
        found = e;
        return false;
    });
    return found;
}

} // namespace

std::string opening_splitter::pass(opening_sequence& client_has) {
    std::string passed;
    std::size_t taken = 0;
    for (;;) {
        auto const block = std::string_view{rest_}.substr(taken);
        auto const size = event_end(block);
        if (size == 0)
            break;
        auto const event = event_in(block.substr(0, size));
        if (event && !is_opening_event(*event))
            break;
        if (!event || client_has.pass(*event))
            passed.append(block.substr(0, size));
        taken += size;
    }
    rest_.erase(0, taken);
    return passed;
}

} // namespace secondwind::policy
