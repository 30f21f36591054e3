// Chooses one of several hosts for each request.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/conversations.hpp>
#include <secondwind/policy/price.hpp>
#include <secondwind/policy/rest.hpp>
#include <secondwind/recovery/candidate.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/container/static_vector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::recovery {

// The hosts that a request was sent to.
using tried_hosts = std::vector<host_recovery const*>;

// One of the hosts; what it refers to lives as long as it is in a router, or is being asked.
struct routed_host {
    host_recovery* recovery = nullptr;
    config::upstream const* upstream = nullptr;
    policy::rest* rest = nullptr; // how long it is left alone because it has failed
    // While it is true, the host gets only what names it, or continues or unloads what it has.
    bool const* draining = nullptr;
    // Brings recovery->models up to date, unless that was done within this time.
    std::function<net::task<void>(std::chrono::milliseconds max_age)> ask_models;

    bool drains() const noexcept { return draining != nullptr && *draining; }
    // By upstreams[].models.
    bool allows(std::string_view model) const noexcept;
    bool is_one_of(tried_hosts const& tried) const noexcept;
};

// What is known of the conversation that a request continues.
using turn = policy::conversations::beginnings;

struct choice {
    std::size_t host = 0; // its place among those of the router
    policy::choice_reason reason = policy::choice_reason::only;
    // Of a conversation, if it was compared; see router::note_read().
    recovery::turn turn{};
};

// The hosts that may serve a request, and what each of them costs. It holds while nothing is
// awaited.
struct offers {
    std::chrono::steady_clock::time_point when; // they were compared
    boost::container::static_vector<std::size_t, policy::most_candidates> hosts; // their places
    boost::container::static_vector<policy::candidate, policy::most_candidates> candidates;
    policy::priced prices;
    recovery::turn turn;

    bool empty() const noexcept { return hosts.empty(); }
};

// Whether a host takes a request now.
enum class vacancy : std::uint8_t {
    free,
    full, // all that may serve it have reached upstreams[].max_in_flight
    none  // all are draining
};

// The price is explained in policy/price.hpp, and what it is computed from in
// recovery/candidate.hpp. Hosts are asked for their models only where a choice depends on it, never
// at an interval.
class router {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // All must outlive it. `secret` keeps clients from foreseeing which conversations it takes for
    // each other.
    router(boost::asio::io_context& io, net::deadline_queue& deadlines,
           config::current_settings const& settings, std::string secret)
        : io_{io}, deadlines_{deadlines}, settings_{settings}, conversations_{std::move(secret)} {}

    // At least one, and at most policy::most_candidates. Call it after each change of the hosts or
    // of the settings.
    void take(std::vector<routed_host> hosts);

    // Requests that name no host are routed by model.
    bool by_model() const noexcept { return by_model_; }

    // All hosts that may serve it and were not tried: those that do not rest and are not excluded
    // by upstreams[].models; without them those that rest, and for a request that was tried nowhere
    // yet all of them. None of them is draining. Of these, those below their limits, if the request
    // takes a permit; if it was tried somewhere and none is, all of them, for it waits no more.
    offers price(wanted_model const& wanted, tried_hosts const& tried = {}) const;

    // Why the cheapest of them would be chosen.
    policy::choice_reason reason_for(offers const& all) const noexcept;
    // Those of them that are asked for their models before one is chosen, by their index in `all`.
    std::vector<std::size_t> to_ask(offers const& all, wanted_model const& wanted) const;
    // Why the host at this place is none of them, or only for want of others: "draining",
    // "resting", "models" if upstreams[].models excludes the model, or "max_in_flight" if it has
    // reached that limit. Empty for any other.
    std::string_view hindrance(std::size_t host, wanted_model const& wanted) const;

    // The cheapest, by what is known now. Nothing if hosts should be asked first.
    std::optional<choice> choose(wanted_model const& wanted) const;
    // Asks them, waits routing.list_wait at most, and chooses the cheapest. Nothing if all hosts
    // are draining or full.
    net::task<std::optional<choice>> ask_and_choose(wanted_model wanted) const;
    // The cheapest, without asking. Nothing if all hosts are draining or full.
    std::optional<choice> choose_now(wanted_model const& wanted) const;

