#include <secondwind/emulator/signal.hpp>

namespace secondwind::emulator {

namespace {

// A waiting coroutine may be destroyed with the io_context instead of being resumed.
class listed {
public:
    listed(std::list<asio::steady_timer*>& list, asio::steady_timer& timer)
        : list_{list}, at_{list.insert(list.end(), &timer)} {}
    ~listed() { list_.erase(at_); }
    listed(listed const&) = delete;
    listed& operator=(listed const&) = delete;

private:
    std::list<asio::steady_timer*>& list_;
    std::list<asio::steady_timer*>::iterator at_;
};

} // namespace

void signal::notify() {
    for (auto* timer : waiting_)
        timer->cancel();
}

asio::awaitable<bool> signal::until(std::function<bool()> holds, clock::time_point limit) {
    asio::steady_timer timer{executor_};
    while (!holds()) {
        if (clock::now() >= limit)
            co_return false;
        timer.expires_at(limit);
        listed const entry{waiting_, timer};
        co_await timer.async_wait(nothrow);
    }
    co_return true;
}

} // namespace secondwind::emulator
