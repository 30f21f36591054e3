// Mixes of apps on one host: what is asked of it, and what a recovery policy must reach.
#pragma once

#include <secondwind/lmstudio/instance.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::bench {

using std::chrono::milliseconds;

// Evenly distributed.
struct span {
    milliseconds from{};
    milliseconds to{};
};

constexpr std::uint64_t gigabyte = 10; // in the simulated host's units of 100 MB
constexpr std::uint64_t memory_unit = 100'000'000;

struct model {
    std::string key;
    std::uint64_t size = 0; // in units
    lmstudio::model_kind kind = lmstudio::model_kind::llm;
    bool loaded = false; // by hand, before the mix begins
};

struct work {
    std::string model; // "*": any of the mix, by chance
    span first_byte;
    span rest;
};

enum class arrival : std::uint8_t {
    closed,  // each client asks, awaits the answer, and thinks
    poisson, // requests come by chance, `pause.to` apart on the average
    regular  // requests come `pause.to` apart
};

struct clients {
    std::string name;
    unsigned count = 1;
    arrival law = arrival::closed;
    span pause{};            // closed: to think; else see above
    std::vector<work> steps; // one after another; the next only if the last one succeeded
    span first{};            // when each of them begins
    unsigned requests = 0;   // of each client; 0: until the length of the mix is over
};

// With guardrail and prompt release; no bar where there is no value.
struct bar {
    double loads = 0;                           // at most, mean of the seeds
    milliseconds longest_wait{};                // at most, of all seeds
    double longest_wait_of_p2 = 0;              // instead: at most, as a multiple of P2's
    std::vector<std::string> excepted_models{}; // from the longest wait
};

struct mix {
    std::string name;
    std::string title;
    std::uint64_t memory = 24 * gigabyte;
    bool auto_evict = false;
    milliseconds length{}; // no request comes later; 0: all clients have a number of requests
    std::vector<bench::model> models;
    std::vector<bench::clients> clients;
    bench::bar bar;

    bool fits(std::string const& model) const;
};

std::vector<mix> const& all_mixes();

} // namespace secondwind::bench
