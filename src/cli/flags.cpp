#include "flags.hpp"

namespace secondwind::cli {

void add_flag(CLI::App& app, flag_values& values, std::string const& names, std::string_view name,
              std::string const& operand, std::string const& help, bool many) {
    auto& given = values[std::string{name}];
    auto* option = app.add_option(
        names,
        [&given](CLI::results_t const& results) {
            given.insert(given.end(), results.begin(), results.end());
            return true;
        },
        help);
    option->type_name(operand);
    option->expected(1);
    // Whether several upstreams are valid is decided by the settings, not here.
    option->multi_option_policy(many ? CLI::MultiOptionPolicy::TakeAll
                                     : CLI::MultiOptionPolicy::Throw);
}

void add_config_flag(CLI::App& app, flag_values& values) {
    add_flag(app, values, "-c," + std::string{config_flag}, config_flag, "FILE",
             "Read this configuration file (or the one that SECONDWIND_CONFIG names)");
}

std::optional<std::string> joined(flag_values const& values, std::string_view name) {
    auto const found = values.find(name);
    if (found == values.end() || found->second.empty())
        return std::nullopt;
    std::string text;
    for (auto const& value : found->second)
        text += (&value == &found->second.front() ? "" : ",") + value;
    return text;
}

bool is_list(config::key const& k) noexcept {
    return k.form == config::json_form::list;
}

} // namespace secondwind::cli
