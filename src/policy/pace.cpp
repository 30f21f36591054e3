#include <secondwind/policy/pace.hpp>

#include <algorithm>

namespace secondwind::policy {

namespace {

constexpr double weight_of_a_request = 0.2;
constexpr double weight_of_a_load = 0.3;
// What a load takes whatever the size of the model.
constexpr seconds start_of_a_load{1};

} // namespace

void pace::served(std::string_view model, seconds took) {
    auto const known = served_.find(model);
    if (known != served_.end()) {
        known->second += weight_of_a_request * (took - known->second);
        return;
    }
    if (served_.size() == most)
        served_.clear();
    served_.emplace(model, took);
}

void pace::loaded(std::uint64_t bytes, seconds took) noexcept {
    if (bytes == 0 || took < shortest_load)
        return;
    auto const reading = std::max(took - start_of_a_load, took / 10);
    auto const rate = static_cast<double>(bytes) / reading.count();
    rate_ = rate_ ? *rate_ + weight_of_a_load * (rate - *rate_) : rate;
}

std::optional<seconds> pace::of(std::string_view model) const noexcept {
    auto const known = served_.find(model);
    return known == served_.end() ? std::nullopt : std::optional{known->second};
}

seconds pace::load_time(std::uint64_t bytes, double rate) const noexcept {
    return start_of_a_load + seconds{static_cast<double>(bytes) / rate_.value_or(rate)};
}

} // namespace secondwind::policy
