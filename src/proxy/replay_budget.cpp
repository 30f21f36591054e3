#include <secondwind/proxy/replay_budget.hpp>

namespace secondwind::proxy {

bool replay_budget::lacks(bool large, std::uint64_t bytes) const noexcept {
    return difference(total_, all_.used) + all_.leaving < bytes ||
           (large && difference(share_, large_.used) + large_.leaving < bytes);
}

// A large body is never made room for by a small one.
replay_account& replay_budget::largest(bool large) noexcept {
    replay_account* found = nullptr;
    for (auto& each : arriving_)
        if ((each.large_ || !large) && (!found || each.charged_ > found->charged_))
            found = &each;
    return *found;
}

void replay_budget::wake() {
    for (auto& each : arriving_)
        if (each.waits_)
            each.reader_->on_memory();
}

void replay_account::settle() noexcept {
    if (charged_ == 0 && allocated_ == 0)
        return;
    auto const give_back = [this](auto& from) {
        from.used -= charged_;
        if (given_up_)
            from.leaving -= charged_;
    };
    give_back(budget_.all_);
    if (large_)
        give_back(budget_.large_);
    budget_.allocated_ -= allocated_;
    charged_ = allocated_ = 0;
    if (budget_.waiting_ > 0)
        budget_.wake();
}

void replay_account::start(reader& r) noexcept {
    reader_ = &r;
    budget_.arriving_.push_back(*this);
}

void replay_account::stop() noexcept {
    wait(false);
    unlink();
    reader_ = nullptr;
}

void replay_account::wait(bool waits) noexcept {
    if (waits == waits_)
        return;
    waits_ = waits;
    budget_.waiting_ += waits ? 1 : -1ULL;
}

void replay_account::ask(std::uint64_t bytes) {
    while (!given_up_ && budget_.lacks(large_, bytes))
        budget_.largest(large_).give_up();
}

void replay_account::give_up() {
    if (given_up_)
        return;
    given_up_ = true;
    ++budget_.given_up_;
    budget_.all_.leaving += charged_;
    if (large_)
        budget_.large_.leaving += charged_;
    auto* const informed = reader_;
    stop();
    informed->on_given_up();
}

} // namespace secondwind::proxy
