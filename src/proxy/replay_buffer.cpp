#include <secondwind/proxy/replay_buffer.hpp>

#include <algorithm>
#include <cstring>

namespace secondwind::proxy {

namespace {

// What a body of unknown length, or with too long an announcement, gets at first.
constexpr std::size_t first_block = replay_budget::small;

} // namespace

bool replay_buffer::expect(std::uint64_t size) noexcept {
    if (size > limit_)
        return false;
    expected_ = size;
    account_.expect(size);
    return true;
}

bool replay_buffer::append(std::string_view bytes) {
    if (!fits(bytes.size()) || !affords(bytes.size()))
        return false;
    if (bytes.empty())
        return true;
    grow(size_ + bytes.size());
    std::memcpy(data_.get() + size_, bytes.data(), bytes.size());
    commit(bytes.size());
    return true;
}

std::span<char> replay_buffer::room(std::uint64_t wanted) {
    auto const most = static_cast<std::size_t>(std::min(wanted, account_.affords()));
    if (size_ == capacity_)
        grow(size_ + std::min(most, first_block));
    return {data_.get() + size_, std::min(most, capacity_ - size_)};
}

// One block for the whole body where its length is known, as long as announcements do not add up to
// more than the budget; else doubling keeps the copying linear.
void replay_buffer::grow(std::size_t size) {
    if (size <= capacity_)
        return;
    auto larger = std::max<std::uint64_t>(size, expected_);
    bool const whole = expected_ >= size && (expected_ <= replay_budget::small ||
                                             account_.may_allocate(expected_ - capacity_));
    if (!whole) {
        auto const bound = expected_ >= size ? expected_ : limit_;
        larger = std::min<std::uint64_t>(std::max(size, capacity_ * 2), bound);
    }
    // Not value-initialised: memory that a client only announces is never touched.
    auto block = std::make_unique_for_overwrite<char[]>(static_cast<std::size_t>(larger));
    if (size_ > 0)
        std::memcpy(block.get(), data_.get(), size_);
    data_ = std::move(block);
    account_.allocated(larger - capacity_);
    capacity_ = static_cast<std::size_t>(larger);
}

void replay_buffer::release() noexcept {
    data_.reset();
    account_.settle();
    size_ = capacity_ = 0;
}

} // namespace secondwind::proxy
