// Watches several simulated hosts and their clients, and reports what must not happen.
#pragma once

#include "support/simulated_client.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace secondwind::test {

class route_referee {
public:
    using member = simulated_cluster::member;

    // `models` are the keys of all that any host has. A story is `calm` if no client leaves, the
    // hosts have no faults and no other users, none of them comes or goes, and every request names
    // a model: whatever fits somewhere is answered.
    route_referee(virtual_time& time, boost::asio::io_context& io, simulated_cluster& cluster,
                  std::vector<std::string> models, bool calm);

    void watch(member& host);
    void watch(simulated_client& client);
    // All has ended that ever will.
    void conclude();

    std::vector<std::string> const& breaches() const noexcept { return breaches_; }
    // All that happened, line by line.
    std::vector<std::string> const& story() const noexcept { return story_; }
    void trace(std::string const& line);

    bool tracing = false;   // each line is written at once
    bool recording = false; // each line is kept

private:
    using time_point = virtual_time::time_point;
    struct watched {
        simulated_client* client;
        std::vector<std::size_t> hosts{}; // that it was sent to, by their numbers
        unsigned sent_before = 0;         // attempts on others of them
        unsigned resent_before = 0;
        bool bound = false;                  // to its first host
        std::vector<std::size_t> hopeless{}; // that it does not go to again
        bool returns = false;                // its last move was one after a recovery

        simulated_exchange& exchange() const { return *client->exchange(); }
        std::string const& id() const { return client->sent().id; }
    };
    // Of the attempt that begins in this moment.
    struct attempt {
        watched const* by = nullptr;
        bool gated = false; // the same model loads there, as far as can be known
    };

    void breach(std::string text);
    void settled();
    void check_counts(member& host);
    void check_waiting(member& host);

    void chosen(watched& w, member& to);
    void check_place(watched const& w, member& to);
    void check_same_choice(recovery::wanted_model const& wanted);
    void check_prices(recovery::offers const& all);

    void attempt_begins(watched& w);
    void check_budget(watched& w);
    void check_candidate(member& host, recovery::wanted_model const& wanted);
    bool known_to_load(member& host, watched const& w);
    void load_begins(member& host, std::string const& model);
    void moves(watched& w);
    void decides(watched& w, policy::next_step step);
    bool serves_at_once(member& host, watched const& w);
    void ended(watched& w);
    void helped(watched const& w);
    void check_busy_room(member& host);

    bool recovers() const;
    bool is_routed(member const& host) const;
    static bool allows(member const& host, std::string const& model);
    static bool is_hopeless(watched const& w, member const& host);
    static bool was_sent_to(watched const& w, member const& host);

    virtual_time& time_;
    simulated_cluster& cluster_;
    std::vector<std::string> models_;
    bool calm_;
    recovery::router mirror_; // the same hosts in the reverse order
    std::map<std::string, watched> clients_;
    attempt now_;
    std::vector<std::string> breaches_;
    std::vector<std::string> story_;
};

} // namespace secondwind::test
