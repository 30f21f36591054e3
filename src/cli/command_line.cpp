#include <secondwind/cli/command_line.hpp>

#include "lab_verbs.hpp"
#include "operator_verbs.hpp"
#include "service_verbs.hpp"
#include "unexpected_argument.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/config/address.hpp>
#include <secondwind/config/keys.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <sstream>
#include <utility>

namespace secondwind::cli {
namespace {

constexpr int usage_fault = 2;
constexpr auto footer =
    "Every setting can be given in the configuration file or, as SECONDWIND_<SECTION>_<KEY>, in "
    "the\n"
    "environment; those listed above also as flags. Flags override the environment, which\n"
    "overrides the file.\n"
    "Exit codes: 0 success, 1 runtime failure, 2 wrong usage, 78 unusable configuration.";

// The verbs for clients' keys; they need no running secondwind.
class key_verbs {
public:
    // Adds the verbs. This object must live until the arguments are parsed.
    explicit key_verbs(CLI::App& app);
    key_verbs(key_verbs const&) = delete;
    key_verbs& operator=(key_verbs const&) = delete;
    ~key_verbs() = default;

    // The one that was given, if any.
    std::optional<invocation::verb> given() const;

    // A complaint about its arguments, as a clause, or nothing.
    std::string complaint(flag_values const& values) const;

    key_flags read() const { return flags_; }

private:
    CLI::App* make_ = nullptr;
    CLI::App* hash_ = nullptr;
    key_flags flags_;
};

key_verbs::key_verbs(CLI::App& app) {
    auto* key = app.add_subcommand("key", "Make API keys for clients (clients.api_keys)");
    key->require_subcommand(1);
    key->footer("Exit codes: 0 success, 1 runtime failure, 2 wrong usage.");
    make_ = key->add_subcommand(
        "new", "Make a key and print it once, with the line for the configuration");
    make_
        ->add_option("NAME", flags_.name,
                     "Name of the client that gets the key, as the log shows it")
        ->required();
    make_->add_flag("--json", flags_.json, "Print it as JSON");
    hash_ = key->add_subcommand("hash",
                                "Read a key of your own from standard input, and print its hash");
}

std::optional<invocation::verb> key_verbs::given() const {
    if (make_->parsed())
        return invocation::verb::make_key;
    return hash_->parsed() ? std::optional{invocation::verb::hash_key} : std::nullopt;
}

std::string key_verbs::complaint(flag_values const& values) const {
    for (auto const& [flag, given] : values)
        if (!given.empty())
            return "key takes no " + flag;
    if (make_->parsed() && !config::is_name(flags_.name))
        return "key new: " + config::expected_but_got(config::name_form, flags_.name);
    return {};
}

constexpr std::string_view listen_flag = "--listen";

// An emulated host; it uses no settings of the proxy.
class emulate_verb {
public:
    // Adds the verb. This object must live until the arguments are parsed.
    emulate_verb(CLI::App& app, flag_values& values) {
        verb_ = app.add_subcommand("emulate", "Serve an emulated LM Studio, to try things out");
        verb_
            ->add_option("--machine", file_,
                         "Its memory and models: see docs/emulator.md (default: an example)")
            ->type_name("FILE");
        add_flag(*verb_, values, std::string{listen_flag}, listen_flag, "ADDR:PORT",
                 "Its address (default 127.0.0.1:1234)");
        verb_->footer("It runs until SIGINT or SIGTERM, and reads no configuration.");
    }
    emulate_verb(emulate_verb const&) = delete;
    emulate_verb& operator=(emulate_verb const&) = delete;
    ~emulate_verb() = default;

    bool given() const { return verb_->parsed(); }

    // A complaint about its arguments, as a clause, or nothing.
    static std::string complaint(flag_values const& values) {
        for (auto const& [flag, given] : values)
            if (!given.empty() && flag != listen_flag)
                return "emulate takes no " + flag;
        return {};
    }

