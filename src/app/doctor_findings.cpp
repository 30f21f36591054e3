#include "doctor_findings.hpp"

#include "formatting.hpp"
#include "json_members.hpp"
#include <secondwind/base/table.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr std::int64_t largest_clock_difference = 60; // seconds

class finding_list {
public:
    explicit finding_list(std::string host) : host_{std::move(host)} {}
    void add(std::string check, finding_level level, std::string message, std::string advice = {}) {
        found_.push_back({host_, std::move(check), level, std::move(message), std::move(advice)});
    }
    std::vector<finding> take() { return std::move(found_); }

private:
    std::string host_;
    std::vector<finding> found_;
};

// "python3 at 127.0.0.1 and a program at ::"
std::string programs(std::vector<port_listener> const& listeners) {
    std::vector<std::string> all;
    all.reserve(listeners.size());
    for (auto const& one : listeners)
        all.push_back((one.program.empty() ? "a program" : one.program) + " at " + one.address);
    return enumerated(all);
}

void add_server(host_facts const& facts, finding_list& to) {
    std::string const elsewhere = "Set the upstream to LM Studio's address (Developer tab, or "
                                  "`lms server status`).";
    auto const listeners =
        facts.listeners.empty() ? "" : " On this port listens " + programs(facts.listeners) + ".";
    switch (facts.kind) {
    case server_kind::lm_studio:
        to.add("server", finding_level::ok,
               "It is LM Studio" + (facts.version ? " " + *facts.version : std::string{}) + ".");
        return;
    case server_kind::ollama:
        to.add("server", finding_level::problem,
               "It is an Ollama, which unloads models by itself: secondwind only passes on its "
               "requests." +
                   listeners,
               elsewhere);
        return;
    case server_kind::other:
        to.add("server", finding_level::problem,
               "It is a server, but not LM Studio: it does not answer GET /lmstudio-greeting as LM "
               "Studio does." +
                   listeners,
               elsewhere);
        return;
    case server_kind::unknown:
        break;
    }
    to.add("server", finding_level::warning,
           "It cannot be told whether it is LM Studio: GET /lmstudio-greeting was not answered." +
               listeners,
           elsewhere);
}

void add_permissions(host_facts const& facts, finding_list& to) {
    if (!facts.listed) {
        to.add("models", finding_level::problem,
               "It does not list its models, so nothing can be unloaded: " + facts.listing_error +
                   ".",
               facts.kind != server_kind::lm_studio ? ""
               : facts.api_token ? "Create a token in LM Studio (Developer > Server Settings) that "
                                   "may list and unload models, and put it into "
                                   "upstreams[].api_token."
                                 : "If LM Studio requires authentication, put a token into "
                                   "upstreams[].api_token; otherwise update LM Studio.");
        return;
    }
    to.add("models", finding_level::ok,
           fmt::format("It lists its models, of which {} loaded.",
                       facts.loaded == 1 ? "1 is" : fmt::format("{} are", facts.loaded)));
    if (!facts.unload_asked)
        return;
    if (facts.unload_error.empty())
        to.add("unload", finding_level::ok,
               "It permits unloads: for a model that does not exist, it answered \"not found\".");
    else
        to.add("unload", finding_level::problem,
               "It does not unload models: asked to unload one that does not exist, it gave "
               "another answer: " +
                   facts.unload_error + ".",
               "Put a token that may unload models into upstreams[].api_token, or update LM "
               "Studio.");
}

