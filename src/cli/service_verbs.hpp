// The verbs that install, remove and run secondwind as a service of the system.
#pragma once

#include "flags.hpp"

#include <secondwind/cli/command_line.hpp>

#include <CLI/App.hpp>

#include <optional>

namespace secondwind::cli {

class service_verbs {
public:
    // Adds the verbs; they take the flags of `serve`. This object must live until the arguments are
    // parsed.
    service_verbs(CLI::App& app, flag_values& values);

    // The one that was given, if any.
    std::optional<invocation::verb> given() const;

    // What `service run` is to get, besides the configuration file.
    static std::vector<std::string> arguments(flag_values const& values);

private:
    CLI::App* install_ = nullptr;
    CLI::App* remove_ = nullptr;
    CLI::App* run_ = nullptr;
};

} // namespace secondwind::cli
