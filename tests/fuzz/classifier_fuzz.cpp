// An answer that is split at a position from the input must get the same verdict as the whole one.
#include "target.hpp"

#include <secondwind/lmstudio/error_message.hpp>
#include <secondwind/policy/classify.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace classifier_fuzz {
namespace {

using namespace secondwind::policy;
using secondwind::fuzz::require;

constexpr std::size_t bound = 4096;

judgement judge(int status, std::string_view type, std::string_view first, std::string_view rest) {
    classifier c{status, type, bound};
    if (!c.push(first))
        c.push(rest);
    c.finish();
    return c.result();
}

void test(std::uint8_t const* data, std::size_t size) {
    // A seed's first line: a digit for the status, a letter for the type, a sign for the split.
    if (size < 4)
        return;
    static constexpr std::array statuses{200, 206, 400, 404, 500};
    static constexpr std::array<std::string_view, 3> types{"application/json", "text/event-stream",
                                                           "text/html"};
    auto const status = statuses[data[0] % statuses.size()];
    auto const type = types[data[1] % types.size()];
    std::string_view const body{reinterpret_cast<char const*>(data + 4), size - 4};
    auto const split = body.size() * data[2] / 256;

    auto const whole = judge(status, type, body, {});
    auto const cut = judge(status, type, body.substr(0, split), body.substr(split));
    require(whole.verdict == cut.verdict && whole.message == cut.message);
    require(whole.message.size() <= 1024);
    require(whole.verdict != verdict::healthy || (status < 400 && whole.message.empty()));

    if (auto const message = secondwind::lmstudio::find_error_message(body);
        message && message->size() <= 1024 && status >= 400 && body.size() <= bound)
        require(whole.message == *message);
}

secondwind::fuzz::target const registered{"classifier", test};

} // namespace
} // namespace classifier_fuzz
