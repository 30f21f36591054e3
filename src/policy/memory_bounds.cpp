#include <secondwind/policy/memory_bounds.hpp>

namespace secondwind::policy {

namespace {

constexpr std::chrono::hours remembered{1};

} // namespace

void memory_bounds::loaded(std::uint64_t bytes, time_point now) noexcept {
    if (auto const known = most_loaded(now); !known || bytes >= *known)
        most_loaded_ = bound{bytes, now};
    if (least_refused_ && bytes >= least_refused_->bytes)
        least_refused_.reset();
    if (least_refused_alone_ && bytes >= least_refused_alone_->bytes)
        least_refused_alone_.reset();
}

void memory_bounds::refused_alone(std::uint64_t bytes, time_point now) noexcept {
    if (auto const known = least_refused_alone(now); !known || bytes <= *known)
        least_refused_alone_ = bound{bytes, now};
}

std::optional<std::uint64_t> memory_bounds::least_refused_alone(time_point now) const noexcept {
    return in_force(least_refused_alone_, now);
}

void memory_bounds::refused(std::uint64_t bytes, time_point now) noexcept {
    if (auto const known = least_refused(now); !known || bytes <= *known)
        least_refused_ = bound{bytes, now};
    if (most_loaded_ && bytes <= most_loaded_->bytes)
        most_loaded_.reset();
}

std::optional<std::uint64_t> memory_bounds::most_loaded(time_point now) const noexcept {
    return in_force(most_loaded_, now);
}

std::optional<std::uint64_t> memory_bounds::least_refused(time_point now) const noexcept {
    return in_force(least_refused_, now);
}

std::optional<std::uint64_t> memory_bounds::in_force(std::optional<bound> const& b,
                                                     time_point now) noexcept {
    return b && now - b->seen < remembered ? std::optional{b->bytes} : std::nullopt;
}

} // namespace secondwind::policy
