#include <secondwind/policy/opening.hpp>

#include <secondwind/lmstudio/error_message.hpp>

#include <algorithm>
#include <array>

namespace secondwind::policy {

bool shows_progress(std::string_view path) noexcept {
    return path == "/api/v1/chat";
}

bool opening_sequence::pass(http::sse_event const& event) {
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

} // namespace secondwind::policy
