#include "event_ring.hpp"

#include <utility>

namespace secondwind::admin {

void event_ring::push(std::string event) {
    events_.push_back(std::make_shared<std::string const>(std::move(event)));
    ++newest_;
    if (events_.size() > kept)
        events_.pop_front();
}

event_ring::text event_ring::at(std::uint64_t number) const {
    if (number < oldest() || number > newest_)
        return nullptr;
    return events_[number - oldest()];
}

bool event_ring::has_all_after(std::uint64_t number) const noexcept {
    return number <= newest_ && number >= oldest() - 1;
}

} // namespace secondwind::admin
