#include "slot_file.hpp"

#include <secondwind/base/path.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace secondwind::app {

slot_file::slot_file(std::string const& name, std::size_t slot_size)
    : file_{open_file(utf8_path(name), file_use::change, readers::owner)}, slot_size_{slot_size} {
    if (!file_)
        throw std::system_error{errno, std::generic_category(), name};
    if (!try_lock(file_, sharing::exclusive))
        throw std::system_error{errno, std::generic_category(),
                                errno == EWOULDBLOCK ? name + " is in use by another process"
                                                     : name};
}

std::size_t slot_file::size() const noexcept {
    return static_cast<std::size_t>(std::max<std::int64_t>(size_of(file_), 0));
}

std::vector<char> slot_file::read(std::size_t most) const {
    std::vector<char> all(std::min(size(), most * slot_size_));
    std::size_t got = 0;
    while (got < all.size()) {
        auto const n =
            read_at(file_, static_cast<std::int64_t>(got), all.data() + got, all.size() - got);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        got += static_cast<std::size_t>(std::max<std::ptrdiff_t>(n, 0));
    }
    all.resize(got / slot_size_ * slot_size_);
    return all;
}

void slot_file::resize(std::size_t slots) const {
    auto const wanted = slots * slot_size_;
    auto const now = size_of(file_) < 0 ? wanted : size();
    // If either fails, a later write tells.
    if (now > wanted)
        truncate(file_, static_cast<std::int64_t>(wanted));
    else if (now < wanted)
        write_at(now, std::vector<char>(wanted - now)); // a hole would not keep its place
}

int slot_file::write(std::size_t slot, std::span<char const> content) const noexcept {
    return write_at(slot * slot_size_, content);
}

int slot_file::write_at(std::size_t offset, std::span<char const> content) const noexcept {
    while (!content.empty()) {
        auto const n = secondwind::write_at(file_, static_cast<std::int64_t>(offset),
                                            {content.data(), content.size()});
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : ENOSPC;
        content = content.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::size_t>(n);
    }
    return 0;
}

} // namespace secondwind::app
