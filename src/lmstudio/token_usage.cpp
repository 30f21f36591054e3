#include <secondwind/base/ascii.hpp>
#include <secondwind/base/decimal.hpp>
#include <secondwind/lmstudio/token_usage.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace secondwind::lmstudio {
namespace {

constexpr auto nowhere = std::string_view::npos;

// The last `c` among the first `size` bytes, or null: memrchr(), which is much faster than a loop,
// where the system has it.
template<class Pointer>
char const* last_of(Pointer bytes, char c, std::size_t size) noexcept {
    if constexpr (requires { memrchr(bytes, c, size); }) {
        return static_cast<char const*>(memrchr(bytes, c, size));
    } else {
        auto const at = std::string_view{bytes, size}.rfind(c);
        return at == std::string_view::npos ? nullptr : bytes + at;
    }
}

bool is_space(char c) noexcept {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::size_t skip_spaces(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && is_space(text[at]))
        ++at;
    return at;
}

// After `c` and the white space on both sides of it; nowhere if something else comes.
std::size_t after(std::string_view text, std::size_t at, char c) noexcept {
    if (at == nowhere)
        return nowhere;
    at = skip_spaces(text, at);
    return at < text.size() && text[at] == c ? skip_spaces(text, at + 1) : nowhere;
}

// After the last `"usage"`. Few words have a "g", so nearly all of the text is only searched for
// it.
std::size_t after_last_usage(std::string_view text) noexcept {
    static constexpr char word[] = "\"usage\"";
    constexpr std::size_t g = 4;
    for (auto left = text.size(); left > 0;) {
        auto const* const hit = last_of(text.data(), 'g', left);
        if (hit == nullptr)
            return nowhere;
        left = static_cast<std::size_t>(hit - text.data());
        if (left >= g && begins_with(text.substr(left - g), word))
            return left - g + sizeof word - 1;
    }
    return nowhere;
}

std::size_t after_last_stats(std::string_view text) noexcept {
    constexpr std::string_view word = "\"stats\"";
    auto const at = text.rfind(word);
    return at == nowhere ? nowhere : at + word.size();
}

void read_number(std::string_view text, double& into) noexcept {
    if (auto const found = read_decimal(text))
        into = found->value;
}

// A whole number of up to 15 digits; more are no count of tokens. Returns its digits.
std::size_t read_number(std::string_view text, std::int64_t& into) noexcept {
    constexpr std::size_t most = 15;
    std::int64_t value = 0;
    std::size_t at = 0;
    for (; at < std::min(text.size(), most + 1) && text[at] >= '0' && text[at] <= '9'; ++at)
        value = value * 10 + (text[at] - '0');
    if (at == 0 || at > most)
        return 0;
    into = value;
    return at;
}

// Where the number of this member goes; null for other members.
std::int64_t* count_for(std::string_view name, token_usage& into) noexcept {
    switch (name.size()) {
    case 12:
        return name == "input_tokens" ? &into.in : nullptr;
    case 13:
        if (name == "prompt_tokens")
            return &into.in;
        return name == "output_tokens" ? &into.out : nullptr;
    case 17:
        return name == "completion_tokens" ? &into.out : nullptr;
    case 19:
        return name == "total_output_tokens" ? &into.out : nullptr;
    default:
        return nullptr;
    }
}

// Reads the members of the object whose first byte after the bracket is at `at`, until all that is
// wanted is found. Returns where it has stopped.
std::size_t read_members(std::string_view text, std::size_t at, token_usage& into,
                         bool with_speed) {
    token_usage found;
    for (int depth = 1; at < text.size() && depth > 0;) {
        auto const c = text[at++];
        depth += (c == '{') - (c == '}');
        if (c != '"')
            continue;
        auto const end = text.find('"', at);
        if (end == nowhere)
            break;
        auto const name = text.substr(at, end - at);
        auto const value = after(text, end + 1, ':');
        at = end + 1;
        if (value == nowhere)
            continue;
        at = value;
        if (auto* const count = count_for(name, found); count != nullptr && *count < 0)
            read_number(text.substr(value), *count);
        else if (with_speed && name == "tokens_per_second")
            read_number(text.substr(value), found.per_second);
        if (found.in >= 0 && found.out >= 0 && (!with_speed || found.per_second >= 0))
            break;
    }
    if (found.in >= 0)
        into.in = found.in;
    if (found.out >= 0)
        into.out = found.out;
    if (found.per_second >= 0)
        into.per_second = found.per_second;
    return at;
}

// LM Studio's `stats` follow its `usage`. `at` is in the latter.
void read_stats_after(std::string_view text, std::size_t at, token_usage& into) {
    constexpr std::string_view name = "\"stats\"";
    auto end = text.find('}', at);
    if (end == nowhere)
        return;
    // One nested object, with details, may be open.
    if (auto const outer = after(text, end + 1, '}'); outer != nowhere)
        end = outer - 1;
    auto const next = after(text, end + 1, ',');
    if (next == nowhere || !text.substr(next).starts_with(name))
        return;
    auto const begin = after(text, after(text, next + name.size(), ':'), '{');
    if (begin != nowhere)
        read_members(text, begin, into, true);
}

// As nearly all answers have it, so that it costs little. `text` follows the word "usage".
bool read_common_usage(std::string_view text, token_usage& into) noexcept {
    static constexpr char first[] = R"(:{"prompt_tokens":)";
    static constexpr char second[] = R"(,"completion_tokens":)";
    if (!begins_with(text, first))
        return false;
    text.remove_prefix(sizeof first - 1);
    std::int64_t in = 0;
    text.remove_prefix(read_number(text, in));
    std::int64_t out = 0;
    if (!begins_with(text, second) || read_number(text.substr(sizeof second - 1), out) == 0)
        return false;
    into.in = in;
    into.out = out;
    return true;
}

} // namespace

