// One run of a mix: its clients, a host, and what stands between them.
#pragma once

#include "front.hpp"
#include "mix.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace secondwind::bench {

struct conditions {
    bool guardrail = true;
    milliseconds release{}; // how long after an unload its memory is free
};
inline std::vector<conditions> const all_conditions{{true, milliseconds{0}},
                                                    {true, milliseconds{500}},
                                                    {false, milliseconds{0}},
                                                    {false, milliseconds{500}}};

// Of one run or of several. Only requests whose model fits on the host count.
struct figures {
    unsigned runs = 0;
    unsigned requests = 0;
    unsigned failures = 0;
    unsigned cut_by_unload = 0; // generations, those that were replayed included
    unsigned loads = 0;
    unsigned refusals = 0;
    milliseconds took{};
    bool stuck = false;                                     // some request never ended
    std::map<std::string, std::vector<milliseconds>> waits; // for the first byte, by model

    void add(figures const& other);
    std::vector<milliseconds> sorted_waits() const;
    milliseconds longest_wait(std::vector<std::string> const& except = {}) const;
};

struct run_options {
    front_kind front = front_kind::product;
    bench::conditions conditions{};
    std::uint64_t seed = 1;
    bool trace = false;
    bool old_defaults = false; // of the product
};

// The same mix, seed and options make the same figures.
figures run_mix(mix const& m, run_options const& options);

} // namespace secondwind::bench
