// One run: a workload, a policy, and the hosts.
#pragma once

#include "policy.hpp"
#include "workload.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace secondwind::bench {

// What became of a request.
struct story {
    std::size_t number = 0;
    std::size_t model = 0;
    milliseconds when{};
    milliseconds wait{}; // for its first token; 0 if it got none
    std::string text{};  // the hosts, and why
};

struct figures {
    std::size_t requests = 0;
    std::size_t failed = 0;
    unsigned loads = 0;
    unsigned duplicates = 0; // loads of a model that the host was loading already
    unsigned moves = 0;
    unsigned listings = 0; // that were asked for because of a choice
    unsigned met_outage = 0;
    std::size_t in_outage = 0; // requests that arrived while a host was down
    milliseconds took{};
    bool stuck = false; // some request never ended
    double p50 = 0;     // of the wait for the first token, in seconds
    double p95 = 0;
    double worst_p95 = 0; // of a model
    double fairness = 0;  // Jain's index of the times during which the hosts were busy
    std::map<std::string, unsigned> reasons; // of the choices
    std::vector<story> slowest;
};

struct run_options {
    bool trace = false;
    std::size_t slowest = 0; // how many stories
};

// The same workload and policy make the same figures.
figures run(workload const& asked, routing_policy const& by, run_options const& options);

} // namespace secondwind::bench