    // Whether a request that was tried nowhere has to wait for a host.
    vacancy vacancy_for(wanted_model const& wanted) const;
    // When the first of the hosts that rest may be tried again; nothing if none rests.
    std::optional<policy::rest::time_point> next_rest_end() const;

    // Where a request goes that the host it was sent to has refused for memory: the cheapest that
    // was not tried, if that is cheaper than to make room where it was refused.
    std::optional<choice> choose_instead(wanted_model const& wanted, host_recovery const& refused,
                                         tried_hosts const& tried) const;
    // Where a request goes for which the host it was sent to could make no room: the cheapest that
    // may have some, or make some. It may have refused the request before, as long as no recovery
    // has been in vain there.
    std::optional<choice> choose_after_recovery(wanted_model const& wanted,
                                                tried_hosts const& hopeless) const;
    // Where a request goes that could not be sent to a host.
    std::optional<choice> choose_after_failure(wanted_model const& wanted,
                                               tried_hosts const& tried) const;

    // Where a request goes that continues a response which its host has not stored: the cheapest,
    // and at last those that are draining.
    std::optional<choice> choose_store(wanted_model const& wanted, tried_hosts const& tried) const;
    // Where a request goes whose model its host has not: the cheapest of those that list it, or
    // that have not listed anything yet, even if it has refused the request for memory.
    std::optional<choice> choose_holder(wanted_model const& wanted,
                                        tried_hosts const& hopeless) const;
    // The host of this name; nothing if there is none any more.
    std::optional<choice> find(std::string_view name, policy::choice_reason reason) const noexcept;
    // The hosts that list a loaded instance of this id.
    std::vector<std::size_t> holders(std::string_view instance_id) const;
    // default_upstream, or else the first; rather one that does not rest. Nothing if all are
    // draining.
    std::optional<choice> first() const noexcept;

    // The host of this name has read this turn of a conversation.
    void note_read(recovery::turn const& of, std::string_view host) {
        if (of.size() > 0)
            conversations_.note(of, host, deadlines_.now());
    }

    // For a request that uses no model: default_upstream, or else those of one client go to the
    // same host as long as that works. Nothing if all are draining.
    std::optional<choice> spread(std::string_view client) const;

private:
    struct question;
    static net::task<void> ask(std::shared_ptr<question> all, routed_host host,
                               std::chrono::milliseconds max_age);
    static net::task<void> try_host(routed_host host);
    void use(routed_host const& host, time_point now) const;
    std::shared_ptr<question> ask_all(wanted_model const& wanted) const;
    double mean_load_rate() const;
    std::vector<lookup>& lookups_of(std::string_view model) const;
    bool is_fresh(offers const& all, std::size_t index, wanted_model const& wanted) const;
    bool worth_asking(offers const& all, std::size_t index, wanted_model const& wanted) const;
    void add_rereads(offers& all, wanted_model const& wanted) const;
    choice cheapest(offers&& all) const;
    choice moved_to(offers&& others) const;
    bool best_rests(offers const& all) const;
    bool is_default(routed_host const& one) const noexcept;
    bool is_full(std::size_t host, wanted_model const& wanted) const noexcept;
    template<class Visit>
    void visit(wanted_model const& wanted, tried_hosts const& tried, time_point now,
               Visit visit) const;
    template<class Rank>
    std::optional<choice> first_by(Rank rank) const;

    boost::asio::io_context& io_;
    net::deadline_queue& deadlines_;
    config::current_settings const& settings_;
    policy::conversations conversations_;
    std::vector<routed_host> hosts_;
    // By the name of the model, for each host; of more than most_models all are forgotten.
    mutable std::map<std::string, std::vector<lookup>, std::less<>> lookups_;
    bool by_model_ = false;
};

} // namespace secondwind::recovery
