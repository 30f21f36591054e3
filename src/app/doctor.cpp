#include <secondwind/app/doctor.hpp>

#include "admin_client.hpp"
#include "doctor_findings.hpp"
#include "json_members.hpp"
#include "trial.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/base/build.hpp>
#include <secondwind/base/file.hpp>
#include <secondwind/base/json.hpp>
#include <secondwind/base/log_line.hpp>
#include <secondwind/base/path.hpp>
#include <secondwind/base/table.hpp>
#include <secondwind/config/address.hpp>
#include <secondwind/host/call.hpp>
#include <secondwind/host/host_control.hpp>
#include <secondwind/host/socket_calls.hpp>
#include <secondwind/net/descriptors.hpp>
#include <secondwind/policy/client_limit.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <list>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds patience = 5s;
constexpr std::size_t largest_answer = 4 * 1024 * 1024;
constexpr std::uint16_t default_port = 1234;
// No model has a key with spaces around it, and LM Studio makes no such id.
constexpr std::string_view no_instance = " secondwind-doctor-asks-only ";

// Of all requests, and of one host.
struct doctor_room {
    explicit doctor_room(config::settings all) : settings{std::move(all)} {}
    host::environment environment() noexcept { return {io, deadlines, blocks, fields}; }

    net::asio::io_context io{1};
    net::deadline_queue deadlines{io};
    net::block_pool blocks;
    secondwind::http::field_list fields;
    config::current_settings settings;
    std::size_t left = 0;
};

struct patient {
    patient(doctor_room& room, config::upstream one)
        : upstream{std::move(one)}, pool{room.io, room.deadlines, upstream, room.settings},
          control{room.environment(), pool, room.settings} {}

    config::upstream upstream;
    host::connection_pool pool;
    host::host_control control;
    host_facts facts;
};

net::task<host::call_result> get(doctor_room& room, patient& one, std::string_view target) {
    host::call_request request;
    request.method = "GET";
    request.target = target;
    if (!one.upstream.api_token.empty())
        request.authorization = "Bearer " + one.upstream.api_token;
    auto got = co_await host::call(room.environment(), one.pool, std::move(request), patience,
                                   largest_answer);
    co_return got;
}

bool cannot_connect(host::failure const& failed) noexcept {
    using host::fault;
    return failed.kind == fault::resolve || failed.kind == fault::connect ||
           failed.kind == fault::connect_timeout || failed.kind == fault::tls ||
           failed.kind == fault::descriptors;
}

net::task<void> ask_kind(doctor_room& room, patient& one) {
    auto const greeting = co_await get(room, one, "/lmstudio-greeting");
    if (cannot_connect(greeting.failure)) {
        one.facts.connect_error = host::describe(greeting.failure);
        co_return;
    }
    if (greeting.failure)
        co_return;
    if (auto const date = read_http_date(greeting.date))
        one.facts.clock_ahead = *date - std::chrono::duration_cast<std::chrono::seconds>(
                                            std::chrono::system_clock::now().time_since_epoch())
                                            .count();
    one.facts.kind = kind_of(greeting.body, {});
    if (one.facts.kind == server_kind::lm_studio)
        co_return;
    auto const version = co_await get(room, one, "/api/version");
    one.facts.kind = kind_of(greeting.body, version.body);
}

// Asks for the activity of an instance that does not exist: an error about it is an answer.
net::task<void> ask_busy(doctor_room& room, patient& one) {
    auto const limit = room.settings->recovery.websocket_timeout;
    one.facts.busy_asked = true;
    if (limit <= milliseconds::zero()) {
        one.facts.busy_error = "recovery.websocket_timeout is 0";
        co_return;
    }
    lmstudio::listed_instance nobody;
    nobody.instance.id = no_instance;
    std::vector<lmstudio::listed_instance> known{nobody};
    std::string authorization;
    if (!one.upstream.api_token.empty())
        authorization = "Bearer " + one.upstream.api_token;
    host::socket_host at{room.environment(), one.pool, std::move(authorization), {}};
    auto const got =
        co_await host::activity_over_socket(std::move(at), limit, host::llm_path, std::move(known));
    if (got.failure.kind == host::socket_fault::rejected)
        one.facts.busy_error = "it refuses the token, or requires one";
    else if (got.failure)
        one.facts.busy_error = got.failure.reason;
}

