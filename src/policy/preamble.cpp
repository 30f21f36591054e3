#include <secondwind/policy/preamble.hpp>

#include <secondwind/lmstudio/error_message.hpp>
#include <secondwind/lmstudio/stream_event.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace secondwind::policy {
namespace {

// After the end of the line that begins at `begin`; 0 while that has not come. A CR at the end may
// be half of a CRLF.
std::size_t line_end(std::string_view text, std::size_t begin) noexcept {
    auto const at = text.find_first_of("\r\n", begin);
    if (at == std::string_view::npos || (text[at] == '\r' && at + 1 == text.size()))
        return 0;
    return at + (text[at] == '\r' && text[at + 1] == '\n' ? 2U : 1U);
}

constexpr bool is_line_end(char c) noexcept {
    return c == '\r' || c == '\n';
}

// After the comment or the empty line that the text begins with; 0 if it begins with neither, or
// that is not complete.
std::size_t comment_end(std::string_view text) noexcept {
    return !text.empty() && (text.front() == ':' || is_line_end(text.front())) ? line_end(text, 0)
                                                                               : 0;
}

// After the empty line that ends the first event; 0 while that has not come.
std::size_t event_end(std::string_view text) noexcept {
    std::size_t begin = 0;
    for (;;) {
        auto const next = line_end(text, begin);
        if (next == 0)
            return 0;
        if (is_line_end(text[begin]))
            return next;
        begin = next;
    }
}

// Nothing for a block that is no event.
std::optional<http::sse_event> event_in(std::string_view block) {
    std::optional<http::sse_event> found;
    http::sse_scanner scanner;
    scanner.push(block, [&found](http::sse_event const& e) {
        found = e;
        return false;
    });
    return found;
}

std::string block_name(lmstudio::content_block const& block) {
    return "content_block " + block.index;
}

struct opening {
    std::string type{}; // empty for a chunk, which has none
    std::string once{}; // what of it a stream has once; empty: nothing
    std::string kind{}; // of that
};

std::optional<opening> read_opening(http::sse_event const& event) {
    static constexpr std::array<std::string_view, 4> once{
        "response.created", "response.in_progress", "response.queued", "message_start"};
    static constexpr std::array<std::string_view, 2> families{"model_load.", "prompt_processing."};

    auto const type = lmstudio::type_of(event);
    if (type.empty()) {
        if (auto const chunk = lmstudio::read_empty_chunk(event.data))
            return opening{{}, chunk->roles.empty() ? "" : "roles " + chunk->roles, {}};
        return std::nullopt;
    }
    if (std::ranges::find(once, type) != once.end())
        return opening{type, type, {}};
    if (type == "content_block_start") {
        auto const block = lmstudio::read_content_block(event.data);
        if (block && block->empty)
            return opening{type, block_name(*block), block->type};
        return std::nullopt;
    }
    bool const known =
        type == "ping" || type == "chat.start" ||
        std::ranges::any_of(families, [&type](auto family) { return type.starts_with(family); });
    if (known || (type == "content_block_delta" && lmstudio::is_empty_delta(event.data)))
        return opening{type, {}, {}};
    return std::nullopt;
}

} // namespace

bool is_preamble_event(http::sse_event const& event) {
    return read_opening(event).has_value();
}

bool shows_progress(std::string_view path) noexcept {
    return path == "/api/v1/chat";
}

void preamble_sequence::begin_stream() {
    had_.merge(has_);
    has_.clear();
}

preamble_sequence::part preamble_sequence::take(http::sse_event const& event) {
    static constexpr std::array<std::string_view, 7> order{
        "chat.start",           "model_load.start",        "model_load.progress",
        "model_load.end",       "prompt_processing.start", "prompt_processing.progress",
        "prompt_processing.end"};

    auto const found = read_opening(event);
    if (!found) {
        // An SDK would add this block's deltas to the block that the client has open at its place.
        auto const block = had_.empty() ? std::nullopt : lmstudio::read_content_block(event.data);
        return block && had_.contains(block_name(*block)) ? part::misfit : part::output;
    }
    if (auto const known = std::ranges::find(order, found->type); known != order.end()) {
        auto const place = static_cast<int>(known - order.begin());
        if (place < reached_ || (place == reached_ && !found->type.ends_with(".progress")))
            return part::repeated;
        reached_ = place;
        return part::news;
    }
    if (found->once.empty())
        return part::news;
    if (auto const had = had_.find(found->once); had != had_.end())
        return had->second == found->kind ? part::repeated : part::misfit;
    has_.emplace(found->once, found->kind);
    return part::news;
}

std::string preamble_splitter::pass(preamble_sequence& client_has) {
    using part = preamble_sequence::part;
    std::string passed;
    std::size_t taken = 0;
    for (;;) {
        auto const block = std::string_view{rest_}.substr(taken);
        auto size = comment_end(block);
        auto fate = part::news;
        if (size == 0) {
            size = event_end(block);
            if (size == 0)
                break;
            if (auto const event = event_in(block.substr(0, size)))
                fate = client_has.take(*event);
        }
        fits_ = fits_ && fate != part::misfit;
        if (fate == part::output || fate == part::misfit)
            break;
        if (fate == part::news)
            passed.append(block.substr(0, size));
        taken += size;
    }
    rest_.erase(0, taken);
    return passed;
}

} // namespace secondwind::policy
