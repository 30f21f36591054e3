#include <secondwind/base/log_output.hpp>

#include <secondwind/base/escape.hpp>
#include <secondwind/base/path.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace secondwind::log {

namespace {

// The buffer gives its memory back once it has been written, if it has grown larger than this.
constexpr std::size_t usual_capacity = 64 * 1024;

} // namespace

output::output(std::string const& file) {
    if (file.empty()) {
        open(stream::standard_error);
        return;
    }
    std::error_code ignored; // open_file() fails for the same reason
    if (auto const folder = utf8_path(file).parent_path(); !folder.empty())
        std::filesystem::create_directories(folder, ignored);
    if (!open_file(file))
        throw std::runtime_error{"cannot open the log file " + in_quotes(file) + ": " +
                                 std::generic_category().message(errno)};
}

void output::append(std::string_view line) {
    if (pending_.size() >= most_pending) {
        ++lost_;
        return;
    }
    try {
        // A write that failed has left a part of a line, which must not run into this one.
        if (pending_.empty() && std::exchange(within_line_, false))
            pending_ += '\n';
        pending_.append(line).append(1, '\n');
    } catch (std::bad_alloc const&) {
        ++lost_; // the next line may do better
    }
}

output::result output::flush() noexcept {
    while (!pending_.empty()) {
        auto const written = write_some();
        if (written > 0) {
            auto const bytes = static_cast<std::size_t>(written);
            within_line_ = pending_[bytes - 1] != '\n';
            pending_.erase(0, bytes);
        } else if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return result::blocked;
        } else if (written == 0 || errno != EINTR) {
            lose_pending();
            return result::failed;
        }
    }
    if (pending_.capacity() > usual_capacity)
        std::string{}.swap(pending_);
    return result::written;
}

void output::finish(std::chrono::milliseconds limit) noexcept {
    using clock = std::chrono::steady_clock;
    auto const end = clock::now() + limit;
    while (flush() == result::blocked) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(end - clock::now());
        if (left.count() <= 0)
            break;
        wait(left);
    }
    settle(std::chrono::ceil<std::chrono::milliseconds>(end - clock::now()));
    lose_pending();
}

void output::lose_pending() noexcept {
    // A line end at the front belongs to a line of which the rest was written.
    bool const ended = !pending_.empty() && pending_.front() == '\n';
    lost_ += static_cast<std::uint64_t>(std::ranges::count(pending_, '\n')) - (ended ? 1 : 0);
    pending_.clear();
}

std::uint64_t output::take_lost() noexcept {
    return std::exchange(lost_, 0);
}

} // namespace secondwind::log
