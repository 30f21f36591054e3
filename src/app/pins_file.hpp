// What operators have pinned while secondwind ran, besides recovery.pinned of the configuration.
#pragma once

#include <secondwind/config/current_settings.hpp>

#include <string>
#include <vector>

namespace secondwind::app {

// {"schema":1,"pinned":["qwen/qwen3-8b"]} in pins.json in the state directory (state.directory);
// without one, pins end with the process.
class pins_file {
public:
    // Must outlive it.
    explicit pins_file(config::current_settings const& settings) : settings_{settings} {}

    // Reads the file. One that cannot be used is logged and left as it is.
    void read();
    // Adds them to what the configuration pins.
    void add_to(config::settings& settings) const;
    // Writes the file anew. Returns why that failed, as a clause, or nothing.
    std::string keep(std::vector<std::string> pins);

    std::vector<std::string> const& pins() const noexcept { return pins_; }
    std::string place() const; // empty: there is none

private:
    config::current_settings const& settings_;
    std::vector<std::string> pins_;
};

} // namespace secondwind::app
