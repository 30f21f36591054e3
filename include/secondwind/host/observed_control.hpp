// The calls of control, of which the view of the host learns.
#pragma once

#include <secondwind/host/host_view.hpp>
#include <secondwind/recovery/control.hpp>

#include <optional>
#include <string>

namespace secondwind::host {

// What a recovery asks of a host anyway, nobody needs to ask again. Both must outlive it.
class observed_control final : public recovery::control {
public:
    observed_control(recovery::control& of, host_view& by) noexcept : control_{of}, view_{by} {}

    net::task<listing> list(std::string authorization) override;
    net::task<lmstudio::inventory> with_activity(lmstudio::inventory loaded,
                                                 std::string authorization) override;
    net::task<std::optional<std::string>> version() override { return control_.version(); }
    net::task<unloading> unload(std::string instance_id, std::string authorization) override {
        return control_.unload(std::move(instance_id), std::move(authorization));
    }

private:
    recovery::control& control_;
    host_view& view_;
};

} // namespace secondwind::host
