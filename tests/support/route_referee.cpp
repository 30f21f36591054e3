// What the referee says of single requests.
#include "support/route_referee.hpp"

#include <secondwind/base/pattern.hpp>
#include <secondwind/policy/plan.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <utility>

namespace secondwind::test {

using namespace std::chrono_literals;
using policy::choice_reason;
using policy::for_memory;
using policy::verdict;
using answered_by = simulated_exchange::answered_by;

route_referee::route_referee(virtual_time& time, boost::asio::io_context& io,
                             simulated_cluster& cluster, std::vector<std::string> models, bool calm)
    : time_{time}, cluster_{cluster}, models_{std::move(models)}, calm_{calm},
      mirror_{io, time.deadlines(), cluster.settings, "another secret"} {
    time_.on_settled = [this] { settled(); };
}

void route_referee::trace(std::string const& line) {
    if (!tracing && !recording)
        return;
    auto text = fmt::format("{:>7} ms  {}", time_.elapsed().count(), line);
    if (tracing)
        std::cerr << text << '\n';
    if (recording)
        story_.push_back(std::move(text));
}

void route_referee::breach(std::string text) {
    trace("BREACH: " + text);
    breaches_.push_back(fmt::format("at {} ms: {}", time_.elapsed().count(), text));
}

void route_referee::watch(member& host) {
    auto const named = [this, &host](std::string const& event) {
        return [this, &host, event](std::string const& of) {
            trace(fmt::format("{} {} {}", host.upstream.name, event, of));
        };
    };
    host.host.on_load = [this, &host](std::string const& model) { load_begins(host, model); };
    host.host.on_unload = named("is asked to unload");
    host.host.on_event = named("has");
    host.host.on_breach = [this](std::string const& text) { breach(text); };
}

void route_referee::watch(simulated_client& client) {
    auto& mine = clients_.emplace(client.sent().id, watched{.client = &client}).first->second;
    client.on_choice = [this, &mine](member& to) { chosen(mine, to); };
    client.on_exchange = [this, &mine](simulated_exchange& e) {
        e.on_attempt = [this, &mine] { attempt_begins(mine); };
        e.on_move = [this, &mine] { moves(mine); };
        e.on_decision = [this, &mine](policy::next_step step) { decides(mine, step); };
    };
    client.on_end = [this, &mine, report = client.on_end] {
        ended(mine);
        report();
    };
}

bool route_referee::recovers() const {
    return cluster_.settings->recovery.mode == config::recovery_mode::on;
}

bool route_referee::is_routed(member const& host) const {
    return std::ranges::find(cluster_.routed(), &host) != cluster_.routed().end();
}

bool route_referee::allows(member const& host, std::string const& model) {
    auto const& globs = host.upstream.models;
    return globs.empty() || model.empty() ||
           std::ranges::any_of(globs, [&](auto const& glob) { return glob_matches(glob, model); });
}

bool route_referee::is_hopeless(watched const& w, member const& host) {
    return std::ranges::find(w.hopeless, host.number) != w.hopeless.end();
}

bool route_referee::was_sent_to(watched const& w, member const& host) {
    return std::ranges::find(w.hosts, host.number) != w.hosts.end();
}

void route_referee::chosen(watched& w, member& to) {
    auto const& client = *w.client;
    auto const reason = *client.reason();
    trace(fmt::format("{} for {} goes to {}: {}", w.id(), client.sent().asks.model,
                      to.upstream.name, to_string(reason)));
    w.bound = !policy::is_free(reason);
    auto const waited = virtual_time::now() - client.began();
    if (waited > cluster_.settings->routing.list_wait + 1ms + virtual_time::lateness())
        breach(w.id() + " has waited longer for the hosts' lists than it may");
    if (client.named() && to.number != *client.named())
        breach(w.id() + " names another host");
    if (client.named())
        return;
    auto const& continues = client.sent().asks.continues;
    if (reason == choice_reason::stored && !to.host.stores(continues))
        breach(w.id() + " continues a response that is not stored there");
    if (reason == choice_reason::stored || (!continues.empty() && reason == choice_reason::only))
        return;
    check_place(w, to);
    if (cluster_.router.by_model())
        check_same_choice(client.wanted());
}

// It is one of those that may be chosen, and one that rests only for want of others.
void route_referee::check_place(watched const& w, member& to) {
    auto const& model = w.client->sent().asks.model;
    auto const& name = to.upstream.name;
    auto const now = virtual_time::now();
    // After an answer that a response is not stored, those that drain are asked at last.
    bool const searches = !w.hosts.empty() && !w.client->sent().asks.continues.empty();
    if (to.draining && !searches)
        breach(w.id() + " goes to " + name + ", which is draining");
    if (!is_routed(to))
        breach(w.id() + " goes to " + name + ", which is no host any more");
    if (was_sent_to(w, to) && !w.returns)
        breach(w.id() + " goes to " + name + " again");
    if (is_hopeless(w, to))
        breach(w.id() + " goes to " + name + ", where nothing could be done for it");
    bool const began_trial = to.rest.end() == now + policy::rest::longest_trial;
    bool const rests = to.rest.lasts(now) && !began_trial;
    for (auto* const other : cluster_.routed()) {
        bool const left = w.returns ? !is_hopeless(w, *other) : !was_sent_to(w, *other);
        if (other == &to || other->draining || !left || !allows(*other, model))
            continue;
        if (!allows(to, model))
            breach(w.id() + " goes to " + name + ", which is not for " + model);
        if (rests && !other->rest.lasts(now))
            breach(fmt::format("{} goes to {}, which rests, and {} does not", w.id(), name,
                               other->upstream.name));
    }
    if (!w.hosts.empty() && !allows(to, model))
        breach(w.id() + " moves to " + name + ", which is not for " + model);
}

void route_referee::attempt_begins(watched& w) {
    auto const& e = w.exchange();
    auto& host = cluster_[e.host()];
    bool const first = w.hosts.empty() || w.hosts.back() != e.host();
    if (first) {
        w.hosts.push_back(e.host());
        w.sent_before = e.attempts() - 1;
        w.resent_before = e.resends();
    }
    trace(fmt::format("{} attempt {} on {}", w.id(), e.attempts(), host.upstream.name));
    if (e.attempts() == 1000) {
        breach(w.id() + " is sent again and again");
        w.client->leave();
    }
    if (e.committed() || e.over())
        breach(w.id() + " is sent, and its answer had begun");
    if (e.gone())
        breach(w.id() + " has left, and is sent");
    if (w.client->named() && e.host() != *w.client->named())
        breach(w.id() + " names another host");
    check_budget(w);
    check_candidate(host, w.client->wanted());
    now_ = {&w, known_to_load(host, w)};
}

void route_referee::check_budget(watched& w) {
    auto const& e = w.exchange();
    auto const resent = e.resends() - w.resent_before;
    auto const replays = e.attempts() - w.sent_before - 1 - resent;
    if (resent > 1 || (resent == 1 && !(e.fresh() && e.sent().idempotent)))
        breach(w.id() + " is resent, and must not be");
    if (replays == 0)
        return;
    if (!e.recovery().met_recovery())
        breach(w.id() + " is sent to the same host again, and no recovery has helped there");
    if (!recovers() || cluster_.settings->recovery.max_replays == 0 || !e.sent().replayable)
        breach(w.id() + " is replayed, and must not be");
}

// What a price is computed from is true.
void route_referee::check_candidate(member& host, recovery::wanted_model const& wanted) {
    recovery::lookup fresh;
    auto const one = recovery::candidate_on(host.recovery, wanted, host.upstream,
                                            policy::pace::usual_rate, fresh);
    auto const truth = host.recovery.in_flight.size() + host.recovery.line.size();
    if (one.in_flight != truth)
        breach(fmt::format("{} counts as busy with {} requests, and has {}", host.upstream.name,
                           one.in_flight, truth));
}

// The proxy knows that the model is not loaded, and that another request loads it.
bool route_referee::known_to_load(member& host, watched const& w) {
    auto const& settings = *cluster_.settings;
    auto& known = host.recovery.models;
    auto const& e = w.exchange();
    bool const first = e.attempts() == w.sent_before + 1;
    if (!settings.cold_load.gate || !recovers() || !known.known() || !first)
        return false;
    auto const meant = known.find(e.model(), e.sent().asks.kind);
    if (meant->match != lmstudio::match::found || !known.is_unloaded(meant->key) ||
        host.recovery.oversized.futile(meant->key, virtual_time::now()))
        return false;
    return std::ranges::any_of(host.recovery.in_flight.claims(), [&](recovery::claim& each) {
        return &each != &e.recovery().use() && each.possible() && !each.answering() &&
               known.resolve(each).key == meant->key;
    });
}

void route_referee::load_begins(member& host, std::string const& model) {
    trace(host.upstream.name + " loads " + model);
    auto const loading = host.host.loading();
    bool const again = std::ranges::find(loading, model) != loading.end();
    if (again && now_.by != nullptr && now_.gated)
        breach(
            fmt::format("{} has {} load {} once more", now_.by->id(), host.upstream.name, model));
}

void route_referee::moves(watched& w) {
    auto const& e = w.exchange();
    auto& to = cluster_[e.host()];
    trace(fmt::format("{} moves to {}", w.id(), to.upstream.name));
    auto const& judged = e.judged();
    auto const says = [&judged](char const* text) {
        return judged.verdict == verdict::other_error && judged.message.find(text) == 0;
    };
    bool const refused = e.answered() && for_memory(judged.verdict);
    bool const lacks = e.answered() && (says("No models loaded.") || says("Multiple models") ||
                                        says("previous_response_not_found"));
    if (!e.unreached() && !refused && !lacks)
        breach(w.id() + " moves, and may be generating");
    if (w.bound)
        breach(w.id() + " moves from the host that it has to be served by");
    if (e.committed() || e.gone() || !e.sent().replayable)
        breach(w.id() + " moves, and must not");
    if (!e.unreached() && !recovers())
        breach(w.id() + " moves after an answer, and nothing is to recover");
    if (e.recovery().met_recovery() && !(refused && e.recovery().found_no_room()))
        breach(w.id() + " moves, and a recovery had begun for it");
    // To where it was only refused for memory, it may be sent once more for a recovery.
    bool const after_recovery = e.recovery().met_recovery();
    w.returns = after_recovery || says("No models") || says("Multiple models");
    if (!refused || after_recovery)
        w.hopeless.push_back(w.hosts.back());
    check_place(w, to);
}

// Nothing is unloaded here for what another host serves at once.
void route_referee::decides(watched& w, policy::next_step step) {
    auto const& e = w.exchange();
    trace(fmt::format("{} decides {}: {}", w.id(), to_string(step), e.judged().message));
    bool const may_move = for_memory(e.judged().verdict) && recovers() && e.movable() &&
                          e.recovery().uninvolved() && is_routed(cluster_[e.host()]);
    if (!may_move)
        return;
    for (auto* const other : cluster_.routed())
        if (!was_sent_to(w, *other) && serves_at_once(*other, w))
            breach(fmt::format("{} decides {}, and {} has {} loaded", w.id(), to_string(step),
                               other->upstream.name, e.model()));
}

// It has the model loaded, which is known, and has nothing to do.
bool route_referee::serves_at_once(member& host, watched const& w) {
    auto const now = virtual_time::now();
    auto const& asks = w.client->sent().asks;
    bool const free = !host.draining && !host.rest.lasts(now) && allows(host, asks.model) &&
                      host.upstream.handicap == 0ms && host.host.requests() == 0 &&
                      host.recovery.line.empty();
    bool const came_back =
        host.rest.back() != time_point::min() && now < host.rest.back() + policy::rest::slow_start;
    auto const meant = host.recovery.models.find(asks.model, asks.kind);
    return free && !came_back && host.host.serving(asks.model, asks.kind) != nullptr &&
           meant->instance.has_value();
}

void route_referee::ended(watched& w) {
    auto const& client = *w.client;
    if (client.ended() > 1)
        breach(w.id() + " ended twice");
    if (client.refused()) {
        trace(w.id() + " is refused");
        if (client.named() || std::ranges::any_of(cluster_.routed(), [](member const* each) {
                return !each->draining;
            }))
            breach(w.id() + " is refused, and not all hosts are draining");
    }
    if (!client.exchange())
        return;
    auto const& e = w.exchange();
    trace(fmt::format("{} ends: {} {}, outcome {}", w.id(),
                      e.gone()                         ? "left"
                      : e.from() == answered_by::proxy ? "turned away"
                                                       : to_string(e.answer().verdict),
                      e.answer().message, to_string(e.outcome())));
    if (!e.gone() && e.from() == answered_by::nobody)
        breach(w.id() + " got no answer");
}

} // namespace secondwind::test