    emulate_flags read(flag_values const& values) const {
        emulate_flags flags;
        flags.machine_file = file_;
        if (auto const text = joined(values, listen_flag)) {
            auto const address = config::parse_endpoint(*text);
            if (!address)
                throw config::config_error{
                    std::string{listen_flag} + ": " +
                    config::expected_but_got("ADDRESS:PORT with a numeric address", *text)};
            flags.listen = *address;
        }
        return flags;
    }

private:
    CLI::App* verb_ = nullptr;
    std::string file_;
};

void add_flags(CLI::App& app, flag_values& values, bool with_host) {
    add_config_flag(app, values);
    for (auto const& k : config::keys())
        if (!k.flag.empty() && (with_host || !is_list(k)))
            add_flag(app, values, k.flag, k.flag, k.operand, k.help, is_list(k));
}

void add_trial(CLI::App& doctor, trial_flags& into) {
    constexpr int models = 2;
    auto* const try_flag =
        doctor
            .add_option("--try", into.models,
                        "Provoke one recovery with two models that do not fit into memory together")
            ->expected(models)
            ->type_name("MODEL_A MODEL_B");
    doctor
        .add_option("--report", into.report_file,
                    "Save LM Studio's answers in this new file, for a bug report")
        ->type_name("FILE")
        ->needs(try_flag);
    doctor.add_flag("--yes", into.yes, "Try without confirmation")->needs(try_flag);
}

// "lab test", or nothing without a verb.
std::string given_verb(CLI::App const& app) {
    auto const verbs = app.get_subcommands();
    if (verbs.empty())
        return {};
    auto const rest = given_verb(*verbs.front());
    return verbs.front()->get_name() + (rest.empty() ? "" : " " + rest);
}

invocation usage_error(CLI::App const& app, std::string const& message) {
    auto const verb = given_verb(app);
    invocation result;
    result.chosen = invocation::verb::exit;
    result.exit_code = usage_fault;
    result.output = "secondwind: " + message + "\nRun secondwind " +
                    (verb.empty() ? "--help" : "help " + verb) + " for more.\n";
    result.output_is_error = true;
    return result;
}

invocation from_exit(CLI::App const& app, CLI::ParseError const& error) {
    if (auto const verb = given_verb(app); error.get_name() == "RequiredError" &&
                                           error.what() == std::string{"A subcommand is required"})
        return usage_error(app, verb + " needs a verb of its own");
    if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success))
        return usage_error(app, error.what());
    std::ostringstream out;
    std::ostringstream err;
    invocation result;
    result.chosen = invocation::verb::exit;
    result.exit_code = app.exit(error, out, err);
    result.output = out.str();
    return result;
}

void add_file(config::builder& settings, std::string const& path, std::string const& given_by,
              config::file_reader const& read_file) {
    auto const content = read_file(path);
    if (!content.text())
        throw config::config_error{in_quotes(path) + ": the configuration file (" + given_by +
                                   ") cannot be read: " + content.error().message()};
    settings.add_file(*content.text(), path, read_file);
}

// Runs steps, and throws the faults of all of them together.
class step_list {
public:
    template<class Step>
    void run(Step const& step) {
        try {
            step();
        } catch (config::config_error const& e) {
            add(e.faults());
        }
    }
    void add(std::vector<std::string> const& faults) {
        faults_.insert(faults_.end(), faults.begin(), faults.end());
    }
    bool has_faults() const noexcept { return !faults_.empty(); }
    void finish() const {
        if (has_faults())
            throw config::config_error{faults_};
    }

private:
    std::vector<std::string> faults_;
};

} // namespace

