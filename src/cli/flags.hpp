// Flags that are allowed before and after the verb.
#pragma once

#include <secondwind/config/keys.hpp>

#include <CLI/App.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::cli {

constexpr std::string_view config_flag = "--config";
constexpr std::string_view admin_flag = "--admin";

// The values given for each flag, those before and those after the verb.
using flag_values = std::map<std::string, std::vector<std::string>, std::less<>>;

// `names` is the form for CLI11, and `name` the name under which the values are stored.
void add_flag(CLI::App& app, flag_values& values, std::string const& names, std::string_view name,
              std::string const& operand, std::string const& help, bool many = false);
void add_config_flag(CLI::App& app, flag_values& values);

// The values of a flag that is usually given once; several values of a list are joined in the form
// for the environment.
std::optional<std::string> joined(flag_values const& values, std::string_view name);

bool is_list(config::key const& k) noexcept;

} // namespace secondwind::cli
