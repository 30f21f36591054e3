// Counters and histograms of recoveries, for the metrics. Pure.
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

// The phases of a recovery.
enum class recovery_phase : std::uint8_t {
    list,   // list the loaded models
    plan,   // find out which models are busy, and decide
    wait,   // for a busy instance to become idle
    unload, // the unload calls
    verify, // confirm that they are unloaded
    fit,    // load the model with a context that fits
    replay  // send the request again, and wait for its first output
};
constexpr std::size_t recovery_phases = 7;
std::string_view to_string(recovery_phase p) noexcept;

// The duration of each phase of a finished recovery; nothing for a phase that did not happen.
using phase_times = std::array<std::optional<double>, recovery_phases>; // seconds
phase_times times_of(recovery::record const& record);

// Fed with every step of every recovery.
class recovery_counts {
public:
    static constexpr std::size_t verdicts =
        static_cast<std::size_t>(policy::verdict::other_error) + 1;
    static constexpr std::size_t outcomes =
        static_cast<std::size_t>(recovery::outcome::observed) + 1;

    struct of_host {
        // Concluded recoveries, by [verdict][outcome].
        std::array<std::array<std::uint64_t, outcomes>, verdicts> ended{};
        telemetry::histogram durations; // from the start to the end, with all replays
        std::array<telemetry::histogram, recovery_phases> phases;
        std::uint64_t joined = 0; // exchanges that shared the recovery of another one
        std::uint64_t unloaded = 0;
        std::uint64_t unloads_failed = 0;
    };

    // Counts these hosts.
    explicit recovery_counts(std::vector<std::string> const& hosts) { keep(hosts); }
    // Replaces the hosts. Hosts that stay keep their counts.
    void keep(std::vector<std::string> const& hosts);

    // A removed host, which only finishes its running recoveries, is not counted any more.
    void note(recovery::step step, recovery::record const& record);

    std::map<std::string, of_host, std::less<>> const& hosts() const noexcept { return hosts_; }

private:
    std::map<std::string, of_host, std::less<>> hosts_;
};

} // namespace secondwind::admin