invocation parse(int argc, char const* const* argv,
                 std::vector<std::string> const& environment_names,
                 std::function<std::optional<std::string>(std::string const& name)> environment,
                 config::file_reader read_file, file_inspector inspect_files,
                 std::string_view version, bool has_services) {
    CLI::App app{"A transparent reverse proxy that gives LM Studio requests a second wind",
                 "secondwind"};
    app.footer(footer);
    app.set_version_flag("-v,--version", "secondwind " + std::string{version});
    app.require_subcommand(0, 1);

    invocation result;
    flag_values values;
    add_flags(app, values, true);
    auto* serve = app.add_subcommand("serve", "Run the proxy (the default)");
    add_flags(*serve, values, true);
    auto* demo = app.add_subcommand(
        "demo", "Show a recovery: an emulated LM Studio with little memory behind the proxy");
    add_flags(*demo, values, false);
    demo->add_flag("--once", result.once, "Exit after one recovery");
    demo->footer("It takes the addresses, the admin listener, the limits, the timeouts and the log "
                 "from\nthe configuration file, the environment and the flags, but no upstreams, "
                 "keys of\nclients, certificates or settings of recoveries.");
    emulate_verb const emulation{app, values};
    auto* check = app.add_subcommand(
        "check", "Check the configuration and print it, each value with its source");
    add_flags(*check, values, true);
    check->add_flag("--live", result.live, "Ask the hosts as well, as doctor does");
    auto* doctor =
        app.add_subcommand("doctor", "Ask the hosts whether recoveries will work, and what to do");
    add_flags(*doctor, values, true);
    doctor->add_flag("--json", result.json, "Print the findings as JSON");
    add_trial(*doctor, result.trying);
    doctor->footer(
        "It needs no running secondwind. Without --try, nothing is loaded and nothing is "
        "unloaded.\n"
        "Exit codes: 0 recovery will work on all hosts, 1 on one it cannot, or the trial failed.");
    operator_verbs const operators{app, values};
    lab_verbs experiments{app, values};
    key_verbs const about_keys{app};
    std::optional<service_verbs> services;
    if (has_services)
        services.emplace(app, values);
    auto* version_verb = app.add_subcommand("version", "Print the version");
    auto* help = app.add_subcommand("help", "Print help for secondwind, or for a verb");
    std::vector<std::string> topic;
    help->add_option("VERB", topic, "The verb");
    for (auto* verb : {version_verb, help})
        verb->footer(""); // no setting has a flag there

    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        if (auto const message = meant_lab(app); !message.empty())
            return usage_error(app, message);
        if (auto const message = unexpected_argument(app); !message.empty())
            return usage_error(app, message);
        return from_exit(app, error);
    }

    if (version_verb->parsed() || help->parsed()) {
        if (auto const message = unknown_verb(app, topic); !message.empty())
            return usage_error(app, message);
        topic.insert(topic.begin(), "secondwind");
        topic.emplace_back(help->parsed() ? "--help" : "--version");
        std::vector<char const*> words;
        words.reserve(topic.size());
        for (auto const& word : topic)
            words.push_back(word.c_str());
        return parse(static_cast<int>(words.size()), words.data(), environment_names,
                     std::move(environment), std::move(read_file), std::move(inspect_files),
                     version, has_services);
    }

    // CLI11 treats a flag before the verb and the same flag after it as two.
    for (auto const& [flag, given] : values) {
        bool const may_repeat = std::ranges::any_of(
            config::keys(), [&name = flag](auto const& k) { return is_list(k) && k.flag == name; });
        if (given.size() > 1 && !may_repeat)
            return usage_error(app, flag + " is given twice");
    }

    if (auto const complaint = operators.complaint(); !complaint.empty())
        return usage_error(app, complaint);

    if (auto const complaint = experiments.complaint(); !complaint.empty())
        return usage_error(app, complaint);

    if (about_keys.given()) {
        auto const complaint = about_keys.complaint(values);
        if (!complaint.empty())
            return usage_error(app, complaint);
        result.chosen = *about_keys.given();
        result.making = about_keys.read();
        return result;
    }

    if (emulation.given()) {
        if (auto const complaint = emulate_verb::complaint(values); !complaint.empty())
            return usage_error(app, complaint);
        result.chosen = invocation::verb::emulate;
        result.emulating = emulation.read(values);
        return result;
    }

    auto const service = services ? services->given() : std::nullopt;
    if (service == invocation::verb::remove_service) {
        result.chosen = *service;
        return result;
    }
    if (service) {
        result.config_file = joined(values, config_flag).value_or("");
        result.service_arguments = service_verbs::arguments(values);
    }

    step_list steps;
    if (demo->parsed()) {
        result.chosen = invocation::verb::demo;
        for (auto const& k : config::keys())
            if (is_list(k) && joined(values, k.flag))
                return usage_error(app, "demo takes no " + k.flag);
        // The narration replaces the log, unless another layer asks for it.
        result.settings.add_flag("log.level", "warn", "demo");
    } else {
        auto const otherwise = check->parsed()       ? invocation::verb::check
                               : doctor->parsed()    ? invocation::verb::doctor
                               : experiments.given() ? invocation::verb::lab
                                                     : invocation::verb::serve;
        result.chosen = operators.given().value_or(service.value_or(otherwise));
    }
    steps.run([&] {
        if (auto const path = joined(values, config_flag))
            add_file(result.settings, *path, std::string{config_flag}, read_file);
        else if (auto const variable = environment("SECONDWIND_CONFIG"))
            add_file(result.settings, *variable, "SECONDWIND_CONFIG", read_file);
    });
    steps.run([&] { result.settings.add_environment(environment_names, environment, read_file); });
    if (!operators.given())
        for (auto const& k : config::keys())
            if (auto const value = k.flag.empty() ? std::nullopt : joined(values, k.flag))
                steps.run([&] { result.settings.add_flag(k.name, *value, k.flag); });
    // A value that was refused may be what another one needs.
    if (!steps.has_faults())
        steps.run([&] { result.settings.check(); });
    // The demo uses none of these files.
    if (!operators.given() && !demo->parsed() && inspect_files)
        steps.add(inspect_files(result.settings));
    steps.finish();
    if (experiments.given())
        result.experimenting = experiments.read();
    if (operators.given())
        result.operating = operators.read(result.settings.value(), read_file);
    return result;
}

} // namespace secondwind::cli