net::task<void> ask_models(doctor_room& room, patient& one) {
    auto& facts = one.facts;
    auto const got = co_await one.control.list({});
    facts.listed = got.instances.has_value();
    facts.listing_error = got.error;
    if (!facts.listed)
        co_return;
    facts.loaded = got.instances->size();
    auto const completed = co_await one.control.with_activity(*got.instances, {});
    facts.jit_loaded = static_cast<std::size_t>(
        std::ranges::count_if(completed, [](auto const& each) { return each.jit; }));
    std::vector<std::string> unloaded;
    for (auto const& model : got.unloaded)
        unloaded.push_back(model.key);
    auto const offered = co_await get(room, one, "/v1/models");
    facts.jit = loads_on_demand(offered.body, unloaded);

    facts.unload_asked = true;
    auto const unload = co_await one.control.unload(std::string{no_instance}, {});
    if (unload.result == lmstudio::unload_result::refused)
        facts.unload_error = unload.error;
    co_await ask_busy(room, one);
}

net::task<void> examine(doctor_room& room, patient& one) {
    try {
        co_await ask_kind(room, one);
        if (one.facts.connect_error.empty()) {
            co_await ask_models(room, one);
            if (one.facts.listed || one.facts.kind == server_kind::lm_studio)
                one.facts.version = co_await one.control.version();
        }
    } catch (std::exception const& e) {
        one.facts.connect_error = e.what();
    }
    one.pool.close();
    if (--room.left == 0)
        room.io.stop();
}

