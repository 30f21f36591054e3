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
using recovery::route_queue;

recovery::wanted_model wanted_by(request const& request) {
    bool const converses = request.facts->traffic == traffic::completion;
    recovery::wanted_model wanted{request.facts->model, request.facts->kind,
                                  converses ? request.body.view() : std::string_view{},
                                  request.client, request.session};
    wanted.takes_permit = request.takes_permit();
    return wanted;
}

// One that has a permit of another host exchanges it, whether this one is full or not.
void take(context& shared, request& request, recovery::choice chosen, bool with_permit) {
    request.permit.give_back(); // before its host may end
    request.host = host::host_ptr{&shared.hosts[chosen.host]};
    if (with_permit)
        request.permit = recovery::permit{request.host->recovery.permits};
    request.route = chosen.reason;
    request.turn = std::move(chosen.turn);
    if (!request.origin.empty())
        request.grants = request.host->grants.fields_for(request.origin);
}

bool move(context& shared, request& request, std::optional<recovery::choice> chosen) {
    if (!chosen)
        return false;
    bool const with_permit = static_cast<bool>(request.permit);
    take(shared, request, std::move(*chosen), with_permit);
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

void give_up_host(request& request) {
    request.tried.push_back(&request.host->recovery);
    request.hopeless.push_back(&request.host->recovery);
}

void read_facts(request& request, http::request_head const& head) {
    policy::request_parts parts;
    parts.method = head.method;
    parts.target = head.target;
    parts.upgrades = request.upgrade != http::upgrade::none;
    parts.body = request.body.view();
    for (auto const& field : head.fields) {
        if (field.meaning == http::field_name::content_type && parts.content_type.empty())
            parts.content_type = field.value;
        if (field.meaning == http::field_name::content_encoding && parts.content_encoding.empty())
            parts.content_encoding = field.value;
    }
    request.facts = std::make_unique<policy::request_facts>(policy::read_facts(parts));
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
        take(shared, request, {holders.front(), choice_reason::loaded, {}}, false);
    return std::nullopt;
}

std::optional<http::refusal> refusal_after(route_queue::outcome wait) {
    switch (wait) {
    case route_queue::outcome::draining:
        return host_draining();
    case route_queue::outcome::full:
        return http::refusal{503, "route_waiters",
                             "Every LM Studio host that may serve this request is at its limit "
                             "(upstreams[].max_in_flight), and as many requests as allowed wait "
                             "already (limits.route_waiters). Try again later."};
    case route_queue::outcome::late:
        return http::refusal{503, "all_busy",
                             "Every LM Studio host that may serve this request has been at its "
                             "limit (upstreams[].max_in_flight) for as long as a request waits "
                             "(routing.wait). Try again later."};
    case route_queue::outcome::granted:
    case route_queue::outcome::withdrawn:
        break;
    }
    return std::nullopt;
}

// Of what the client sends while it waits: enough to see it leave.
constexpr std::size_t most_unread_in_queue = 4096;

// Leaves the queue with its client.
class queued_request final : public route_queue::place, client::watcher {
public:
    queued_request(context& shared, client& client, request& request, std::string_view name)
        : place{shared.waiting, name}, shared_{shared}, client_{client}, request_{request} {
        client_.watch(*this, most_unread_in_queue);
    }
    queued_request(queued_request const&) = delete;
    queued_request& operator=(queued_request const&) = delete;
    ~queued_request() { client_.unwatch(); }

private:
    void go(recovery::choice* chosen) override {
        if (chosen != nullptr)
            take(shared_, request_, std::move(*chosen), true);
        else
            request_.permit = recovery::permit{request_.host->recovery.permits};
    }
    void on_client_gone() override { withdraw(); }

    context& shared_;
    client& client_;
    request& request_;
};

// A request that names its host, or continues a response, could be served by no other.
bool stays_while_draining(context& shared, request& request) {
    if (!policy::is_free(request.route) && request.route != choice_reason::fallback &&
        request.route != choice_reason::only)
        return true;
    if (!request.facts && !request.received.empty()) {
        auto const head =
            http::check_request(request.received, request.head_limits(), shared.fields);
        read_facts(request, *head);
    }
    return request.facts && !request.facts->previous_response_id.empty();
}

} // namespace

