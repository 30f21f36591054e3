// Flags that may stand before the verb or after it.
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

// `names` is what CLI11 takes, `name` the one under which the values are kept.
void add_flag(CLI::App& app, flag_values& values, std::string const& names, std::string_view name,
              std::string const& operand, std::string const& help, bool many = false);
void add_config_flag(CLI::App& app, flag_values& values);

// The values of a flag that is written once as a rule; a list's are joined as the environment
// writes them.
std::optional<std::string> joined(flag_values const& values, std::string_view name);

bool is_list(config::key const& k) noexcept;

} // namespace secondwind::cli
