// Watches a stream that is already on its way to the client for an error that a recovery could
// heal.
#pragma once

#include <secondwind/policy/classify.hpp>
#include <secondwind/policy/signature.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace secondwind::policy {

// Events are not parsed: bytes are searched for what every error event contains, `"error"` or
// "event: error", and only an event with one of them is looked at closely, in the way of the
// classifier. In generated text the quotes are escaped, so it is hardly ever looked at without
// need. Costs one pass of memchr over the bytes, and a copy of an event that comes in several
// pieces.
class tail_watch {
public:
    // `rules` must outlive it. `status` is the answer's: a rule may ask for one.
    explicit tail_watch(std::span<rule const> rules = {}, int status = 200) noexcept
        : rules_{rules}, status_{status} {}

    // The stream's next bytes, without their transfer coding, in any pieces.
    void push(std::string_view data);

    // The stream ended: its last event may lack the empty line.
    void finish();

    // The first error that is one of memory, of a corrupt cache, or of a model that was unloaded.
    std::optional<judgement> const& found() const noexcept { return found_; }

    // A longer event than this is no error of LM Studio's, and is not kept.
    static constexpr std::size_t longest_event = 64 * 1024;

private:
    void push_carried(std::string_view data);
    void search(std::string_view events);
    void look(std::string_view event, bool at_start);

    std::span<rule const> rules_;
    int status_;
    std::string carry_;     // the event that has not ended yet; its last bytes while `skipping_`
    bool skipping_ = false; // it is too long
    bool at_start_ = true;  // of the stream, where a byte order mark may stand
    std::optional<judgement> found_;
};

} // namespace secondwind::policy
