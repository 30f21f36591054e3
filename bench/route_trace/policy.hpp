// How the host of a request is chosen: by the product's router, or as others do it.
#pragma once

#include "workload.hpp"

#include "support/simulated_cluster.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace secondwind::bench {

enum class choice_by : std::uint8_t {
    round_robin,
    least_connections,
    hash,           // of the model
    loaded_in_turn, // those that have it loaded take turns; else the one with most memory free
    loaded_least, // of those that have it loaded, or else of all, the one with the fewest requests
    price         // the product
};

// A row of the table.
struct routing_policy {
    std::string_view name;
    choice_by choice = choice_by::price;
    bool gate = true;     // one request leads a cold load, the others of its host await it
    bool moves = true;    // from a host that refuses or cannot be reached; only with the price
    double estimates = 0; // times what a load really takes; 0: as they are learned
};
std::vector<routing_policy> const& all_policies();

// What a policy but the product's sees: the truth. It knows which host has which model, as an
// operator would configure it, and each request counts from its choice to its end.
class baseline {
public:
    baseline(choice_by by, workload const& asked, test::simulated_cluster& cluster);

    std::size_t choose(std::size_t model);
    void ended(std::size_t host) { --in_flight_[host]; }

private:
    std::vector<std::size_t> holders(std::size_t model) const;
    bool is_loaded(std::size_t host, std::size_t model);
    std::size_t next_of(std::vector<std::size_t> const& hosts);
    std::size_t least_busy(std::vector<std::size_t> const& hosts);

    choice_by by_;
    workload const& asked_;
    test::simulated_cluster& cluster_;
    std::vector<unsigned> in_flight_; // by host
    std::size_t turn_ = 0;
};

} // namespace secondwind::bench
