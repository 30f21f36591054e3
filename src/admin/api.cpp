#include "api.hpp"

#include "api_json.hpp"
#include "config_document.hpp"
#include "explain_document.hpp"
#include "history_document.hpp"
#include "log_lines.hpp"
#include "query.hpp"
#include "recovery_search.hpp"
#include "request_search.hpp"
#include "route_document.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace secondwind::admin {

namespace {

using namespace std::chrono_literals;

// A listing of a host that is older than this is refreshed before it is shown.
constexpr auto listing_age = 2s;

reply json_reply(std::string body) {
    reply out;
    out.body = std::move(body);
    return out;
}

reply probe_reply(int status, std::string_view word) {
    auto out = json_reply(to_text({{"status", word}}));
    out.status = status;
    return out;
}

} // namespace

net::task<reply> api::answer(request request) {
    auto destination = find_destination(request.path);
    if (destination.route == route::none)
        co_return error_reply(404, "not_found",
                              "Unknown path. docs/openapi.json describes the paths of this API.");
    auto const methods = methods_of(destination.route);
    if (!allows(destination.route, request.method)) {
        auto out = error_reply(405, "method_not_allowed",
                               std::string{"This path only supports "}.append(methods).append("."));
        out.allow = methods;
        co_return out;
    }
    // A probe is answered whatever its query is.
    bool const probe = destination.route == route::livez || destination.route == route::readyz;
    bool const reads_query =
        probe || destination.route == route::recoveries || destination.route == route::choice ||
        destination.route == route::requests || destination.route == route::history ||
        destination.route == route::explain || destination.route == route::log_lines;
    auto const error = reads_query ? std::string{} : refuse_query(request.query);
    if (!error.empty())
        co_return error_reply(400, "bad_request", error);

    if (is_action(destination.route))
        co_return co_await actions_.run(std::move(destination), std::move(request));
    co_return co_await document(std::move(destination), std::move(request));
}

net::task<reply> api::document(destination destination, request request) {
    switch (destination.route) {
    case route::livez:
        co_return probe_reply(200, "alive");
    case route::readyz:
        co_return co_await readiness();
    case route::hosts:
        co_return co_await all_hosts();
    case route::recoveries:
        co_return search(request.query);
    case route::requests:
        co_return search_requests(request.query);
    case route::history:
        co_return search_history(request.query);
    case route::explain:
        co_return co_await explain(std::move(request.query));
    case route::configuration:
        co_return configuration();
    case route::log_lines:
        co_return log_lines(request.query);
    case route::choice:
        co_return route_to(request.query);
    default:
        co_return json_reply(documents_.status());
    }
}

// One host that is up and does not drain is enough: requests to the others get their own answers.
net::task<reply> api::readiness() {
    if (sources_.proxy().draining)
        co_return probe_reply(503, "draining");
    bool up = documents_.ready();
    if (!up)
        up = co_await sources_.hosts.ready();
    if (up)
        co_return probe_reply(200, "ready");
    auto hosts = json::array();
    bool draining = false;
    for (auto const& each : sources_.hosts) {
        auto const& health = each->view.health();
        draining = draining || (health.up() && each->view.draining());
        hosts.push_back({{"name", each->name()},
                         {"state", host::to_string(health.state())},
                         {"reason", text_or_null(health.reason())},
                         {"draining", each->view.draining()}});
    }
    auto const* const status = draining ? "hosts_draining" : "no_host_up";
    auto out = json_reply(to_text({{"status", status}, {"hosts", std::move(hosts)}}));
    out.status = 503;
    co_return out;
}

net::task<reply> api::all_hosts() {
    co_await sources_.hosts.refresh(listing_age);
    co_return json_reply(R"({"hosts":)" + documents_.hosts() + "}");
}

net::task<reply> api::explain(std::string query) {
    explain_question asked;
    if (auto const error = read_explain_question(query, sources_, asked); !error.empty())
        co_return error_reply(400, "bad_request", error);
    co_await sources_.hosts.refresh(listing_age);
    co_return json_reply(explain_document(sources_, asked));
}

reply api::configuration() const {
    auto const read =
        sources_.configuration ? sources_.configuration() : std::vector<config::builder::entry>{};
    return json_reply(config_document(read, *sources_.settings));
}

reply api::log_lines(std::string_view query) const {
    log_search wanted;
    if (auto const error = read_search(query, wanted); !error.empty())
        return error_reply(400, "bad_request", error);
    return json_reply(
        log_document(log::recent_lines(), wanted, sources_.settings->admin.show_addresses));
}

reply api::search(std::string_view query) const {
    std::vector<std::string> const names{sources_.hosts.names().begin(),
                                         sources_.hosts.names().end()};
    recovery_search wanted;
    if (auto const error = read_search(query, names, wanted); !error.empty())
        return error_reply(400, "bad_request", error);
    auto const page = find_recoveries(sources_.ledger.records(), wanted);
    return json_reply(R"({"recoveries":)" + array_of(page.records) + R"(,"next_before":)" +
                      (page.next_before ? std::to_string(*page.next_before) : "null") + "}");
}

reply api::search_requests(std::string_view query) const {
    request_search wanted;
    if (auto const error = read_search(query, wanted); !error.empty())
        return error_reply(400, "bad_request", error);
    moment const now{std::chrono::system_clock::now(), std::chrono::steady_clock::now()};
    auto const page = find_requests(sources_.requests, wanted, now);
    return json_reply(requests_document(sources_.requests, page, now));
}

reply api::search_history(std::string_view query) const {
    std::size_t which = 0;
    if (auto const error = read_range(query, which); !error.empty())
        return error_reply(400, "bad_request", error);
    return json_reply(history_document(sources_.history, which, std::chrono::system_clock::now()));
}

reply api::route_to(std::string_view query) const {
    route_question asked;
    if (auto const error = read_route_question(query, asked); !error.empty())
        return error_reply(400, "bad_request", error);
    return json_reply(route_document(sources_, asked));
}

} // namespace secondwind::admin
