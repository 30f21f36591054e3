#include <secondwind/policy/preamble.hpp>

#include <secondwind/lmstudio/error_message.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace secondwind::policy {
namespace {

// After the empty line that ends the first event; 0 while that has not come. A CR at the end may
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

bool is_preamble_event(http::sse_event const& event) {
    static constexpr std::array<std::string_view, 6> names{
        "response.created", "response.in_progress", "response.queued", "message_start", "ping",
        "chat.start"};
    static constexpr std::array<std::string_view, 2> families{"model_load.", "prompt_processing."};

    auto const type = lmstudio::type_of(event);
    return std::ranges::find(names, type) != names.end() ||
           std::ranges::any_of(families, [&](auto family) { return type.starts_with(family); });
}

bool shows_progress(std::string_view path) noexcept {
    return path == "/api/v1/chat";
}

bool preamble_sequence::pass(http::sse_event const& event) {
    static constexpr std::array<std::string_view, 7> order{
        "chat.start",           "model_load.start",        "model_load.progress",
        "model_load.end",       "prompt_processing.start", "prompt_processing.progress",
        "prompt_processing.end"};

    auto const type = lmstudio::type_of(event);
    auto const known = std::ranges::find(order, type);
    if (known == order.end())
        return false;
    auto const place = static_cast<int>(known - order.begin());
    if (place < reached_ || (place == reached_ && !type.ends_with(".progress")))
        return false;
    reached_ = place;
    return true;
}

std::string preamble_splitter::pass(preamble_sequence& client_has) {
    std::string passed;
    std::size_t taken = 0;
    for (;;) {
        auto const block = std::string_view{rest_}.substr(taken);
        auto const size = event_end(block);
        if (size == 0)
            break;
        auto const event = event_in(block.substr(0, size));
        if (event && !is_preamble_event(*event))
            break;
        if (!event || client_has.pass(*event))
            passed.append(block.substr(0, size));
        taken += size;
    }
    rest_.erase(0, taken);
    return passed;
}

} // namespace secondwind::policy
