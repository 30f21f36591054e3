#include <secondwind/proxy/replay_buffer.hpp>

#include <algorithm>

namespace secondwind::proxy {

bool replay_buffer::reserve(std::size_t size) {
    if (size <= capacity_)
        return true;
    if (size > limit_ || !budget_.take(size - capacity_))
        return false;
    // Not value-initialised: memory that a client only announces is never touched.
    auto larger = std::make_unique_for_overwrite<char[]>(size);
    if (size_ > 0)
        std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = size;
    return true;
}

bool replay_buffer::append(std::string_view bytes) {
    auto const needed = size_ + bytes.size();
    if (needed > capacity_) {
        // Doubling keeps the copying linear; at a limit, just what is needed may still fit.
        auto const roomy = std::max<std::size_t>(needed, capacity_ * 2);
        if (!reserve(roomy) && !reserve(needed))
            return false;
    }
    if (!bytes.empty())
        std::memcpy(data_.get() + size_, bytes.data(), bytes.size());
    size_ = needed;
    return true;
}

void replay_buffer::release() noexcept {
    data_.reset();
    budget_.give(capacity_);
    size_ = capacity_ = 0;
}

} // namespace secondwind::proxy
