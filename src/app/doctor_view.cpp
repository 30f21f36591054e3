#include "doctor_findings.hpp"

#include "formatting.hpp"
#include "json_members.hpp"
#include <secondwind/base/table.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

finding_level worst_of(std::vector<finding> const& all, std::string const& host) {
    auto worst = finding_level::ok;
    for (auto const& one : all)
        if (one.host == host)
            worst = std::max(worst, one.level);
    return worst;
}

tone tone_of(finding_level level) noexcept {
    switch (level) {
    case finding_level::ok:
        return tone::good;
    case finding_level::note:
        return tone::faint;
    case finding_level::warning:
        return tone::plain;
    case finding_level::problem:
        break;
    }
    return tone::bad;
}

std::string lines_about(std::vector<finding> const& all, std::string const& host, bool colours) {
    std::string text;
    for (auto const& one : all) {
        if (one.host != host)
            continue;
        text += "  " +
                toned(fmt::format("{:<7}", to_string(one.level)), tone_of(one.level), colours) +
                "  " + printable(one.message) + "\n";
        if (!one.advice.empty())
            text += "           " + printable(one.advice) + "\n";
    }
    return text;
}

} // namespace

std::string doctor_view(diagnosis const& all, bool colours) {
    auto const found = findings_of(all);
    std::string text;
    std::vector<std::string> hopeless;
    for (auto const& host : all.hosts) {
        text += printable(fmt::format("{} ({})", host.name, host.url)) + "\n" +
                lines_about(found, host.name, colours) + "\n";
        if (worst_of(found, host.name) == finding_level::problem)
            hopeless.push_back(host.name);
    }
    text += "secondwind\n" + lines_about(found, {}, colours) + "\n";
    if (!hopeless.empty())
        return text +
               toned(printable("Recovery cannot work on " + enumerated(hopeless) + "."), tone::bad,
                     colours) +
               "\n";
    if (!recovery_works(found))
        return text + toned("Recovery cannot work as it is configured.", tone::bad, colours) + "\n";
    return text + toned("Recovery will work here.", tone::good, colours) + "\n";
}

nlohmann::json doctor_json(diagnosis const& all) {
    auto const found = findings_of(all);
    auto hosts = json::array();
    for (auto const& host : all.hosts) {
        auto const works = worst_of(found, host.name) != finding_level::problem;
        hosts.push_back({{"name", host.name},
                         {"url", host.url},
                         {"version", host.version ? json(*host.version) : json(nullptr)},
                         {"recovery_works", works}});
    }
    auto findings = json::array();
    for (auto const& one : found)
        findings.push_back({{"host", one.host.empty() ? json(nullptr) : json(one.host)},
                            {"check", one.check},
                            {"level", to_string(one.level)},
                            {"message", one.message},
                            {"advice", one.advice.empty() ? json(nullptr) : json(one.advice)}});
    return {{"recovery_works", recovery_works(found)},
            {"hosts", std::move(hosts)},
            {"findings", std::move(findings)}};
}

} // namespace secondwind::app
