// One line for one real event, as text for people or JSON for machines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace secondwind::log {

enum class level : std::uint8_t { debug, info, warn, error, off };
enum class format : std::uint8_t { automatic, text, json };

// A value is rendered when the line is; strings are copied then and need only live for the call.
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

// Sets up the one logger of the process, or another one in its place. Throws std::runtime_error
// with a sentence that names the file if it cannot be opened (its directory is made if it is
// missing); then nothing has changed. Until it was called, and after shutdown(), lines go nowhere.
// None of the three may run while another thread writes.
void init(options const& how);
// Goes on in a new file of the same name, after the old one was moved away; without a file it does
// nothing. Throws as init() does.
void reopen();
void shutdown() noexcept;

bool enabled(level l) noexcept;

// Writes one line:
//     2026-11-22T10:15:30.123Z info  exchange method=POST path=/v1/chat/completions status=200
//     {"time":"2026-11-22T10:15:30.123Z","level":"info","event":"exchange","method":"POST",...}
// Control characters, quotes and invalid UTF-8 in values are escaped or replaced: no value can
// forge a line. An empty string value leaves its field out. A write that fails (disk full) is
// counted and never stops the process.
void write(level l, std::string_view event, std::initializer_list<field> fields);
void write(level l, std::string_view event, field const* fields, std::size_t count);

// From now on the lines of a file, but for warnings and errors, may wait for each other: `ask` is
// called when the first one waits, and sees to it that flush() is called soon, best when the events
// that are at hand have been dealt with. Without it (empty) each line is written at once.
void gather(std::function<void()> ask);
void flush() noexcept;

// How many lines could not be written since the process began.
std::uint64_t dropped() noexcept;

// Renders a line, without its line end. Without a time (empty) for tests and for the demo:
// "info  exchange method=POST ...".
std::string render(log::format f, level l, std::string_view time, std::string_view event,
                   field const* fields, std::size_t count);

std::string_view to_string(level l) noexcept;

} // namespace secondwind::log
