// The operator's verbs: clients of a running secondwind.
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
    // Adds the verbs. `values` and this object must live until the arguments are parsed.
    operator_verbs(CLI::App& app, flag_values& values);
    operator_verbs(operator_verbs const&) = delete;
    operator_verbs& operator=(operator_verbs const&) = delete;
    ~operator_verbs() = default;

    // The one that was given, if any.
    std::optional<invocation::verb> given() const;

    // A complaint about its arguments, as a clause, or nothing.
    std::string complaint() const;

    // Its arguments, and the address of the server: --admin, else admin.listen of the settings; for
    // `load`, listen of the settings. Throws config_error if that is no address to connect to, or
    // if the file with the key cannot be read.
    operator_flags read(config::settings const& settings,
                        config::file_reader const& read_file) const;

private:
    void add_requests(CLI::App& app);
    void add_load(CLI::App& app);
    void add_drain(CLI::App& app);
    void add_changes(CLI::App& app);
    CLI::App& add(CLI::App& app, invocation::verb verb, std::string const& name,
                  std::string const& help);

    flag_values& values_;
    std::map<invocation::verb, CLI::App*> verbs_;
    operator_flags flags_;
    std::string host_;
    std::string key_file_;
};

} // namespace secondwind::cli
