// Whose turn it is among requests that wait for the same thing. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <list>
#include <string>
#include <string_view>

namespace secondwind::policy {

// Clients take turns, however many requests each of them has here; those of one client go in the
// order in which they came. So between two clients that wait, the numbers of requests that were
// served differ by one at most. It refers to what waits, and owns none of it.
template<class Waiter>
class fair_queue {
public:
    // It must be taken out by served() or left() before it is destroyed.
    void add(std::string_view client, Waiter& one) {
        auto line = std::ranges::find(lines_, client, &clients_line::client);
        if (line == lines_.end())
            line = lines_.insert(lines_.end(), {std::string{client}, {}});
        line->waiting.push_back(&one);
        ++size_;
    }

    // The first one that can go; those that cannot do not hold up the others. Null if there is
    // none.
    template<class CanGo>
    Waiter* next(CanGo can_go) const {
        for (auto const& line : lines_)
            for (auto* const one : line.waiting)
                if (can_go(*one))
                    return one;
        return nullptr;
    }

    // It goes: the other clients are next.
    void served(Waiter& one) {
        auto const line = take_out(one);
        if (line != lines_.end())
            lines_.splice(lines_.end(), lines_, line);
    }
    // It waits no longer. Its client keeps its place.
    void left(Waiter& one) { take_out(one); }

    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }

private:
    struct clients_line {
        std::string client;
        std::deque<Waiter*> waiting; // never empty
    };
    using lines = std::list<clients_line>;

    // Its line, if others of its client are left.
    typename lines::iterator take_out(Waiter& one) {
        for (auto line = lines_.begin(); line != lines_.end(); ++line) {
            auto const at = std::ranges::find(line->waiting, &one);
            if (at == line->waiting.end())
                continue;
            line->waiting.erase(at);
            --size_;
            if (!line->waiting.empty())
                return line;
            lines_.erase(line);
            break;
        }
        return lines_.end();
    }

    lines lines_; // the first is that of the client whose turn it is
    std::size_t size_ = 0;
};

} // namespace secondwind::policy
