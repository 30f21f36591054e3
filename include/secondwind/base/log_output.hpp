// The destination of log lines, and of other lines that must not block the event loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::log {

// Appends lines to a standard stream or to a file without waiting for whoever reads them: what is
// not taken at once stays in a buffer of limited size. A regular file is written at the speed of
// its disk.
class output {
public:
    // The buffer. One line more than that may be in it.
    static constexpr std::size_t most_pending = 1024 * 1024;

    enum class result : std::uint8_t {
        written, // nothing is left in the buffer
        blocked, // the reader takes no more now
        failed   // what was left in the buffer is lost
    };

    // An empty name is standard error. Creates the directory of the file if it is missing. Throws
    // std::runtime_error with a sentence that names the file if it cannot be opened.
    explicit output(std::string const& file);
    enum class stream : std::uint8_t { standard_output, standard_error };
    explicit output(stream to) noexcept { open(to); }
    output(output const&) = delete;
    output& operator=(output const&) = delete;
    ~output();

    // Puts a line into the buffer, and adds its end. The line is lost if the buffer is full.
    void append(std::string_view line);
    // Writes as much of the buffer as is taken now.
    result flush() noexcept;
    // Waits at most so long for the buffer to be written, at the end. What is left then is lost.
    void finish(std::chrono::milliseconds limit) noexcept;

    bool empty() const noexcept { return pending_.empty(); }
    std::size_t bytes() const noexcept { return pending_.size(); }
    // How many lines were lost since the last call.
    std::uint64_t take_lost() noexcept;

private:
    enum class method : std::uint8_t { write, send, poll_and_write };

    void open(stream to) noexcept; // by the system, too
    void lose_pending() noexcept;

    // By the system. Errors are in errno, EAGAIN if nothing is taken now.
    bool open_file(std::string const& name) noexcept;
    std::ptrdiff_t write_some() noexcept;
    // Waits until more is taken.
    void wait(std::chrono::milliseconds limit) const noexcept;
    // Waits until what was taken has got to where it goes, if that would not survive the process.
    void settle(std::chrono::milliseconds limit) const noexcept;

    int descriptor_ = -1;
    method method_ = method::write;
    std::string pending_;
    bool within_line_ = false; // the last byte that was written is not the end of a line
    std::uint64_t lost_ = 0;
};

} // namespace secondwind::log