void read_usage(std::string_view text, token_usage& into, bool with_stats) {
    if (text.size() > longest_usage_tail)
        text.remove_prefix(text.size() - longest_usage_tail);
    auto const found = after_last_usage(text);
    if (found != nowhere && !with_stats && read_common_usage(text.substr(found), into))
        return;
    auto const usage = after(text, after(text, found, ':'), '{');
    if (usage != nowhere) {
        auto const end = read_members(text, usage, into, false);
        if (with_stats)
            read_stats_after(text, end, into);
        return;
    }
    if (!with_stats)
        return;
    auto const stats = after(text, after(text, after_last_stats(text), ':'), '{');
    if (stats != nowhere)
        read_members(text, stats, into, true);
}

// One whole event, or several, that certainly tell no usage: those of OpenAI's streams end with
// their choices, and the other interfaces name their events.
bool usage_watch::is_ordinary_event(std::string_view data) noexcept {
    constexpr std::size_t shortest = 24;
    if (data.size() < shortest)
        return false;
    if (begins_with(data.substr(data.size() - 5), "}]}\n\n") ||
        begins_with(data.substr(data.size() - 8), ":null}\n\n"))
        return true;
    if (!begins_with(data, "event: ") || !data.ends_with("\n\n"))
        return false;
    // Of several in one piece, the last may tell it.
    constexpr std::ptrdiff_t longest_name = 64;
    auto const* const line = last_of(data.data(), '\n', data.size() - 2);
    if (line == nullptr || line - data.data() > longest_name)
        return false;
    auto const name = data.substr(7);
    if (begins_with(name, "message_") || begins_with(name, "chat.end"))
        return false;
    return !begins_with(name, "response.comp") && !begins_with(name, "response.inco");
}

void usage_watch::push_telling(std::string_view data) {
    bool const whole = kind_ == kind::stream && data.ends_with("\n\n");
    if (carry_.empty() && whole)
        return read_usage(data, found_, with_stats_);
    if (data.size() >= longest_usage_tail) {
        carry_.assign(data.substr(data.size() - longest_usage_tail));
    } else {
        auto const room = longest_usage_tail - data.size();
        if (carry_.size() > room)
            carry_.erase(0, carry_.size() - room);
        carry_.append(data);
    }
    if (kind_ == kind::stream && carry_.ends_with("\n\n"))
        finish();
}

void usage_watch::finish() {
    if (carry_.empty())
        return;
    read_usage(carry_, found_, with_stats_);
    std::string{}.swap(carry_);
}

} // namespace secondwind::lmstudio
