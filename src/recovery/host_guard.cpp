#include <secondwind/recovery/host_guard.hpp>

namespace secondwind::recovery {

void host_guard::finish() {
    if (current_->succeeded())
        ++epoch_;
    last_ = std::move(current_);
    current_.reset();
    gate_.open();
}

} // namespace secondwind::recovery