void add_behaviour(host_facts const& facts, finding_list& to) {
    if (facts.kind == server_kind::lm_studio && !facts.version)
        to.add("version", finding_level::note,
               "It does not say its version, so LM Studio may be old or may require a token.",
               "Update LM Studio, or set upstreams[].api_token.");
    if (facts.busy_asked && facts.busy_error.empty())
        to.add("busy", finding_level::ok, "It says which models are busy.");
    else if (facts.busy_asked)
        to.add("busy", finding_level::warning,
               "It does not say which models are busy, so a recovery may unload one that another "
               "program uses: " +
                   facts.busy_error + ".",
               "Update LM Studio, set upstreams[].api_token, or let all programs connect through "
               "secondwind.");
    if (facts.jit == true)
        to.add("jit", finding_level::ok, "It loads models on demand.");
    else if (facts.jit == false)
        to.add(
            "jit", finding_level::warning,
            "It does not load models on demand, so a model that was unloaded stays away until "
            "somebody loads it.",
            "Turn on \"Just in Time Model Loading\" in LM Studio (Developer > Server Settings).");
    else if (facts.listed)
        to.add("jit", finding_level::note,
               "It cannot be told whether it loads models on demand: all its models are loaded, or "
               "it does not say which it has.",
               "Check that \"Just in Time Model Loading\" is on in LM Studio.");
    if (facts.evicts_by_itself == true)
        to.add("auto_evict", finding_level::warning,
               "It has unloaded a model while that generated, to load another one.",
               "Turn off \"Only Keep Last JIT Loaded Model\" in LM Studio.");
    else if (facts.jit_loaded > 1)
        to.add("auto_evict", finding_level::ok,
               fmt::format("It keeps {} models that requests have loaded, so it does not evict "
                           "them by itself.",
                           facts.jit_loaded));
    else if (facts.listed)
        to.add("auto_evict", finding_level::note,
               "There are no signs that it evicts models by itself, but this is seen only while "
               "several are in use.",
               "Check that \"Only Keep Last JIT Loaded Model\" is off in LM Studio.");
    if (facts.clock_ahead && std::abs(*facts.clock_ahead) > largest_clock_difference)
        to.add("clock", finding_level::warning,
               fmt::format("Its clock is {} {} ours, so the models that were idle for longest are "
                           "chosen by wrong times.",
                           duration_text(static_cast<double>(std::abs(*facts.clock_ahead))),
                           *facts.clock_ahead > 0 ? "ahead of" : "behind"),
               "Synchronise the clocks of both machines (NTP).");
}

void add_port(host_facts const& facts, finding_list& to) {
    auto const several = std::ranges::any_of(facts.listeners, [&](port_listener const& one) {
        return one.program != facts.listeners.front().program;
    });
    if (several)
        to.add("port", finding_level::warning,
               fmt::format("Several programs listen on port {}: {}. Which one answers depends on "
                           "the address.",
                           facts.port, programs(facts.listeners)),
               "Give each program a port of its own.");
}

std::string address_in(std::string const& hex) {
    std::string text;
    auto const word = [&hex](std::size_t at) {
        std::uint32_t value = 0;
        std::from_chars(hex.data() + at, hex.data() + at + 8, value, 16);
        return value;
    };
    if (hex.size() == 8) {
        auto const all = word(0); // in the byte order of the machine, which is little-endian
        return fmt::format("{}.{}.{}.{}", all & 0xff, (all >> 8) & 0xff, (all >> 16) & 0xff,
                           all >> 24);
    }
    if (hex == std::string(32, '0'))
        return "::";
    if (hex == "00000000000000000000000001000000")
        return "::1";
    return "an IPv6 address";
}

} // namespace

std::string_view to_string(finding_level level) noexcept {
    constexpr std::array<std::string_view, 4> names{"ok", "note", "warning", "problem"};
    return names.at(static_cast<std::size_t>(level));
}

std::vector<port_listener> read_listeners(std::string_view proc_net_tcp) {
    constexpr std::string_view listening = "0A";
    std::vector<port_listener> found;
    std::istringstream lines{std::string{proc_net_tcp}};
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream words{line};
        std::string number;
        std::string local;
        std::string skipped;
        std::string state;
        std::string inode;
        words >> number >> local >> skipped >> state;
        for (int i = 0; i < 6; ++i)
            words >> inode;
        auto const colon = local.find(':');
        if (!words || state != listening || colon == std::string::npos)
            continue;
        port_listener one;
        std::from_chars(local.data() + colon + 1, local.data() + local.size(), one.port, 16);
        one.address = address_in(local.substr(0, colon));
        one.inode = inode;
        found.push_back(std::move(one));
    }
    return found;
}

