#include "host_choice.hpp"

#include "outgoing_head.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/lmstudio/list_merge.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace secondwind::proxy {

namespace {

using policy::choice_reason;
using policy::traffic;

recovery::wanted_model wanted_by(request const& request) {
    bool const converses = request.facts->traffic == traffic::completion;
    return {request.facts->model, lmstudio::kind_for(request.path()),
            converses ? request.body.view() : std::string_view{}, request.client, request.session};
}

void take(context& shared, request& request, recovery::choice chosen) {
    request.host = host::host_ptr{&shared.hosts[chosen.host]};
    request.route = chosen.reason;
    request.turn = std::move(chosen.turn);
    if (!request.origin.empty())
        request.grants = request.host->grants.fields_for(request.origin);
}

bool move(context& shared, request& request, std::optional<recovery::choice> chosen) {
    if (!chosen)
        return false;
    take(shared, request, std::move(*chosen));
    render_again(shared, request);
    return true;
}

// The value of the first of these fields that the request has.
void note_session(request& request, http::request_head const& head) {
    for (auto const& name : request.settings->routing.session_fields)
        for (auto const& field : head.fields)
            if (request.session.empty() && iequals(field.name, name))
                request.session = field.value;
}

void read_facts(request& request, http::request_head const& head) {
    policy::request_parts parts;
    parts.method = head.method;
    parts.target = head.target;
    parts.upgrades = request.upgrade != http::upgrade::none;
    parts.body = request.body.view();
    for (auto const& field : head.fields) {
        constexpr std::string_view type = "content-type";
        constexpr std::string_view encoding = "content-encoding";
        if (field.name.size() == type.size() && parts.content_type.empty() &&
            iequals(field.name, type))
            parts.content_type = field.value;
        if (field.name.size() == encoding.size() && parts.content_encoding.empty() &&
            iequals(field.name, encoding))
            parts.content_encoding = field.value;
    }
    request.facts = policy::read_facts(parts);
    request.model = policy::requested_model_of(*request.facts, parts.body, request.whole);
}

http::refusal host_draining() {
    return {503, "host_draining",
            "An operator is draining every LM Studio host that may serve this request, so it was "
            "not sent. Try again later."};
}

http::refusal ambiguous_unload(context const& shared, std::string const& instance,
                               std::vector<std::size_t> const& holders, bool has_key) {
    std::vector<std::string_view> names;
    names.reserve(holders.size());
    for (auto const each : holders)
        names.push_back(shared.hosts[each].name());
    auto const known = has_key ? fmt::format(" ({})", fmt::join(names, ", ")) : std::string{};
    return {409, "ambiguous_host",
            fmt::format("Several hosts{} have loaded an instance \"{}\", and nothing was unloaded. "
                        "Name one of them with X-Secondwind-Host, or send the request to its own "
                        "port.",
                        known, instance)};
}

// The host that has loaded the instance. Nothing if none has, as far as is known.
std::optional<http::refusal> choose_for_unload(context& shared, request& request) {
    auto const& instance = request.facts->instance_id;
    auto const holders = shared.router.holders(instance);
    if (holders.size() > 1)
        return ambiguous_unload(shared, instance, holders, !request.client.empty());
    if (holders.size() == 1)
        take(shared, request, {holders.front(), choice_reason::loaded, {}});
    return std::nullopt;
}

} // namespace

std::optional<http::refusal> choose_host(context& shared, client& client, request& request,
                                         http::request_head const& head) {
    auto& router = shared.router;
    read_facts(request, head);
    note_session(request, head);
    auto const& facts = *request.facts;
    std::optional<recovery::choice> chosen;
    switch (facts.traffic) {
    case traffic::completion:
        if (auto const host = shared.responses.host_of(facts.previous_response_id); !host.empty())
            chosen = router.find(host, choice_reason::stored);
        if (!chosen)
            chosen = router.choose(wanted_by(request));
        break;
    case traffic::load:
    case traffic::model_details:
        chosen = router.choose(wanted_by(request));
        break;
    case traffic::unload:
        break; // what is unloaded is not guessed: the hosts are asked
    case traffic::list:
        chosen = router.first();
        if (lmstudio::list_at(request.path()) && !request.model.possible()) {
            render_copies(shared, request, head);
            if (chosen)
                chosen->reason = choice_reason::list;
        }
        break;
    case traffic::download_status:
        if (auto const host = shared.responses.host_of(facts.job_id); !host.empty())
            chosen = router.find(host, choice_reason::stored);
        if (!chosen)
            chosen = router.first();
        break;
    case traffic::download:
        chosen = router.first();
        break;
    case traffic::other:
        chosen = router.spread(client.address().to_string());
    }
    if (chosen) {
        take(shared, request, std::move(*chosen));
        render_head(shared, request, head, request.whole);
    }
    return std::nullopt;
}

net::task<std::optional<http::refusal>> ask_and_choose_host(context& shared, request& request) {
    auto const began = shared.deadlines.now();
    std::optional<http::refusal> refused;
    std::optional<recovery::choice> chosen;
    if (request.facts->traffic == traffic::unload) {
        co_await shared.hosts.refresh(std::chrono::milliseconds::zero());
        refused = choose_for_unload(shared, request);
        if (!refused && !request.host)
            chosen = shared.router.first();
    } else {
        chosen = co_await shared.router.ask_and_choose(wanted_by(request));
    }
    std::chrono::duration<double> const waited = shared.deadlines.now() - began;
    shared.traffic.route_waits.observe(waited.count());
    if (chosen)
        take(shared, request, std::move(*chosen));
    if (!request.host && !refused)
        refused = host_draining();
    if (!refused)
        render_again(shared, request);
    co_return refused;
}

std::optional<http::refusal> refuse_on_draining_host(context& shared, request& request) {
    if (request.route == choice_reason::port || request.route == choice_reason::asked)
        return std::nullopt;
    if (!request.received.empty()) {
        auto const head =
            http::check_request(request.received, request.head_limits(), shared.fields);
        read_facts(request, *head);
        if (!request.facts->previous_response_id.empty())
            return std::nullopt;
    }
    return host_draining();
}

bool choose_host_after_refusal(context& shared, request& request) {
    request.tried.push_back(&request.host->recovery);
    return move(
        shared, request,
        shared.router.choose_instead(wanted_by(request), request.host->recovery, request.tried));
}

bool choose_host_after_failure(context& shared, request& request) {
    request.tried.push_back(&request.host->recovery);
    return move(shared, request,
                shared.router.choose_after_failure(wanted_by(request), request.tried));
}

bool choose_host_that_stores_it(context& shared, request& request) {
    request.tried.push_back(&request.host->recovery);
    return move(shared, request, shared.router.choose_store(wanted_by(request), request.tried));
}

bool choose_host_that_has_it(context& shared, request& request) {
    request.tried.push_back(&request.host->recovery);
    return move(shared, request, shared.router.choose_holder(wanted_by(request), request.tried));
}

} // namespace secondwind::proxy
