// One random story of the lab: runs on a simulated host with other users, faults, ^C and deaths of
// the lab's process. Afterwards a last run is left alone, and the laws are checked.
#pragma once

#include "support/seeded_random.hpp"
#include "support/simulated_machine.hpp"
#include "support/temporary_folder.hpp"

#include <lab/runner.hpp>
#include <secondwind/registry/store.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace secondwind::test {

// The same seed makes the same story.
class lab_schedule : seeded_random {
public:
    explicit lab_schedule(std::uint64_t seed, bool tracing = false);
    ~lab_schedule();

    void disorder(std::uint64_t seed) { time_.disorder(seed); }
    // False if a run did not end.
    bool run();
    std::vector<std::string> const& breaches() const noexcept { return breaches_; }
    int loads() const noexcept { return machine_.loads(); }

private:
    class listener;
    class request_lease;

    // What is written there is never waited for.
    static std::filesystem::path fastest_place();
    std::vector<simulated_model> random_models();
    void plan_events(bool disturbed);
    void disturb();
    // One run of the lab; false if it did not end.
    bool run_once(bool disturbed);
    void remember_probes();
    void follow_ids();
    void check_end();
    void breach(std::string text);
    void trace(std::string const& text);

    bool tracing_;
    temporary_folder folder_{fastest_place()};
    boost::asio::io_context io_;
    virtual_time time_{io_};
    simulated_machine machine_;
    std::vector<std::string> breaches_;
    std::map<std::string, std::string> manual_; // what others have loaded by hand: its id and model
    std::map<std::int64_t, std::string> probes_; // by id: the outcome that was acknowledged
    lab::runner* running_ = nullptr;
    request_lease* lease_ = nullptr;
    int generation_ = 0; // events of an earlier run do nothing
};

} // namespace secondwind::test
