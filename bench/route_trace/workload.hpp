// What clients ask of several hosts: the same requests at the same times, whatever the policy.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::bench {

using std::chrono::milliseconds;

constexpr std::uint64_t gigabyte = 10; // in the simulated hosts' units of 100 MB
constexpr std::uint64_t memory_unit = 100'000'000;

struct traced_model {
    std::string key;
    std::uint64_t file = 0;   // in units, as is all that follows
    std::uint64_t memory = 0; // what it takes once it is loaded
    std::vector<bool> on{};   // which hosts have it
};

struct traced_host {
    std::string name;
    std::uint64_t memory = 0;
    double speed = 1;
};

struct arrival {
    milliseconds when{};
    std::size_t model = 0;
    std::uint64_t conversation = 0; // 0: of a burst, which has none
    // On a host of speed 1 that serves nothing else.
    milliseconds first_byte{};
    milliseconds kept{}; // less than that where the conversation's last prompt is kept
    milliseconds rest{};
    std::vector<std::size_t> messages{}; // the bytes of each

    // As the client sends it.
    std::string body() const;
};

// A host that cannot be reached for a while.
struct outage {
    std::size_t host = 0;
    milliseconds from{};
    milliseconds to{};
};

struct workload {
    std::string name;
    std::vector<traced_host> hosts;
    std::vector<traced_model> models;
    std::vector<arrival> arrivals; // by time
    std::optional<bench::outage> outage{};
};

// A: hosts of 64, 32, 24 and 24 GB, all models everywhere, 0.5 requests a second. B: four of 36 GB,
// each model on two or three of them, 0.45. C: as A, 0.25, and what is popular changes three times.
// D: as A, and a host is down for ten minutes.
inline constexpr std::string_view all_workloads = "ABCD";
workload make_workload(char name, std::size_t requests, std::uint64_t seed);

} // namespace secondwind::bench
