#include "activity.hpp"

#include <chrono>
#include <utility>

namespace secondwind::emulator {

namespace {

std::int64_t now() {
    auto const since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

} // namespace

activity::activity(std::shared_ptr<machine> m, std::uint64_t serial)
    : m_{std::move(m)}, serial_{serial} {
    auto& use = m_->used[serial_];
    ++use.running;
    use.last_used = now();
}

activity::~activity() {
    auto& use = m_->used[serial_];
    --use.running;
    if (generating_)
        --use.generating;
    use.last_used = now();
    m_->notify();
}

void activity::first_token() {
    if (generating_)
        return;
    generating_ = true;
    ++m_->used[serial_].generating;
}

} // namespace secondwind::emulator
