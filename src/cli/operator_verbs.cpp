#include "operator_verbs.hpp"

#include <secondwind/config/address.hpp>

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include <utility>

namespace secondwind::cli {
namespace {

constexpr std::string_view place_form =
    "ADDRESS:PORT or http[s]://HOST:PORT of a running secondwind's admin listener, as "
    "127.0.0.1:9235";

// It is not possible to connect to the address that means all addresses.
std::string without_wildcard(std::string const& address) {
    auto const v4 = boost::urls::parse_ipv4_address(address);
    if (v4 && v4->is_unspecified())
        return "127.0.0.1";
    auto const v6 = boost::urls::parse_ipv6_address(address);
    return v6 && v6->is_unspecified() ? "::1" : address;
}

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
    into.admin_host = without_wildcard(place.host);
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
    into.admin_host = without_wildcard(listen->address);
    into.admin_port = listen->port;
    into.certificate_file = settings.admin.certificate.certificate_file;
    into.tls = !into.certificate_file.empty();
}

} // namespace

operator_verbs::operator_verbs(CLI::App& app, flag_values& values) : values_{values} {
    using verb = invocation::verb;
    add(app, verb::status, "status", "Show the state of a running secondwind");
    add(app, verb::models, "models", "List the hosts' models, loaded and on disk");
    auto& unload = add(app, verb::unload, "unload", "Unload model instances from a host");
    unload.add_option("ID", flags_.instances, "Instances to unload, as `models` lists them");
    unload.add_flag("--all", flags_.all, "Unload all loaded instances");
    unload.add_option("--host", host_, "On this host; required if there are several")
        ->type_name("NAME");
    unload.add_flag("--yes", flags_.yes, "Do not ask for confirmation");
    auto& events = add(app, verb::events, "events", "Show events as they happen");
    auto* once = events.add_flag("--once", flags_.once, "Show the current state, and exit");
    events.add_flag("--follow", follow_, "Continue until ^C (the default)")->excludes(once);
    add(app, verb::health, "health", "Exit with 0 if it is ready for requests, otherwise with 1");
}

CLI::App& operator_verbs::add(CLI::App& app, invocation::verb verb, std::string const& name,
                              std::string const& help) {
    auto* one = app.add_subcommand(name, help);
    add_config_flag(*one, values_);
    add_flag(*one, values_, std::string{admin_flag}, admin_flag, "ADDR:PORT|URL",
             "Its admin listener, if not admin.listen of the configuration");
    one->add_option(
           "--ca", flags_.ca_file,
           "PEM file of the CA that signed its certificate, if the system does not trust it")
        ->type_name("FILE");
    one->add_flag("--json", flags_.json, "Print the response as JSON, unchanged");
    one->footer(
        "The token is read from SECONDWIND_ADMIN_TOKEN, SECONDWIND_ADMIN_TOKEN_FILE or the\n"
        "configuration file (admin.token).");
    verbs_[verb] = one;
    return *one;
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
        if (!given.empty() && flag != config_flag && flag != admin_flag)
            return verbs_.at(*verb)->get_name() + " takes no " + flag;
    if (!flags_.ca_file.empty() && !joined(values_, admin_flag).value_or("").starts_with("https:"))
        return "--ca goes with --admin https://HOST:PORT";
    if (*verb != invocation::verb::unload)
        return {};
    if (flags_.all && !flags_.instances.empty())
        return "unload takes instance ids or --all, not both";
    if (!flags_.all && flags_.instances.empty())
        return "unload takes the ids of instances (secondwind models lists them) or --all";
    return {};
}

operator_flags operator_verbs::read(config::settings const& settings) const {
    auto flags = flags_;
    if (!host_.empty())
        flags.host = host_;
    flags.token = settings.admin.token;
    if (auto const place = joined(values_, admin_flag))
        read_place(*place, flags);
    else
        take_place(settings, flags);
    return flags;
}

} // namespace secondwind::cli
