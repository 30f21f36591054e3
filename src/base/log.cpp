#include <secondwind/base/log.hpp>

#include <secondwind/base/escape.hpp>
#include <secondwind/base/log_line.hpp>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>

namespace secondwind::log {
namespace {

// spdlog's own sink for standard error ignores what fwrite returns, so that a full disk under a
// redirection would not be noticed.
class standard_error_sink final : public spdlog::sinks::base_sink<std::mutex> {
protected:
    void sink_it_(spdlog::details::log_msg const& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        if (std::fwrite(line.data(), 1, line.size(), stderr) != line.size()) {
            auto const code = errno;
            std::clearerr(stderr);
            throw spdlog::spdlog_ex{"standard error cannot be written", code};
        }
    }

    void flush_() override { std::fflush(stderr); }
};

struct sink_state {
    std::unique_ptr<spdlog::logger> logger;
    format rendering = format::text;
    bool gathers = false;      // lines of a file may be buffered
    std::uint64_t waiting = 0; // lines that are not known to be written
    options how;
};

sink_state& state() noexcept {
    static sink_state one;
    return one;
}

std::function<void()>& ask_for_flush() noexcept {
    static std::function<void()> one;
    return one;
}

std::atomic<std::uint64_t> lost{0};

void count_lost() noexcept {
    auto const lines = std::max<std::uint64_t>(1, std::exchange(state().waiting, 0));
    lost.fetch_add(lines, std::memory_order_relaxed);
}

spdlog::level::level_enum spdlog_level(level l) noexcept {
    switch (l) {
    case level::debug:
        return spdlog::level::debug;
    case level::info:
        return spdlog::level::info;
    case level::warn:
        return spdlog::level::warn;
    case level::error:
        return spdlog::level::err;
    case level::off:
        break;
    }
    return spdlog::level::off;
}

spdlog::sink_ptr open_sink(std::string const& file) {
    if (file.empty())
        return std::make_shared<standard_error_sink>();
    try {
        return std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    } catch (spdlog::spdlog_ex const& e) {
        // Its text is "Failed opening file NAME for writing: REASON"; our sentence already has the
        // name.
        std::string_view const text = e.what();
        auto const reason = text.rfind(": ");
        throw std::runtime_error{
            "cannot open the log file " + in_quotes(file) +
            std::string{reason == std::string_view::npos ? ": " : ""} +
            std::string{text.substr(reason == std::string_view::npos ? 0 : reason)}};
    }
}

format resolve(options const& how) noexcept {
    if (how.format != format::automatic)
        return how.format;
    bool const terminal = how.file.empty() && ::isatty(STDERR_FILENO) == 1;
    return terminal ? format::text : format::json;
}

} // namespace

void init(options const& how) {
    auto logger = std::make_unique<spdlog::logger>("secondwind", open_sink(how.file));
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
    logger->set_level(spdlog_level(how.level));
    logger->flush_on(spdlog::level::warn);
    logger->set_error_handler([](std::string const&) { count_lost(); });
    flush();
    state() = {std::move(logger), resolve(how), !how.file.empty(), 0, how};
}

void reopen() {
    if (auto const how = state().how; state().logger && !how.file.empty())
        init(how);
}

void shutdown() noexcept {
    state().logger.reset();
}

bool enabled(level l) noexcept {
    auto const& logger = state().logger;
    return logger != nullptr && l != level::off && logger->should_log(spdlog_level(l));
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
    auto const now = std::chrono::system_clock::now();
    try {
        append_line(line, state().rendering, l, timestamp(now), event, fields, count);
    } catch (std::bad_alloc const&) {
        lost.fetch_add(1, std::memory_order_relaxed); // the next line may do better
        return;
    }
    auto& [logger, rendering, gathers, waiting, how] = state();
    ++waiting;
    logger->log(now, spdlog::source_loc{}, spdlog_level(l), line);
    if (l >= level::warn)
        waiting = 0;
    else if (!gathers || !ask_for_flush())
        flush();
    else if (waiting == 1)
        ask_for_flush()();
}

void gather(std::function<void()> ask) {
    flush();
    ask_for_flush() = std::move(ask);
}

void flush() noexcept {
    if (auto const& logger = state().logger)
        logger->flush();
    state().waiting = 0;
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