std::optional<std::int64_t> read_http_date(std::string const& value) {
    std::istringstream in{value};
    in.imbue(std::locale::classic());
    std::tm parts{};
    in >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S GMT");
    if (in.fail() || in.peek() != std::char_traits<char>::eof())
        return std::nullopt;
    using namespace std::chrono;
    constexpr int first_year = 1900;
    year_month_day const date{year{parts.tm_year + first_year},
                              month{static_cast<unsigned>(parts.tm_mon) + 1},
                              day{static_cast<unsigned>(parts.tm_mday)}};
    auto const time =
        sys_days{date} + hours{parts.tm_hour} + minutes{parts.tm_min} + seconds{parts.tm_sec};
    return date.ok() ? std::optional{time.time_since_epoch().count()} : std::nullopt;
}

std::optional<bool> loads_on_demand(std::string const& v1_models,
                                    std::vector<std::string> const& unloaded_keys) {
    auto const document = json::parse(v1_models, nullptr, false);
    if (!member(document, "data").is_array() || unloaded_keys.empty())
        return std::nullopt;
    return std::ranges::any_of(list_member(document, "data"), [&](json const& one) {
        return std::ranges::find(unloaded_keys, text_member(one, "id")) != unloaded_keys.end();
    });
}

server_kind kind_of(std::string const& greeting, std::string const& ollama_version) {
    if (is_true(json::parse(greeting, nullptr, false), "lmstudio"))
        return server_kind::lm_studio;
    if (member(json::parse(ollama_version, nullptr, false), "version").is_string())
        return server_kind::ollama;
    return server_kind::other;
}

std::vector<finding> find_about(host_facts const& facts) {
    finding_list found{facts.name};
    if (!facts.connect_error.empty()) {
        found.add("reachable", finding_level::problem,
                  "It cannot be asked: " + facts.connect_error + ".",
                  "Start LM Studio's server (Developer tab, or `lms server start`), or set the "
                  "upstream to its address. From another machine or a container, turn on "
                  "\"Serve on Local Network\" in LM Studio.");
        return found.take();
    }
    add_server(facts, found);
    if (facts.kind == server_kind::lm_studio || facts.listed) {
        add_permissions(facts, found);
        if (facts.listed)
            add_behaviour(facts, found);
    }
    add_port(facts, found);
    return found.take();
}

std::vector<finding> find_about(own_facts const& facts) {
    finding_list found{{}};
    if (facts.mode != "on")
        found.add("recovery_mode", finding_level::problem,
                  "recovery.mode is " + facts.mode +
                      ", so nothing is unloaded and nothing replayed.",
                  "Set recovery.mode to \"on\".");
    if (facts.possible_clients < facts.connections)
        found.add("descriptors", finding_level::warning,
                  fmt::format("The file descriptors of this process are enough for {} clients, not "
                              "for limits.connections ({}).",
                              facts.possible_clients, facts.connections),
                  "Raise the hard limit (LimitNOFILE=, ulimit -Hn), or lower limits.connections.");
    else
        found.add(
            "descriptors", finding_level::ok,
            fmt::format("There are enough file descriptors for {} clients.", facts.connections));
    if (!facts.open_to_network.empty())
        found.add("network", finding_level::warning,
                  facts.open_to_network + " is open to the network: anyone who can reach it can "
                                          "use LM Studio.",
                  "Set clients.api_keys (secondwind key new NAME makes a key), or listen on "
                  "127.0.0.1.");
    if (facts.any_host_name)
        found.add("host_names", finding_level::note,
                  "The listener answers to every host name, so a website can reach it by DNS "
                  "rebinding.",
                  "If no tunnel and no reverse proxy is in front of it, set clients.allowed_hosts, "
                  "for example to [\"localhost\"].");
    if (facts.unused_lm_studio)
        found.add("other_server", finding_level::note,
                  "An LM Studio is at 127.0.0.1:1234, and no upstream is.",
                  "If it is the one that you use, set the upstream to http://127.0.0.1:1234.");
    return found.take();
}

std::vector<finding> findings_of(diagnosis const& all) {
    std::vector<finding> found;
    for (auto const& host : all.hosts)
        std::ranges::move(find_about(host), std::back_inserter(found));
    std::ranges::copy(all.tried, std::back_inserter(found));
    std::ranges::move(find_about(all.own), std::back_inserter(found));
    return found;
}

bool recovery_works(std::vector<finding> const& all) noexcept {
    return std::ranges::none_of(
        all, [](finding const& one) { return one.level == finding_level::problem; });
}

} // namespace secondwind::app
