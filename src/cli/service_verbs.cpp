#include "service_verbs.hpp"

namespace secondwind::cli {

namespace {

void add_serve_flags(CLI::App& app, flag_values& values) {
    add_config_flag(app, values);
    for (auto const& k : config::keys())
        if (!k.flag.empty())
            add_flag(app, values, k.flag, k.flag, k.operand, k.help, is_list(k));
}

} // namespace

service_verbs::service_verbs(CLI::App& app, flag_values& values) {
    auto* service = app.add_subcommand("service", "Run secondwind as a service of the system");
    service->require_subcommand(1);
    install_ = service->add_subcommand(
        "install", "Install it, to start with the system; it gets the flags given here");
    add_serve_flags(*install_, values);
    remove_ = service->add_subcommand("remove", "Stop it, and remove it");
    run_ = service->add_subcommand("run", "Only the system calls this");
    add_serve_flags(*run_, values);
}

std::optional<invocation::verb> service_verbs::given() const {
    if (install_->parsed())
        return invocation::verb::install_service;
    if (remove_->parsed())
        return invocation::verb::remove_service;
    return run_->parsed() ? std::optional{invocation::verb::run_service} : std::nullopt;
}

std::vector<std::string> service_verbs::arguments(flag_values const& values) {
    std::vector<std::string> all;
    for (auto const& [flag, given] : values)
        for (auto const& value : given)
            if (flag != config_flag)
                all.insert(all.end(), {flag, value});
    return all;
}

} // namespace secondwind::cli
