// Which of several hosts a request goes to: the one where its first token comes soonest, counting
// what that costs everybody else.
#pragma once

#include <boost/container/static_vector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

namespace secondwind::policy {

using seconds = std::chrono::duration<double>;

// What is known of the request's model on a host.
enum class residence : std::uint8_t {
    loaded,
    loading, // a request in flight loads it
    on_disk,
    perhaps, // the host lists only what is loaded, or has not listed anything yet
    absent   // the host lists all that it has, and this is not there
};
std::string_view to_string(residence r) noexcept;

// All that the price of a request on one host depends on.
struct candidate {
    std::string_view host; // its name
    policy::residence residence = residence::perhaps;
    std::size_t same_model = 0;    // requests for the model that the host serves or that wait
    std::size_t in_flight = 0;     // all requests that it serves or that wait
    std::size_t slots = 0;         // that the model's instances serve at once; 0: not known
    std::optional<seconds> pace{}; // what one request for the model takes there
    seconds load{};                // what its load takes; if it is loading, what is left of it
    seconds wait{};                // until what comes before that load is over
    seconds victims{};             // see victims_cost()
    bool refused = false;          // the model is known not to load there
    seconds reread{};              // to process the conversation's prompt, which another host kept
    seconds handicap{};            // upstreams[].handicap
    std::uint64_t rank = 0;        // of the same price, the highest wins; see rendezvous()
};

// The terms of the sum.
struct price {
    seconds queue{};
    seconds load{};
    seconds victims{};
    seconds reread{};
    seconds handicap{};

    seconds total() const noexcept { return queue + load + victims + reread + handicap; }
};

// What a request takes where nothing was learned.
inline constexpr seconds usual_pace{5};
// Instances of LM Studio serve that many requests at once unless they are told otherwise.
inline constexpr std::size_t usual_slots = 4;

// - queue: max(0, n + 1 - slots) / slots * pace, with n requests for the model, and a twentieth of
//   the pace for each request on the host, for they slow each other down; before a load, also the
//   recovery that runs there, and the loads of other models that wait;
// - load: nothing if the model is loaded, what is left if it is loading, else twice what a load
//   takes, because it takes memory from others: a second copy is worth some waiting. A minute
//   more where the host may not have the model, an hour where it is known not to load, and
//   two hours where the host has not got it;
// - victims, reread, handicap: as they are given.
// `pace` is used where the candidate's own is not known.
price price_of(candidate const& one, seconds pace = usual_pace) noexcept;

// One instance that must go before the model loads.
struct victim {
    seconds load{}; // what it takes to load it again
    seconds idle{}; // since its last use
};
// A model that was used a moment ago costs its whole load, and one that was not used for half an
// hour nothing: load * e^(-idle / 240 s).
seconds victims_cost(std::span<victim const> victims) noexcept;
// Where all that could go is busy, somebody has to wait until it is idle.
constexpr seconds busy_cost(seconds pace) noexcept {
    return 4 * pace + seconds{10};
}

// Of the same cost, a hash decides, which every secondwind computes alike whatever the order of its
// hosts: several of them, and one that was restarted, load a model on the same host. `key` is what
// is to be spread: a model, or a client's address.
std::uint64_t rendezvous(std::string_view key, std::string_view host) noexcept;

inline constexpr std::size_t most_candidates = 64;

struct priced {
    boost::container::static_vector<price, most_candidates> prices; // of each candidate
    std::size_t cheapest = 0;
};
// At least one candidate and at most most_candidates; `result` is empty. A pace that is not known
// on one host is the mean of the others'.
void price_all(std::span<candidate const> all, priced& result) noexcept;

// Why a host was chosen, in one word for the log and the metrics.
enum class choice_reason : std::uint8_t {
    port,     // the listener is the host's own
    asked,    // the request names it (X-Secondwind-Host)
    fallback, // routing.mode is host: default_upstream
    only,     // there is no other
    loaded,   // the rest: the cheapest, where the model is loaded
    loading,  // ... is loading
    room,     // ... has to be loaded
    evict,    // ... has to be loaded, and something has to go
    perhaps,  // ... may be
    unnamed,  // ... the request names no model that is known
    list,     // the request asks for a list, which is made of those of all hosts
    first,    // the request uses no model: default_upstream, else the first that is up
    spread,   // the request uses no model: default_upstream, else by the client's address
    stored,   // the host that stored the response which the request continues, or runs its download
    moved     // another host refused it
};
inline constexpr std::size_t choice_reasons = static_cast<std::size_t>(choice_reason::moved) + 1;
std::string_view to_string(choice_reason r) noexcept;
// Another host would have done as well, only dearer.
constexpr bool is_free(choice_reason r) noexcept {
    using enum choice_reason;
    return r != port && r != asked && r != fallback && r != only && r != stored;
}

// Why the cheapest is the cheapest.
choice_reason reason_for(candidate const& chosen) noexcept;

} // namespace secondwind::policy
