// What all recoveries add up to. Pure.
#pragma once

#include <secondwind/recovery/record.hpp>
#include <secondwind/telemetry/histogram.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

// What the time of a recovery goes into.
enum class recovery_phase : std::uint8_t {
    list,   // asking the host what is loaded
    plan,   // finding out who is busy, and deciding
    wait,   // for a busy instance to go idle
    unload, // the unload calls
    verify  // seeing that they are gone
};
constexpr std::size_t recovery_phases = 5;
std::string_view to_string(recovery_phase p) noexcept;

// How long each took of a recovery whose own work is over; nothing for what did not happen.
using phase_times = std::array<std::optional<double>, recovery_phases>; // seconds
phase_times times_of(recovery::record const& r);

// Is told each step of each recovery.
class recovery_counts {
public:
    static constexpr std::size_t verdicts = 7;
    static constexpr std::size_t outcomes = 10;

    struct of_host {
        // Recoveries whose end is known, by [verdict][outcome].
        std::array<std::array<std::uint64_t, outcomes>, verdicts> ended{};
        telemetry::histogram durations; // until the replays could go out
        std::array<telemetry::histogram, recovery_phases> phases;
        std::uint64_t joined = 0; // exchanges that shared a recovery which another one led
        std::uint64_t unloaded = 0;
        std::uint64_t unloads_failed = 0;
    };

    // There is one for each of these.
    explicit recovery_counts(std::vector<std::string> const& hosts) { keep(hosts); }
    // The hosts are others now. Those that stay keep their counts.
    void keep(std::vector<std::string> const& hosts);

    // What a host does that is not among them is not counted: it finishes what it began.
    void note(recovery::step s, recovery::record const& r);

    std::map<std::string, of_host, std::less<>> const& hosts() const noexcept { return hosts_; }

private:
    std::map<std::string, of_host, std::less<>> hosts_;
};

} // namespace secondwind::admin
