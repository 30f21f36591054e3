// The settings in force.
#pragma once

#include <secondwind/config/config.hpp>

#include <memory>
#include <utility>

namespace secondwind::config {

// One version of the settings. It never changes: a reload makes a new one.
using settings_ptr = std::shared_ptr<settings const>;

// Says which version is in force. Objects that live as long as the process keep a reference to this
// object, and read each value when they need it. A request keeps the version that was in force when
// the request began, so nothing that it refers to changes or goes away while it runs.
class current_settings {
public:
    explicit current_settings(settings_ptr initial) noexcept : version_{std::move(initial)} {}
    explicit current_settings(settings initial) { replace(std::move(initial)); }
    current_settings(current_settings const&) = delete;
    current_settings& operator=(current_settings const&) = delete;

    settings const* operator->() const noexcept { return version_.get(); }
    settings const& operator*() const noexcept { return *version_; }
    settings_ptr const& version() const noexcept { return version_; }

    // Puts other settings in force. References to values of the previous version then remain valid
    // only for owners of that version.
    void replace(settings next) { version_ = std::make_shared<settings const>(std::move(next)); }

private:
    settings_ptr version_; // never null
};

} // namespace secondwind::config
