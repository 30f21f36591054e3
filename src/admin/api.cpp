#include "api.hpp"

#include "documents.hpp"
#include "query.hpp"
#include "recovery_search.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::admin {

namespace {

using namespace std::chrono_literals;

// How old a host's listing may be that is shown to whoever asks for it.
constexpr auto freshness = 2s;

reply json_reply(std::string body) {
    reply out;
    out.body = std::move(body);
    return out;
}

reply status_word(int status, std::string_view word) {
    auto out = json_reply(text_of({{"status", word}}));
    out.status = status;
    return out;
}

} // namespace

api::api(subject& what, history const& past, std::string run, std::function<event_state()> events,
         std::function<void(std::vector<std::string> const&)> announce)
    : subject_{what}, history_{past}, run_{std::move(run)}, events_{std::move(events)},
      announce_{std::move(announce)}, started_{std::chrono::system_clock::now()},
      up_since_{std::chrono::steady_clock::now()} {}

net::task<reply> api::answer(request asked) {
    auto where = find_destination(asked.path);
    if (where.what == route::none)
        co_return error_reply(404, "not_found",
                              "There is nothing at this path; GET /api/status tells of the server, "
                              "and docs/openapi.json of all paths.");
    auto const methods = methods_of(where.what);
    if (!allows(where.what, asked.method)) {
        auto out = error_reply(405, "method_not_allowed",
                               std::string{"Only "}.append(methods).append(" is possible here."));
        out.allow = methods;
        co_return out;
    }
    // A probe is answered whatever it carries along.
    bool const probe = where.what == route::livez || where.what == route::readyz;
    bool const reads_query = probe || where.what == route::recoveries;
    auto const complaint = reads_query ? std::string{} : refuse_query(asked.query);
    if (!complaint.empty())
        co_return error_reply(400, "bad_request", complaint);

    if (is_action(where.what))
        co_return co_await act(std::move(where), std::move(asked));
    co_return co_await document(std::move(where), std::move(asked));
}

net::task<reply> api::document(destination where, request asked) {
    switch (where.what) {
    case route::livez:
        co_return status_word(200, "alive");
    case route::readyz:
        co_return co_await readiness();
    case route::hosts:
        co_return co_await all_hosts();
    case route::recoveries:
        co_return search(asked.query);
    default:
        co_return json_reply(status());
    }
}

// One host that is up is enough: what is asked of the others gets its answer from them.
net::task<reply> api::readiness() {
    if (subject_.proxy().draining)
        co_return status_word(503, "draining");
    bool up = ready();
    if (!up)
        up = co_await subject_.hosts.ready();
    if (up)
        co_return status_word(200, "ready");
    auto hosts = json::array();
    for (auto const& each : subject_.hosts) {
        auto const& health = each->view.health();
        hosts.push_back({{"name", each->name()},
                         {"state", host::to_string(health.state())},
                         {"reason", text_or_null(health.reason())}});
    }
    auto out = json_reply(text_of({{"status", "no_host_up"}, {"hosts", std::move(hosts)}}));
    out.status = 503;
    co_return out;
}

net::task<reply> api::all_hosts() {
    co_await subject_.hosts.refresh(freshness);
    co_return json_reply(R"({"hosts":)" + hosts() + "}");
}

reply api::search(std::string_view query) const {
    std::vector<std::string> const names{subject_.hosts.names().begin(),
                                         subject_.hosts.names().end()};
    recovery_search wanted;
    if (auto const complaint = read_search(query, names, wanted); !complaint.empty())
        return error_reply(400, "bad_request", complaint);
    auto const page = find_recoveries(subject_.ledger.records(), wanted);
    return json_reply(R"({"recoveries":)" + array_of(page.records) + R"(,"next_before":)" +
                      (page.next_before ? std::to_string(*page.next_before) : "null") + "}");
}

} // namespace secondwind::admin