std::optional<http::refusal> choose_host(context& shared, client& client, request& request,
                                         http::request_head const& head) {
    auto& router = shared.router;
    read_facts(request, head);
    note_session(request, head);
    auto const& facts = *request.facts;
    std::optional<recovery::choice> chosen;
    bool with_permit = false;
    switch (facts.traffic) {
    case traffic::completion:
        if (auto const host = shared.responses.host_of(facts.previous_response_id); !host.empty())
            chosen = router.find(host, choice_reason::stored);
        with_permit = !chosen && request.takes_permit();
        // Those that wait for a host go first.
        if (!chosen && (!with_permit || shared.waiting.empty()))
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
        take(shared, request, std::move(*chosen), with_permit);
        render_head(shared, request, head, request.whole);
    }
    return std::nullopt;
}

net::task<std::optional<http::refusal>> ask_and_choose_host(context& shared, client& client,
                                                            request& request) {
    auto const began = shared.deadlines.now();
    std::optional<http::refusal> refused;
    std::optional<recovery::choice> chosen;
    bool waits = false;
    if (request.facts->traffic == traffic::unload) {
        co_await shared.hosts.refresh(std::chrono::milliseconds::zero());
        refused = choose_for_unload(shared, request);
        if (!refused && !request.host)
            chosen = shared.router.first();
    } else {
        auto const wanted = wanted_by(request);
        chosen = co_await shared.router.ask_and_choose(wanted);
        waits = wanted.takes_permit &&
                (!shared.waiting.empty() ||
                 (!chosen && shared.router.vacancy_for(wanted) == recovery::vacancy::full));
    }
    if (waits) {
        refused = co_await await_permit(shared, client, request);
        if (!refused && !request.host)
            co_return std::nullopt;
    } else {
        std::chrono::duration<double> const waited = shared.deadlines.now() - began;
        shared.traffic.route_waits.observe(waited.count());
    }
    if (!waits && chosen) {
        bool const with_permit = request.takes_permit();
        take(shared, request, std::move(*chosen), with_permit);
    }
    if (!request.host && !refused)
        refused = host_draining();
    if (!refused)
        render_again(shared, request);
    co_return refused;
}

bool take_permit(context& shared, request& request) {
    auto& permits = request.host->recovery.permits;
    if (permits.all_given() || (permits.limit() != 0 && !shared.waiting.empty()))
        return false;
    request.permit = recovery::permit{permits};
    return true;
}

net::task<std::optional<http::refusal>> await_permit(context& shared, client& client,
                                                     request& request) {
    auto const began = shared.deadlines.now();
    std::string name{request.client};
    if (name.empty())
        name = client.address().to_string();
    queued_request waiting{shared, client, request, name};
    std::optional<recovery::wanted_model> wanted;
    if (request.host) {
        auto const* const drains =
            stays_while_draining(shared, request) ? nullptr : &request.host->view.draining();
        waiting.wait_for(request.host->recovery.permits, drains);
    } else {
        wanted = wanted_by(request);
        waiting.wait_for(*wanted);
    }
    auto const outcome = co_await waiting.turn();
    if (outcome == route_queue::outcome::withdrawn)
        request.permit.give_back();
    if (waiting.has_waited()) {
        request.queued = shared.deadlines.now() - began;
        shared.traffic.queue_waits.observe(std::chrono::duration<double>{request.queued}.count());
    }
    co_return refusal_after(outcome);
}

std::optional<http::refusal> refuse_on_draining_host(context& shared, request& request) {
    return stays_while_draining(shared, request) ? std::nullopt : std::optional{host_draining()};
}

bool choose_host_after_refusal(context& shared, request& request) {
    request.tried.push_back(&request.host->recovery);
    return move(
        shared, request,
        shared.router.choose_instead(wanted_by(request), request.host->recovery, request.tried));
}

bool choose_host_after_recovery(context& shared, request& request) {
    give_up_host(request);
    return move(shared, request,
                shared.router.choose_after_recovery(wanted_by(request), request.hopeless));
}

bool choose_host_after_failure(context& shared, request& request) {
    give_up_host(request);
    return move(shared, request,
                shared.router.choose_after_failure(wanted_by(request), request.tried));
}

bool choose_host_that_stores_it(context& shared, request& request) {
    give_up_host(request);
    return move(shared, request, shared.router.choose_store(wanted_by(request), request.tried));
}

bool choose_host_that_has_it(context& shared, request& request) {
    give_up_host(request);
    return move(shared, request, shared.router.choose_holder(wanted_by(request), request.hopeless));
}

} // namespace secondwind::proxy
