// The log: one line per event, as text for people or JSON for machines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace secondwind::log {

enum class level : std::uint8_t { debug, info, warn, error, off };
enum class format : std::uint8_t { automatic, text, json };

// Values are rendered during the call to write(), so strings need not outlive it.
struct field {
    using value_type = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;
    std::string_view key; // snake_case, static
    value_type value;

    field(std::string_view k, std::string_view v) : key{k}, value{v} {}
    field(std::string_view k, char const* v) : key{k}, value{std::string_view{v}} {}
    field(std::string_view k, std::string const& v) : key{k}, value{std::string_view{v}} {}
    field(std::string_view k, bool v) : key{k}, value{v} {}
    field(std::string_view k, double v) : key{k}, value{v} {}
    field(std::string_view k, int v) : key{k}, value{std::int64_t{v}} {}
    field(std::string_view k, unsigned v) : key{k}, value{std::uint64_t{v}} {}
    field(std::string_view k, std::int64_t v) : key{k}, value{v} {}
    field(std::string_view k, std::uint64_t v) : key{k}, value{v} {}
};

struct options {
    log::level level = level::info;
    log::format format = format::automatic; // automatic: text if the target is a terminal
    std::string file;                       // empty: standard error
    bool operator==(options const&) const = default;
};

// Sets up the logger of the process, or replaces it. Creates the directory of the file if it is
// missing. Throws std::runtime_error with a sentence that names the file if it cannot be opened;
// then nothing has changed. Before the first call, and after shutdown(), lines are discarded. All
// calls are made by one thread.
void init(options const& how);
// Opens a new file of the same name, after the old one was moved away. Without a file it does
// nothing. Throws as init() does.
void reopen();
// Waits for at most a second for lines that are not yet written.
void shutdown() noexcept;

bool enabled(level l) noexcept;

// Writes one line:
//     2026-11-22T10:15:30.123Z info  exchange method=POST path=/v1/chat/completions status=200
//     {"time":"2026-11-22T10:15:30.123Z","level":"info","event":"exchange","method":"POST",...}
// Control characters, quotes and invalid UTF-8 in values are escaped or replaced: no value can
// forge a line. An empty string value leaves its field out. It never waits for whoever reads the
// log: up to a megabyte of lines waits instead, and lines beyond that are dropped, as are those of
// a write that fails (disk full). Dropped lines are counted, and the line "log_lines_dropped"
// follows as soon as lines are written again.
void write(level l, std::string_view event, std::initializer_list<field> fields);
void write(level l, std::string_view event, field const* fields, std::size_t count);

// From now on, lines other than warnings and errors are gathered, unless they go to a terminal:
// `ask` is called when the first line waits, and must arrange a call to flush() soon, ideally after
// the pending events.
// It is also called when lines wait because they are not read. If `ask` is empty, each line is
// written at once, if it can be.
void gather(std::function<void()> ask);
// False while lines wait because they are not read: call it again in a while.
bool flush() noexcept;

// A line that was written, as it was rendered.
struct recent_line {
    std::uint64_t number = 0; // from 1 on, without gaps
    log::level level = log::level::info;
    std::string text;
};
// From now on, keeps the newest lines in memory, for a look at them: at most so many lines and so
// many bytes of them. 0: none, which is so at first.
void keep_recent(std::size_t lines, std::size_t bytes);
// Oldest first.
std::vector<recent_line> recent_lines();

// How many lines were dropped since the process started.
std::uint64_t dropped() noexcept;

// Renders a line, without its line end. `time` is empty in tests and in the demo:
// "info  exchange method=POST ...".
std::string render(log::format f, level l, std::string_view time, std::string_view event,
                   field const* fields, std::size_t count);

std::string_view to_string(level l) noexcept;

} // namespace secondwind::log
