// The verbs that ask a secondwind that runs elsewhere.
#pragma once

#include "flags.hpp"

#include <secondwind/cli/command_line.hpp>

#include <CLI/App.hpp>

#include <map>
#include <optional>
#include <string>

namespace secondwind::cli {

class operator_verbs {
public:
    // Adds the verbs. `values` and this must live until the arguments are parsed.
    operator_verbs(CLI::App& app, flag_values& values);
    operator_verbs(operator_verbs const&) = delete;
    operator_verbs& operator=(operator_verbs const&) = delete;
    ~operator_verbs() = default;

    // Which of them was given, if one was.
    std::optional<invocation::verb> given() const;

    // What is wrong with how it was given, as a clause, or nothing.
    std::string complaint() const;

    // What it was given, and where the server is: --admin, else the settings' own listener. Throws
    // config_error where that is no place to connect to.
    operator_flags read(config::settings const& settings) const;

private:
    CLI::App& add(CLI::App& app, invocation::verb verb, std::string const& name,
                  std::string const& help);

    flag_values& values_;
    std::map<invocation::verb, CLI::App*> verbs_;
    operator_flags flags_;
    std::string host_;
    bool follow_ = false;
};

} // namespace secondwind::cli
