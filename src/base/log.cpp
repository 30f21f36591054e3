#include <secondwind/base/log.hpp>

#include <secondwind/base/log_line.hpp>
#include <secondwind/base/log_output.hpp>
#include <secondwind/base/terminal.hpp>

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace secondwind::log {
namespace {

// Lines are gathered up to this size, then written.
constexpr std::size_t most_gathered = 16 * 1024;
// How long shutdown() waits for a reader that takes nothing.
constexpr std::chrono::milliseconds last_wait{1000};

struct log_state {
    std::unique_ptr<log::output> output;
    level least = level::off;
    format rendering = format::text;
    bool gathers = false; // lines may wait for the end of the events: nobody watches them appear
    bool asked = false;   // for a call to flush()
    options how;
};

log_state& state() noexcept {
    static log_state one;
    return one;
}

std::function<void()>& ask_for_flush() noexcept {
    static std::function<void()> one;
    return one;
}

// The texts lie one after another in one block of memory, and each new one takes the place of the
// oldest, so that a line costs a copy of its bytes.
class recent_ring {
public:
    void bound(std::size_t lines, std::size_t bytes) {
        if (lines == 0 || bytes == 0)
            lines = bytes = 0;
        auto const kept = all();
        places_.assign(lines, {});
        room_ = bytes;
        // Not value-initialised: what no line has come to takes no memory.
        bytes_ = std::make_unique_for_overwrite<char[]>(bytes);
        end_ = 0;
        oldest_ = newest_ + 1;
        if (lines == 0 || kept.empty())
            return;
        newest_ = kept.front().number - 1;
        oldest_ = kept.front().number;
        for (auto const& each : kept)
            add(each.level, each.text);
    }

    void add(level l, std::string_view text) {
        if (places_.empty())
            return;
        text = text.substr(0, room_);
        // A text that would not fit before the end of the memory begins at its beginning.
        if (auto const at = end_ % room_; at + text.size() > room_)
            end_ += room_ - at;
        std::memcpy(bytes_.get() + end_ % room_, text.data(), text.size());
        place_of(++newest_) = {end_, text.size(), l};
        end_ += text.size();
        if (newest_ - oldest_ == places_.size())
            ++oldest_;
        while (place_of(oldest_).begin + room_ < end_)
            ++oldest_;
    }

    std::vector<recent_line> all() {
        std::vector<recent_line> lines;
        for (auto number = oldest_; number <= newest_; ++number) {
            auto const& at = place_of(number);
            lines.push_back({number, at.l, {bytes_.get() + at.begin % room_, at.size}});
        }
        return lines;
    }

private:
    struct place {
        std::uint64_t begin = 0; // the bytes of all lines before it, and of the gaps between them
        std::size_t size = 0;
        level l = level::off;
    };
    place& place_of(std::uint64_t number) noexcept { return places_[number % places_.size()]; }

    std::vector<place> places_;
    std::unique_ptr<char[]> bytes_;
    std::size_t room_ = 0;
    std::uint64_t end_ = 0; // of the newest, as `begin`
    std::uint64_t newest_ = 0;
    std::uint64_t oldest_ = 1; // newest_ + 1: there is none
};

recent_ring& recent() noexcept {
    static recent_ring one;
    return one;
}

std::atomic<std::uint64_t> lost{0};
std::uint64_t told = 0; // of those that are lost, how many a line has told

void count_lost(std::uint64_t lines) noexcept {
    lost.fetch_add(lines, std::memory_order_relaxed);
}

void tell_lost() {
    auto const all = dropped();
    if (all == told)
        return;
    auto const before = std::exchange(told, all);
    log::write(level::warn, "log_lines_dropped", {{"lines", all - before}});
    if (dropped() != all)
        told = before; // that line was lost as well
}

void close_output(std::chrono::milliseconds wait) noexcept {
    auto& s = state();
    if (s.output) {
        s.output->finish(wait);
        count_lost(s.output->take_lost());
    }
    s.output.reset();
}

bool goes_to_terminal(options const& wanted) noexcept {
    return wanted.file.empty() && is_terminal(standard_stream::error);
}

} // namespace

void init(options const& how) {
    auto fresh = std::make_unique<log::output>(how.file);
    close_output({}); // requests are being served
    bool const terminal = goes_to_terminal(how);
    auto const rendering = how.format != format::automatic ? how.format
                           : terminal                      ? format::text
                                                           : format::json;
    state() = {std::move(fresh), how.level, rendering, !terminal, false, how};
}

void reopen() {
    if (auto const how = state().how; state().output && !how.file.empty())
        init(how);
}

void shutdown() noexcept {
    close_output(last_wait);
    told = dropped(); // there is nobody to tell
}

bool enabled(level l) noexcept {
    auto const& s = state();
    return s.output != nullptr && l != level::off && l >= s.least;
}

void write(level l, std::string_view event, std::initializer_list<field> fields) {
    write(l, event, fields.begin(), fields.size());
}

void write(level l, std::string_view event, field const* fields, std::size_t count) {
    auto const fill = [fields, count](line_writer& to) { to.add(fields, count); };
    write(l, event, fill);
}

void write(level l, std::string_view event, std::function<void(line_writer&)> const& fill) {
    if (!enabled(l))
        return;
    auto& s = state();
    // One string for all lines of a thread: after the first few lines it is large enough, so a line
    // costs no allocation.
    thread_local std::string line;
    line.clear();
    try {
        line_writer to{line, s.rendering, l, timestamp(std::chrono::system_clock::now()), event};
        fill(to);
        to.finish();
    } catch (std::bad_alloc const&) {
        count_lost(1); // the next line may do better
        return;
    }
    recent().add(l, line);
    s.output->append(line);
    bool const waits = s.gathers && l < level::warn && s.output->bytes() < most_gathered;
    if (!waits || !ask_for_flush())
        flush();
    if (!s.output->empty() && ask_for_flush() && !std::exchange(s.asked, true))
        ask_for_flush()();
}

void gather(std::function<void()> ask) {
    flush();
    ask_for_flush() = std::move(ask);
    state().asked = false;
}

bool flush() noexcept {
    auto& s = state();
    if (!s.output)
        return true;
    bool const waited = !s.output->empty();
    auto const result = s.output->flush();
    count_lost(s.output->take_lost());
    if (result == output::result::blocked)
        return false;
    s.asked = false;
    if (waited && result == output::result::written)
        tell_lost();
    return s.output->empty();
}

void keep_recent(std::size_t lines, std::size_t bytes) {
    recent().bound(lines, bytes);
}

std::vector<recent_line> recent_lines() {
    return recent().all();
}

std::uint64_t dropped() noexcept {
    return lost.load(std::memory_order_relaxed);
}

std::string_view to_string(level l) noexcept {
    switch (l) {
    case level::debug:
        return "debug";
    case level::info:
        return "info";
    case level::warn:
        return "warn";
    case level::error:
        return "error";
    case level::off:
        break;
    }
    return "off";
}

} // namespace secondwind::log
