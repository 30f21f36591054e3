#include <secondwind/policy/pace.hpp>

#include <algorithm>

namespace secondwind::policy {

namespace {

constexpr double weight_of_a_request = 0.2;
// Of a load, what is left of its weight after another one.
constexpr double fading = 0.7;
// Who has seen little is not to misjudge a host so much that it is never tried again.
constexpr double first_bytes = 10e9;
// What a load takes whatever the size of the model.
constexpr seconds start_of_a_load{1};

} // namespace

void pace::served(std::string_view model, seconds took) {
    ++lessons_;
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
    // Sums, so that a small model counts little: most of its load is not reading.
    bytes_ = fading * bytes_ + static_cast<double>(bytes);
    reading_ = fading * reading_ + reading;
}

std::optional<seconds> pace::of(std::string_view model) const noexcept {
    auto const known = served_.find(model);
    return known == served_.end() ? std::nullopt : std::optional{known->second};
}

double pace::rate(double first) const noexcept {
    return (first_bytes + bytes_) / (first_bytes / first + reading_.count());
}

seconds pace::load_time(std::uint64_t bytes, double rate) const noexcept {
    return start_of_a_load + seconds{static_cast<double>(bytes) / this->rate(rate)};
}

} // namespace secondwind::policy
