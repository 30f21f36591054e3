// The tokens that an answer says it has taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::lmstudio {

// Negative: the answer does not tell.
struct token_usage {
    std::int64_t in = -1;  // of the prompt
    std::int64_t out = -1; // generated
    double per_second = -1;
};

// Reads the last "usage" or "stats" in the last `longest_usage_tail` bytes of a text, in the forms
// of LM Studio's interfaces: `usage` of OpenAI (prompt_tokens, completion_tokens; input_tokens,
// output_tokens of Responses) and of Anthropic, `stats` of LM Studio's own (input_tokens,
// total_output_tokens, tokens_per_second), which only its own interfaces (/api/...) fill. What it
// does not tell stays in `into` as it was. The text is searched, not parsed: in generated text the
// quotes are escaped.
void read_usage(std::string_view text, token_usage& into, bool with_stats);
inline constexpr std::size_t longest_usage_tail = 4096;

// Watches the body of an answer for its usage, in any pieces. A stream costs a look at the
// beginning and the end of each ordinary event: only those that may tell it are searched. Of other
// bodies the end is kept, up to longest_usage_tail bytes.
class usage_watch {
public:
    enum class kind : std::uint8_t { none, stream, document };

    void begin(kind of, bool with_stats) noexcept {
        kind_ = of;
        with_stats_ = with_stats;
    }
    bool active() const noexcept { return kind_ != kind::none; }

    void push(std::string_view data) {
        if (kind_ == kind::stream && is_ordinary_event(data))
            carry_.clear();
        else
            push_telling(data);
    }
    // The body is over.
    void finish();

    token_usage& found() noexcept { return found_; }
    token_usage const& found() const noexcept { return found_; }

private:
    static bool is_ordinary_event(std::string_view data) noexcept;
    void push_telling(std::string_view data);

    std::string carry_; // the end of a document, or an event that comes in several pieces
    token_usage found_;
    kind kind_ = kind::none;
    bool with_stats_ = false;
};

} // namespace secondwind::lmstudio
