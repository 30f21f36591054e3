#include <secondwind/recovery/line.hpp>

#include <secondwind/net/timed_wait.hpp>

namespace secondwind::recovery {

net::task<void> line::place::await_call(net::deadline_queue& deadlines,
                                        std::optional<time_point> until) {
    using std::chrono::milliseconds;
    if (!until) {
        net::gate::waiter call{wake_};
        co_await call;
        co_return;
    }
    net::timed_wait call{wake_, deadlines,
                         std::chrono::ceil<milliseconds>(*until - deadlines.now())};
    co_await call;
}

} // namespace secondwind::recovery
