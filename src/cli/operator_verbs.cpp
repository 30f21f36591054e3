#include "operator_verbs.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/config/address.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <CLI/Validators.hpp>

namespace secondwind::cli {
namespace {

constexpr std::string_view place_form =
    "ADDRESS:PORT or http[s]://HOST:PORT of a running secondwind's admin listener, as "
    "127.0.0.1:9235";

[[noreturn]] void refuse_place(std::string_view text) {
    throw config::config_error{std::string{admin_flag} + ": " +
                               config::expected_but_got(place_form, text)};
}

// In a URL the port may be omitted.
void read_place(std::string const& text, operator_flags& into) {
    bool const is_url = text.find("://") != std::string::npos;
    auto const colon = text.rfind(':');
    bool const has_port = colon != std::string::npos && text.find(']', colon) == std::string::npos;
    config::upstream place;
    if ((!is_url && !has_port) ||
        !config::read_url(is_url ? text : "http://" + text, place).empty())
        refuse_place(text);
    into.admin_host = config::without_wildcard(place.host);
    into.admin_port = place.port;
    into.tls = place.tls;
}

void take_place(config::settings const& settings, operator_flags& into) {
    auto const& listen = settings.admin.listen;
    if (!listen)
        throw config::config_error{"admin.listen is \"off\", so there is no admin listener: give "
                                   "the address of another secondwind with --admin ADDR:PORT"};
    if (listen->port == 0)
        throw config::config_error{"admin.listen has port 0, which means any free port: take the "
                                   "actual port from the log, and give it with --admin ADDR:PORT"};
    into.admin_host = config::without_wildcard(listen->address);
    into.admin_port = listen->port;
    into.certificate_file = settings.admin.certificate.certificate_file;
    into.tls = !into.certificate_file.empty();
    into.token = settings.admin.token;
}

// The listener for clients.
void take_listener(config::settings const& settings, operator_flags& into) {
    auto const& listen = settings.listen;
    if (listen.port == 0)
        throw config::config_error{"listen has port 0, which means any free port: take the actual "
                                   "port from the log, and set SECONDWIND_LISTEN to it"};
    into.admin_host = config::without_wildcard(listen.address);
    into.admin_port = listen.port;
    into.certificate_file = settings.tls.certificate_file;
    into.tls = !into.certificate_file.empty();
}

// The key of a client, from the first line of a file.
std::string read_key(std::string const& path, config::file_reader const& read_file) {
    auto const content = read_file(path);
    if (!content.text())
        throw config::config_error{"--key-file: " + in_quotes(path) +
                                   " cannot be read: " + content.error().message()};
    auto key = content.text()->substr(0, content.text()->find('\n'));
    if (key.ends_with('\r'))
        key.pop_back();
    return key;
}

// The words that a verb takes; none if it takes others.
std::span<std::string_view const> values_of(invocation::verb verb) noexcept {
    static constexpr std::array<std::string_view, 3> modes{"on", "observe", "off"};
    static constexpr std::array<std::string_view, 3> evictions{"idle", "enough", "all"};
    if (verb == invocation::verb::mode)
        return modes;
    if (verb == invocation::verb::evict)
        return evictions;
    return {};
}

} // namespace

operator_verbs::operator_verbs(CLI::App& app, flag_values& values) : values_{values} {
    using verb = invocation::verb;
    add(app, verb::status, "status", "Show the state of a running secondwind");
    add(app, verb::models, "models", "List the hosts' models, loaded and on disk");
    add_requests(app);
    auto& route = add(app, verb::route, "route", "Show which host a request for a model goes to");
    route.add_option("MODEL", flags_.model, "Name of the model, as the request gives it")
        ->required();
    route.add_option("--path", flags_.path, "Path of the request, if not /v1/chat/completions")
        ->type_name("PATH");
    auto& explain =
        add(app, verb::explain, "explain", "Show what a recovery for a model would unload now");
    explain.add_option("MODEL", flags_.model, "Name of the model, as a request gives it")
        ->required();
    explain.add_option("--host", host_, "Only on this host")->type_name("NAME");
    auto& unload = add(app, verb::unload, "unload", "Unload model instances from a host");
    unload.add_option("ID", flags_.instances, "Instances to unload, as `models` lists them");
    unload.add_flag("--all", flags_.all, "Unload all loaded instances");
    unload.add_option("--host", host_, "On this host; required if there are several")
        ->type_name("NAME");
    unload.add_flag("--yes", flags_.yes, "Do not ask for confirmation");
    add_load(app);
    add_drain(app);
    add_changes(app);
    add(app, verb::reload, "reload", "Make a running secondwind read its configuration again");
    add(app, verb::events, "events", "Show events as they happen, until Ctrl-C");
    add(app, verb::health, "health",
        "Exit with 0 if secondwind is ready for requests, otherwise with 1");
}

CLI::App& operator_verbs::add(CLI::App& app, invocation::verb verb, std::string const& name,
                              std::string const& help) {
    auto* one = app.add_subcommand(name, help);
    add_config_flag(*one, values_);
    add_flag(*one, values_, std::string{admin_flag}, admin_flag, "ADDR:PORT|URL",
             "Address of secondwind's admin listener (default: admin.listen)");
    one->add_option(
           "--ca", flags_.ca_file,
           "PEM file of the CA that signed the listener's certificate, if the system does not "
           "trust it")
        ->type_name("FILE");
    one->add_flag("--json", flags_.json, "Print the response as JSON, unchanged");
    one->footer(
        "The token is read from SECONDWIND_ADMIN_TOKEN, SECONDWIND_ADMIN_TOKEN_FILE or the\n"
        "configuration file (admin.token).");
    verbs_[verb] = one;
    return *one;
}

void operator_verbs::add_requests(CLI::App& app) {
    auto& requests = add(app, invocation::verb::requests, "requests",
                         "List the newest requests that have ended");
    requests.add_option("--model", flags_.model, "Only for this model, as the requests name it")
        ->type_name("MODEL");
    requests.add_option("--host", host_, "Only those of this host")->type_name("NAME");
    requests.add_option("--client", flags_.client, "Only of the client with this key's name")
        ->type_name("NAME");
    requests.add_option("--status", flags_.status, "Only with this status, as 404 or 5xx")
        ->type_name("STATUS");
    requests.add_option("--limit", flags_.limit, "At most so many, 1 to 500 (default 50)")
        ->type_name("N");
}

// It is a request of a client, so that it makes room for the model as any other does.
void operator_verbs::add_load(CLI::App& app) {
    auto* load = app.add_subcommand("load", "Load a model, and make room for it if necessary");
    add_config_flag(*load, values_);
    load->add_option("MODEL", flags_.model, "Key of the model, as `models` lists it")->required();
    load->add_option("--context", flags_.context, "With a context of so many tokens")
        ->type_name("TOKENS")
        ->check(CLI::Range(1, 100'000'000));
    load->add_option("--host", host_, "On this host, if not on the default one")->type_name("NAME");
    load->add_option("--key-file", key_file_,
                     "File with a key for clients in its first line, if they need one")
        ->type_name("FILE");
    load->add_flag("--json", flags_.json, "Print the response as JSON, unchanged");
    load->footer("It connects to listen of the configuration, as clients do.");
    verbs_[invocation::verb::load] = load;
}

void operator_verbs::add_drain(CLI::App& app) {
    using verb = invocation::verb;
    auto& drain = add(app, verb::drain, "drain", "Give a host no new requests; what runs ends");
    drain.add_option("HOST", host_, "Name of the host")->required();
    drain.add_flag("--wait", flags_.wait, "Wait until no request is left on it");
    auto& undrain = add(app, verb::undrain, "undrain", "Give a host requests again");
    undrain.add_option("HOST", host_, "Name of the host")->required();
}

void operator_verbs::add_changes(CLI::App& app) {
    using verb = invocation::verb;
    auto& cancel = add(app, verb::cancel, "cancel", "Cancel a request that is in flight");
    cancel.add_option("NUMBER", flags_.value, "Its number, as `status` lists it")->required();
    auto& mode = add(app, verb::mode, "mode", "Set the mode of recoveries until the next reload");
    mode.add_option("MODE", flags_.value, "on, observe or off")->required();
    auto& evict =
        add(app, verb::evict, "evict", "Set what recoveries unload until the next reload");
    evict.add_option("MODELS", flags_.value, "idle, enough or all")->required();
    auto& pin = add(app, verb::pin, "pin", "Never unload a model for memory");
    pin.add_option("MODEL", flags_.model, "Its key, as `models` lists it, or a pattern")
        ->required();
    auto& unpin = add(app, verb::unpin, "unpin", "End a pin");
    unpin.add_option("MODEL", flags_.model, "The key or the pattern that was pinned")->required();
}

std::optional<invocation::verb> operator_verbs::given() const {
    for (auto const& [verb, app] : verbs_)
        if (app->parsed())
            return verb;
    return std::nullopt;
}

std::string operator_verbs::complaint() const {
    auto const verb = given();
    if (!verb)
        return {};
    for (auto const& [flag, given] : values_)
        if (!given.empty() && flag != config_flag &&
            (flag != admin_flag || *verb == invocation::verb::load))
            return verbs_.at(*verb)->get_name() + " takes no " + flag;
    if (!flags_.ca_file.empty() && !joined(values_, admin_flag).value_or("").starts_with("https:"))
        return "--ca goes with --admin https://HOST:PORT";
    if (auto const values = values_of(*verb);
        !values.empty() && std::ranges::find(values, flags_.value) == values.end())
        return verbs_.at(*verb)->get_name() + " takes " + std::string{values[0]} + ", " +
               std::string{values[1]} + " or " + std::string{values[2]} + ", not " +
               in_quotes(flags_.value);
    if (*verb != invocation::verb::unload)
        return {};
    if (flags_.all && !flags_.instances.empty())
        return "unload takes instance ids or --all, not both";
    if (!flags_.all && flags_.instances.empty())
        return "unload takes the ids of instances (secondwind models lists them) or --all";
    return {};
}

operator_flags operator_verbs::read(config::settings const& settings,
                                    config::file_reader const& read_file) const {
    auto flags = flags_;
    if (!host_.empty())
        flags.host = host_;
    if (given() == invocation::verb::load) {
        take_listener(settings, flags);
        if (!key_file_.empty())
            flags.token = read_key(key_file_, read_file);
        return flags;
    }
    if (auto const place = joined(values_, admin_flag)) {
        read_place(*place, flags);
        flags.token = settings.admin.token;
    } else {
        take_place(settings, flags);
    }
    return flags;
}

} // namespace secondwind::cli
