#include <secondwind/base/log.hpp>

#include <secondwind/base/log_line.hpp>
#include <secondwind/base/log_output.hpp>
#include <secondwind/base/terminal.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <utility>

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

class recent_ring {
public:
    void bound(std::size_t lines, std::size_t bytes) {
        most_lines_ = lines;
        most_bytes_ = bytes;
        trim();
    }

    void add(level l, std::string const& text) {
        if (most_lines_ == 0)
            return;
        recent_line line{++newest_, l, {}};
        // The memory of the line that goes is used again.
        if (lines_.size() >= most_lines_)
            line.text = remove_oldest();
        line.text = text;
        bytes_ += text.size();
        lines_.push_back(std::move(line));
        trim();
    }

    std::deque<recent_line> const& lines() const noexcept { return lines_; }

private:
    std::string remove_oldest() {
        auto text = std::move(lines_.front().text);
        bytes_ -= text.size();
        lines_.pop_front();
        return text;
    }

    void trim() {
        while (lines_.size() > most_lines_ || (bytes_ > most_bytes_ && lines_.size() > 1))
            remove_oldest();
    }

    std::deque<recent_line> lines_;
    std::size_t bytes_ = 0;
    std::size_t most_lines_ = 0;
    std::size_t most_bytes_ = 0;
    std::uint64_t newest_ = 0;
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
    if (!enabled(l))
        return;
    // One string for all lines of a thread: after the first few lines it is large enough, so a line
    // costs no allocation.
    thread_local std::string line;
    line.clear();
    try {
        append_line(line, state().rendering, l, timestamp(std::chrono::system_clock::now()), event,
                    fields, count);
        recent().add(l, line);
    } catch (std::bad_alloc const&) {
        count_lost(1); // the next line may do better
        return;
    }
    auto& s = state();
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

std::deque<recent_line> const& recent_lines() noexcept {
    return recent().lines();
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
