#include <secondwind/host/observed_control.hpp>

#include <utility>

namespace secondwind::host {

net::task<recovery::control::listing> observed_control::list(std::string authorization) {
    auto got = co_await control_.list(std::move(authorization));
    view_.note(got);
    co_return got;
}

net::task<lmstudio::inventory> observed_control::with_activity(lmstudio::inventory loaded,
                                                               std::string authorization) {
    auto got = co_await control_.with_activity(std::move(loaded), std::move(authorization));
    view_.note(got);
    co_return got;
}

} // namespace secondwind::host
