// The verbs of the lab: `secondwind lab VERB`.
#pragma once

#include "flags.hpp"

#include <secondwind/cli/command_line.hpp>

#include <CLI/App.hpp>

#include <map>
#include <optional>
#include <string>

namespace secondwind::cli {

class lab_verbs {
public:
    // Adds the verbs. `values` and this object must live until the arguments are parsed.
    lab_verbs(CLI::App& app, flag_values& values);
    lab_verbs(lab_verbs const&) = delete;
    lab_verbs& operator=(lab_verbs const&) = delete;
    ~lab_verbs() = default;

    bool given() const { return lab_->parsed(); }

    // A complaint about the arguments, as a clause, or nothing.
    std::string complaint();

    lab_command const& read() const { return command_; }

private:
    CLI::App& add(lab_verb verb, std::string const& name, std::string const& help);
    void add_test();

    CLI::App* lab_ = nullptr;
    flag_values& values_;
    std::map<lab_verb, CLI::App*> verbs_;
    lab_command command_;
    std::string host_;
    std::string flash_attention_;
    std::string kv_on_gpu_;
    std::string load_timeout_, prompt_time_, wait_, quiet_;
};

// A hint for a verb or flag of the lab that is given without `lab`; else empty.
std::string meant_lab(CLI::App const& app);

} // namespace secondwind::cli
