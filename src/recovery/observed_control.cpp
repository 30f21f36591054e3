#include <secondwind/recovery/observed_control.hpp>

#include <utility>

namespace secondwind::recovery {

net::task<lmstudio::control::listing> observed_control::list(std::string authorization) {
    auto got = co_await control_.list(std::move(authorization));
    view_.note(got);
    co_return got;
}

net::task<policy::inventory> observed_control::with_activity(policy::inventory loaded,
                                                             std::string authorization) {
    auto got = co_await control_.with_activity(std::move(loaded), std::move(authorization));
    view_.note(got);
    co_return got;
}

} // namespace secondwind::recovery
