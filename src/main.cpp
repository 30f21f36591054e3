#include <secondwind/app/doctor.hpp>
#include <secondwind/app/key_verb.hpp>
#include <secondwind/app/loops.hpp>
#include <secondwind/app/named_files.hpp>
#include <secondwind/app/operator.hpp>
#include <secondwind/app/publish.hpp>
#include <secondwind/app/serve.hpp>
#include <secondwind/app/system_service.hpp>
#include <secondwind/base/build.hpp>
#include <secondwind/base/escape.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/base/path.hpp>
#include <secondwind/base/signals.hpp>
#include <secondwind/base/system.hpp>
#include <secondwind/cli/command_line.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/demo/demo.hpp>
#include <secondwind/demo/emulate.hpp>
#include <secondwind/lab/lab.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace {

using namespace secondwind;

constexpr int exit_config = 78; // EX_CONFIG of sysexits.h

std::optional<std::string> environment(std::string const& name) {
    auto const* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>{value} : std::nullopt;
}

std::optional<std::string> environment_of_service(std::string const& name) {
    auto value = environment(name);
    std::error_code unreadable;
    auto const file = app::system_service::usual_config_file();
    if (name == "SECONDWIND_CONFIG" && !value &&
        std::filesystem::exists(utf8_path(file), unreadable))
        value = file;
    return value;
}

config::file_content read_file(std::string const& path) {
    struct closer {
        void operator()(std::FILE* f) const noexcept { std::fclose(f); }
    };
    std::unique_ptr<std::FILE, closer> const file{std::fopen(path.c_str(), "rb")};
    std::string text;
    std::array<char, 4096> block{};
    std::size_t size = file ? std::fread(block.data(), 1, block.size(), file.get()) : 0;
    for (; size > 0; size = std::fread(block.data(), 1, block.size(), file.get()))
        text.append(block.data(), size);
    // A directory can be opened, but not read.
    if (!file || std::ferror(file.get()) != 0)
        return std::error_code{errno, std::generic_category()};
    return text;
}

int check(config::builder const& settings) {
    app::refuse_loops(settings.value(), true);
    for (auto const& entry : settings.effective())
        fmt::print("{:<30} {:<32} {}\n", entry.key, entry.value, entry.source);
    for (auto const& note : settings.notes())
        fmt::print(stderr, "secondwind: note: {}\n", note);
    if (auto const open = config::open_to_network(settings.value()); !open.empty())
        fmt::print(stderr, "secondwind: warning: {} is open to the network: {}\n", open,
                   config::close_to_network);
    if (auto const names = config::mixed_tokens(settings.value()); !names.empty())
        fmt::print(stderr, "secondwind: warning: {} have different API tokens: {}\n", names,
                   config::one_token_for_all);
    // The service may run as another user, and get directories that are made for it.
    for (auto const& fault : app::faults_of_written_files(settings))
        fmt::print(stderr, "secondwind: warning: {}: as this user, secondwind would not start\n",
                   fault);
    return 0;
}

int run_operator(app::operator_verb verb, cli::operator_flags const& flags) {
    app::operator_command command;
    command.verb = verb;
    command.server = {flags.admin_host, flags.admin_port, flags.token,
                      flags.tls,        flags.ca_file,    flags.certificate_file};
    command.json = flags.json;
    command.model = flags.model;
    command.value = flags.value;
    command.context = flags.context;
    command.path = flags.path;
    command.host = flags.host;
    command.client = flags.client;
    command.status = flags.status;
    command.limit = flags.limit;
    command.instances = flags.instances;
    command.all = flags.all;
    command.yes = flags.yes;
    command.wait = flags.wait;
    return app::run_operator(command, app::process_console());
}

int emulate(cli::emulate_flags const& flags) {
    if (flags.machine_file.empty())
        return demo::emulate(demo::example_machine(), "the example", flags.listen);
    auto const content = read_file(flags.machine_file);
    if (!content.text())
        throw config::config_error{
            in_quotes(flags.machine_file) +
            ": the machine's file (--machine) cannot be read: " + content.error().message()};
    return demo::emulate(*content.text(), flags.machine_file, flags.listen);
}

app::doctor_command doctor_command_of(cli::invocation const& invocation) {
    auto const& trying = invocation.trying;
    return {invocation.json, trying.models, trying.report_file, trying.yes};
}

bool is_run_as_service(int argc, char** argv) {
    return app::system_service::is_available() && argc > 2 &&
           std::string_view{argv[1]} == "service" && std::string_view{argv[2]} == "run";
}

cli::invocation read_layers(int argc, char** argv) {
    auto lookup = environment;
    if (is_run_as_service(argc, argv))
        lookup = environment_of_service;
    return cli::parse(argc, argv, environment_names(), lookup, read_file, app::faults_of_files,
                      base::version_with_commit(), app::system_service::is_available());
}

config::builder settings_of(cli::invocation const& invocation) {
    auto settings = invocation.settings;
    if (invocation.chosen == cli::invocation::verb::run_service &&
        settings.value().logging.file.empty())
        settings.add_flag("log.file", app::system_service::usual_log_file(), "service run");
    return settings;
}