std::string content_of(std::filesystem::path const& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// The name of the program that has the socket; empty if there is none that we may look at.
std::string program_with(std::string const& inode) {
    namespace fs = std::filesystem;
    auto const wanted = "socket:[" + inode + "]";
    std::error_code ec;
    for (auto const& process : fs::directory_iterator{"/proc", ec}) {
        std::error_code unreadable;
        for (fs::directory_iterator at{process.path() / "fd", unreadable}, end;
             !unreadable && at != end; at.increment(unreadable)) {
            std::error_code gone;
            if (fs::read_symlink(at->path(), gone) != wanted)
                continue;
            auto name = content_of(process.path() / "comm");
            return name.substr(0, name.find('\n'));
        }
    }
    return {};
}

std::vector<port_listener> listeners_on(std::uint16_t port) {
    std::vector<port_listener> found;
    for (auto const* path : {"/proc/net/tcp", "/proc/net/tcp6"})
        for (auto& one : read_listeners(content_of(path)))
            if (one.port == port) {
                one.program = program_with(one.inode);
                found.push_back(std::move(one));
            }
    return found;
}

bool is_on_this_machine(config::upstream const& upstream) {
    return upstream.host == "localhost" ||
           config::is_loopback(config::endpoint{upstream.host, upstream.port});
}

// Asks the secondwind that runs with these settings, if one does.
void ask_running(config::settings const& settings, std::list<patient>& patients) {
    auto const& listen = settings.admin.listen;
    if (!listen || listen->port == 0)
        return;
    admin_address at;
    at.host = config::without_wildcard(listen->address);
    at.port = listen->port;
    at.token = settings.admin.token;
    at.certificate_file = settings.admin.certificate.certificate_file;
    at.tls = !at.certificate_file.empty();
    auto const answer = ask_admin(at, "GET", "/api/hosts", {}, patience);
    auto const document = json::parse(answer.body, nullptr, false);
    for (auto const& host : list_member(document, "hosts"))
        for (auto& one : patients)
            if (text_member(host, "url") == one.facts.url &&
                member(host, "evicts_by_itself").is_boolean())
                one.facts.evicts_by_itself = is_true(host, "evicts_by_itself");
}

own_facts facts_about(config::settings const& settings) {
    own_facts own;
    using config::recovery_mode;
    auto const mode = settings.recovery.mode;
    own.mode = mode == recovery_mode::on ? "on" : mode == recovery_mode::off ? "off" : "observe";
    own.connections = settings.limits.connections;
    own.possible_clients =
        policy::limit_clients(own.connections, net::raise_descriptor_limit()).served;
    own.open_to_network = config::open_to_network(settings);
    own.any_host_name = settings.clients.allowed_hosts.empty() &&
                        settings.clients.api_keys.empty() && config::is_loopback(settings.listen);
    return own;
}

diagnosis diagnose(config::settings settings) {
    diagnosis found;
    found.own = facts_about(settings);
    doctor_room room{std::move(settings)};
    std::list<patient> patients;
    for (auto const& upstream : room.settings->upstreams) {
        auto& facts = patients.emplace_back(room, upstream).facts;
        facts.name = upstream.name;
        facts.url = config::to_string(upstream);
        facts.port = upstream.port;
        facts.on_this_machine = is_on_this_machine(upstream);
        facts.api_token = !upstream.api_token.empty();
        if (facts.on_this_machine)
            facts.listeners = listeners_on(upstream.port);
    }
    bool const asks_default_port = std::ranges::none_of(patients, [](patient const& one) {
        return one.facts.on_this_machine && one.facts.port == default_port;
    });
    auto const known = patients.size();
    if (asks_default_port)
        patients.emplace_back(room, config::upstream{});
    ask_running(*room.settings, patients);
    room.left = patients.size();
    for (auto& one : patients)
        net::spawn(examine(room, one));
    if (room.left > 0)
        room.io.run();
    if (asks_default_port) {
        found.own.unused_lm_studio = patients.back().facts.kind == server_kind::lm_studio;
        patients.back().pool.abort();
    }
    for (auto& one : patients)
        if (found.hosts.size() < known)
            found.hosts.push_back(std::move(one.facts));
    return found;
}

// A file that did not exist: another one may be needed still.
class report_file {
public:
    explicit report_file(std::string const& chosen) : name_{chosen} {
        if (name_.empty()) {
            name_ = std::string{log::timestamp(std::chrono::system_clock::now())};
            std::erase_if(name_, [](char c) { return c == '-' || c == ':'; });
            name_ = "secondwind-report-" + name_.substr(0, name_.find('.')) + ".json";
        }
        file_ = open_file(utf8_path(name_), file_use::create);
        if (!file_)
            error_ = std::generic_category().message(errno);
    }

    std::string const& name() const noexcept { return name_; }
    // Why it cannot be written; empty if nothing went wrong.
    std::string const& error() const noexcept { return error_; }

    void write(json const& report) {
        auto const text = report.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
        if (!write_all(file_, text))
            error_ = std::generic_category().message(errno);
    }

private:
    std::string name_;
    std::string error_;
    descriptor file_;
};

std::vector<std::string> secrets_of(config::settings const& settings) {
    std::vector<std::string> all{settings.admin.token};
    for (auto const& upstream : settings.upstreams)
        all.push_back(upstream.api_token);
    return all;
}

// Adds the finding. Returns the name of the report, or nothing if there was no trial.
std::optional<std::string> try_recovery(config::settings const& settings,
                                        doctor_command const& command, console const& console,
                                        diagnosis& found) {
    auto const& host = default_host(settings);
    auto const& models = command.models;
    auto const question = fmt::format(
        "Load {} and then {} on {} ({})? If there is not enough memory for both, models that are "
        "idle are unloaded, as in any recovery.",
        models.front(), models.back(), host.name, config::to_string(host));
    if (!command.yes && !console.confirm(printable(question))) {
        console.print_error("nothing was tried");
        return std::nullopt;
    }
    report_file report{command.report_file};
    auto const complain = [&] {
        console.print_error(printable(
            fmt::format("the report {} cannot be written: {}. Name a new file with --report FILE.",
                        report.name(), report.error())));
        return std::nullopt;
    };
    if (!report.error().empty())
        return complain();
    auto const tried = run_trial(settings, models, [&console](std::string_view sentence) {
        console.print_error(printable(sentence));
    });
    found.tried.push_back(find_about(tried));
    json const about{{"secondwind", base::version_with_commit()},
                     {"time", std::string{log::timestamp(std::chrono::system_clock::now())}},
                     {"models", models}};
    report.write(trial_report(about, found, tried, secrets_of(settings)));
    if (!report.error().empty())
        return complain();
    return report.name();
}

} // namespace

int run_doctor(config::settings settings, doctor_command const& command, console const& console) {
    bool const tries = !command.models.empty();
    if (tries && !command.yes && !console.confirm) {
        console.print_error("there is no terminal to confirm the trial; use --yes");
        return 2;
    }
    auto found = diagnose(settings);
    auto const reachable = std::ranges::any_of(found.hosts, [&](host_facts const& host) {
        return host.name == default_host(settings).name && host.connect_error.empty();
    });
    std::optional<std::string> report;
    if (tries && reachable)
        report = try_recovery(settings, command, console, found);
    auto document = doctor_json(found);
    if (report)
        document["report"] = *report;
    auto text = command.json ? write_json(document) + "\n" : doctor_view(found, console.colours);
    if (report && !command.json)
        text += printable("The answers of LM Studio are in " + *report +
                          ", without tokens and names of users; read it before you pass it on.") +
                "\n";
    bool const failed = tries && !report;
    return console.print(text) && !failed && recovery_works(findings_of(found)) ? 0 : 1;
}

} // namespace secondwind::app
