// Which idle connection is used next, and which has been idle for too long. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace secondwind::host {

// Last in, first out: the connection used last is used next, and those that a burst left over
// expire. `T` owns a connection; destroying it closes the connection.
template<class T>
class idle_set {
public:
    using time_point = std::chrono::steady_clock::time_point;

    void push(T item, time_point expires) { items_.push_back({std::move(item), expires}); }

    // The one that came last and has not expired; expired ones that came after it are dropped.
    std::optional<T> take(time_point now) {
        while (!items_.empty()) {
            auto last = std::move(items_.back());
            items_.pop_back();
            if (last.expires > now)
                return std::move(last.item);
        }
        return std::nullopt;
    }

    // Drops those that have expired, and returns when the next one will.
    std::optional<time_point> expire(time_point now) {
        std::erase_if(items_, [now](entry const& e) { return e.expires <= now; });
        auto const next =
            std::min_element(items_.begin(), items_.end(),
                             [](entry const& a, entry const& b) { return a.expires < b.expires; });
        return next == items_.end() ? std::nullopt : std::optional{next->expires};
    }

    void clear() noexcept { items_.clear(); }
    std::size_t size() const noexcept { return items_.size(); }
    bool empty() const noexcept { return items_.empty(); }

private:
    struct entry {
        T item;
        time_point expires;
    };
    std::vector<entry> items_;
};

} // namespace secondwind::host
