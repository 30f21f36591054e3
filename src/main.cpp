#include <secondwind/app/client_key.hpp>
#include <secondwind/app/operator.hpp>
#include <secondwind/app/serve.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/cli/command_line.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/demo/demo.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

extern char** environ; // POSIX

namespace {

using namespace secondwind;

constexpr int exit_config = 78; // EX_CONFIG of sysexits.h

std::optional<std::string> environment(std::string const& name) {
    auto const* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>{value} : std::nullopt;
}

std::vector<std::string> environment_names() {
    std::vector<std::string> names;
    for (char** entry = environ; *entry; ++entry) {
        std::string_view const text{*entry};
        names.emplace_back(text.substr(0, text.find('=')));
    }
    return names;
}

std::optional<std::string> read_file(std::string const& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file)
        return std::nullopt;
    try {
        return std::string{std::istreambuf_iterator<char>{file}, {}};
    } catch (std::ios_base::failure const&) {
        return std::nullopt; // a directory opens well, and cannot be read
    }
}

int check(config::builder const& settings) {
    for (auto const& entry : settings.effective())
        fmt::print("{:<30} {:<32} {}\n", entry.key, entry.value, entry.source);
    if (auto const open = config::open_to_network(settings.value()); !open.empty())
        fmt::print(stderr, "secondwind: warning: {} is open to the network: {}\n", open,
                   config::close_to_network);
    return 0;
}

int operate(app::operator_order::verb verb, cli::operator_flags const& flags) {
    app::operator_order order;
    order.what = verb;
    order.where = {flags.admin_host, flags.admin_port, flags.token,
                   flags.tls,        flags.ca_file,    flags.certificate_file};
    order.json = flags.json;
    order.once = flags.once;
    order.host = flags.host;
    order.instances = flags.instances;
    order.all = flags.all;
    order.yes = flags.yes;
    return app::operate(order, app::around_process());
}

cli::invocation read_layers(int argc, char** argv) {
    return cli::parse(argc, argv, environment_names(), environment, read_file, SECONDWIND_VERSION);
}

int run(int argc, char** argv) {
    auto const asked = read_layers(argc, argv);
    bool const admin_chosen = !asked.settings.is_default("admin.listen");
    using verb = cli::invocation::verb;
    switch (asked.chosen) {
    case verb::exit:
        fmt::print(asked.output_is_error ? stderr : stdout, "{}", asked.output);
        return asked.exit_code;
    case verb::check:
        return check(asked.settings);
    case verb::serve:
        log::init(asked.settings.value().logging);
        return app::serve(asked.settings.value(), admin_chosen,
                          [argc, argv] { return read_layers(argc, argv).settings.value(); });
    case verb::make_key:
        return app::make_client_key(asked.making.name, asked.making.json);
    case verb::hash_key:
        return app::hash_client_key(std::cin);
    case verb::demo:
        log::init(asked.settings.value().logging);
        return demo::run(asked.settings.value(), asked.once, admin_chosen);
    case verb::status:
        return operate(app::operator_order::verb::status, asked.operating);
    case verb::models:
        return operate(app::operator_order::verb::models, asked.operating);
    case verb::unload:
        return operate(app::operator_order::verb::unload, asked.operating);
    case verb::events:
        return operate(app::operator_order::verb::events, asked.operating);
    case verb::health:
        return operate(app::operator_order::verb::health, asked.operating);
    }
    return 1;
}

} // namespace

int main(int argc, char** argv) {
    // A client that left is an error code of a write, never a reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    int code = 1;
    try {
        code = run(argc, argv);
    } catch (config::config_error const& e) {
        fmt::print(stderr, "secondwind: {}\n", e.what());
        code = exit_config;
    } catch (std::exception const& e) {
        fmt::print(stderr, "secondwind: {}\n", e.what());
    }
    log::shutdown();
    return code;
}