int serve(cli::invocation const& invocation, bool admin_chosen, int argc, char** argv) {
    auto const settings = settings_of(invocation);
    log::init(settings.value().logging);
    for (auto const& note : invocation.settings.notes())
        log::write(log::level::info, "config_note", {{"note", note}});
    return app::serve(settings, admin_chosen,
                      [argc, argv] { return settings_of(read_layers(argc, argv)); });
}

// The service starts in another directory, so its arguments name the file with its whole path.
int install_service(cli::invocation const& invocation) {
    auto arguments = invocation.service_arguments;
    if (!invocation.config_file.empty()) {
        auto const path = std::filesystem::absolute(utf8_path(invocation.config_file)).string();
        arguments.insert(arguments.end(), {"-c", path});
    }
    return app::system_service::install(arguments);
}

// A service has no standard error. What is wrong with its configuration, or stops it, is in the
// usual log, or in that of the configuration once this is known.
void open_log_of_service() noexcept {
    log::options usual;
    try {
        usual.file = app::system_service::usual_log_file();
        log::init(usual);
    } catch (std::exception const&) {
        return; // there is nobody to tell
    }
}

void complain(std::string_view text, bool as_service) {
    if (!as_service)
        return fmt::print(stderr, "secondwind: {}\n", text);
    if (!log::enabled(log::level::error))
        open_log_of_service();
    log::write(log::level::error, "service_failed", {{"error", text}});
}

int run(int argc, char** argv) {
    auto const invocation = read_layers(argc, argv);
    bool const admin_chosen = !invocation.settings.is_default("admin.listen");
    using verb = cli::invocation::verb;
    switch (invocation.chosen) {
    case verb::exit:
        if (invocation.output_is_error && is_run_as_service(argc, argv))
            complain(invocation.output, true);
        else
            fmt::print(invocation.output_is_error ? stderr : stdout, "{}", invocation.output);
        return invocation.exit_code;
    case verb::check:
        if (auto const code = check(invocation.settings); code != 0 || !invocation.live)
            return code;
        return app::run_doctor(invocation.settings.value(), {}, app::process_console());
    case verb::doctor:
        app::refuse_loops(invocation.settings.value(), true);
        return app::run_doctor(invocation.settings.value(), doctor_command_of(invocation),
                               app::process_console());
    case verb::lab: {
        auto command = invocation.experimenting;
        command.program = base::version();
        auto const& settings = invocation.settings.value();
        auto const publish = [&settings](std::string const& host_url, std::string const& document) {
            auto [reached, error] = app::publish_results(settings, host_url, document);
            return lab::publication{reached, std::move(error)};
        };
        return lab::run_lab(settings, command, publish, app::process_console());
    }
    case verb::serve:
    case verb::run_service:
        return serve(invocation, admin_chosen, argc, argv);
    case verb::install_service:
        return install_service(invocation);
    case verb::remove_service:
        return app::system_service::remove();
    case verb::make_key:
        return app::make_client_key(invocation.making.name, invocation.making.json);
    case verb::hash_key:
        return app::hash_client_key(std::cin);
    case verb::demo:
        log::init(invocation.settings.value().logging);
        return demo::run(invocation.settings.value(), invocation.once, admin_chosen);
    case verb::emulate:
        return emulate(invocation.emulating);
    case verb::status:
        return run_operator(app::operator_verb::status, invocation.operating);
    case verb::models:
        return run_operator(app::operator_verb::models, invocation.operating);
    case verb::requests:
        return run_operator(app::operator_verb::requests, invocation.operating);
    case verb::route:
        return run_operator(app::operator_verb::route, invocation.operating);
    case verb::explain:
        return run_operator(app::operator_verb::explain, invocation.operating);
    case verb::unload:
        return run_operator(app::operator_verb::unload, invocation.operating);
    case verb::load:
        return run_operator(app::operator_verb::load, invocation.operating);
    case verb::drain:
        return run_operator(app::operator_verb::drain, invocation.operating);
    case verb::undrain:
        return run_operator(app::operator_verb::undrain, invocation.operating);
    case verb::cancel:
        return run_operator(app::operator_verb::cancel, invocation.operating);
    case verb::mode:
        return run_operator(app::operator_verb::mode, invocation.operating);
    case verb::evict:
        return run_operator(app::operator_verb::evict, invocation.operating);
    case verb::pin:
        return run_operator(app::operator_verb::pin, invocation.operating);
    case verb::unpin:
        return run_operator(app::operator_verb::unpin, invocation.operating);
    case verb::reload:
        return run_operator(app::operator_verb::reload, invocation.operating);
    case verb::events:
        return run_operator(app::operator_verb::events, invocation.operating);
    case verb::health:
        return run_operator(app::operator_verb::health, invocation.operating);
    }
    return 1;
}

int run_to_end(int argc, char** argv) {
    int code = 1;
    bool const as_service = is_run_as_service(argc, argv);
    if (as_service)
        open_log_of_service();
    try {
        code = run(argc, argv);
    } catch (config::config_error const& e) {
        for (auto const& fault : e.faults())
            complain(fault, as_service);
        code = exit_config;
    } catch (std::exception const& e) {
        complain(e.what(), as_service);
    }
    log::shutdown();
    return code;
}

} // namespace

int main(int argc, char** argv) {
    begin_process();
    signals::watch_console();
    auto const work = [argc, argv] { return run_to_end(argc, argv); };
    return is_run_as_service(argc, argv) ? app::system_service::run(work) : work();
}
