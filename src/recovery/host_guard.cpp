#include <secondwind/recovery/host_guard.hpp>

#include <utility>

namespace secondwind::recovery {

void host_guard::begin(std::shared_ptr<record> r) {
    auto const previous = std::exchange(latest_, std::move(r));
    if (previous)
        concluded(*previous);
}

void host_guard::open() {
    if (latest_->succeeded())
        ++epoch_;
    gate_.open();
}

// The latest recovery may still admit an error that comes late, and an older one the exchanges that
// await it.
void host_guard::concluded(record& r) const noexcept {
    if (&r != latest_.get() && r.awaiting == 0)
        r.forget_models();
}

} // namespace secondwind::recovery
