// The verbs that make what clients show, and ask nobody for anything.
#pragma once

#include "flags.hpp"

#include <secondwind/cli/command_line.hpp>

#include <CLI/App.hpp>

#include <optional>
#include <string>

namespace secondwind::cli {

class key_verbs {
public:
    // Adds the verbs. This must live until the arguments are parsed.
    explicit key_verbs(CLI::App& app);
    key_verbs(key_verbs const&) = delete;
    key_verbs& operator=(key_verbs const&) = delete;
    ~key_verbs() = default;

    // Which of them was given, if one was.
    std::optional<invocation::verb> given() const;

    // What is wrong with how it was given, as a clause, or nothing.
    std::string complaint(flag_values const& values) const;

    key_flags read() const { return flags_; }

private:
    CLI::App* make_ = nullptr;
    CLI::App* hash_ = nullptr;
    key_flags flags_;
};

} // namespace secondwind::cli
