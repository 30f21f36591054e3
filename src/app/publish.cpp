#include <secondwind/app/publish.hpp>

#include "admin_client.hpp"
#include "json_members.hpp"
#include <secondwind/base/percent.hpp>
#include <secondwind/config/address.hpp>

#include <chrono>

namespace secondwind::app {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_limit = 5s;
constexpr int status_ok = 200;

admin_address address_of(config::admin const& admin) {
    admin_address out;
    out.host = config::without_wildcard(admin.listen->address);
    out.port = admin.listen->port;
    out.token = admin.token;
    out.certificate_file = admin.certificate.certificate_file;
    out.tls = !out.certificate_file.empty();
    return out;
}

} // namespace

publication publish_results(config::settings const& settings, std::string const& host_url,
                            std::string const& document) {
    if (!settings.admin.listen)
        return {false, "admin.listen is \"off\", so there is no admin listener"};
    auto const address = address_of(settings.admin);
    auto const hosts = ask_admin(address, "GET", "/api/hosts", {}, answer_limit);
    bool const nobody = hosts.failure == admin_failure::unreachable;
    if (hosts.status != status_ok)
        return {!nobody, describe_failure(address, hosts)};
    auto const listed = json::parse(hosts.body, nullptr, false);
    std::string name;
    for (auto const& each : list_member(listed, "hosts"))
        if (text_member(each, "url") == host_url)
            name = text_member(each, "name", "");
    if (name.empty())
        return {false, "the secondwind at " + to_string(address) + " has no upstream " + host_url};
    auto const path = "/api/hosts/" + percent_encoded(name) + "/results";
    auto const answer = ask_admin(address, "POST", path, document, answer_limit);
    return {true, answer.status == status_ok ? std::string{} : describe_failure(address, answer)};
}

} // namespace secondwind::app
