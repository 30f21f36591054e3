// What operators are shown of the past, and its files in the state directory.
#pragma once

#include "reloader.hpp"
#include "slot_file.hpp"
#include <secondwind/config/current_settings.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/proxy/context.hpp>

#include <bitset>
#include <cstdint>
#include <string>

namespace secondwind::app {

// Counts the history, once a second; and with a state directory (state.directory), writes what is
// new of it and of the recent requests into files of a fixed size there, so that the death of the
// process costs at most that second. Recoveries go there as well, unless they have a file of their
// own (recovery.ledger_file). Nothing of this is on the way of a request, and no failure stops
// anything: it is logged, and the past is only in memory.
class recorder final : public net::timer_handler {
public:
    // All must outlive it.
    recorder(config::current_settings const& settings, proxy::context& shared, reloader& reload);

    // Reads what earlier processes have left, and begins.
    void start();
    // Writes what is new for the last time.
    void stop();

private:
    void on_timer() override;
    void open();
    void use_ledger();
    std::uint64_t read_requests();
    std::uint64_t read_history();
    bool write();
    int write_requests(bool& more);
    int write_history();
    std::size_t request_slots() const noexcept { return shared_.requests.most(); }

    config::current_settings const& settings_;
    proxy::context& shared_;
    net::timer pause_;
    std::string directory_; // empty: there is none
    slot_file requests_;
    slot_file history_;
    std::size_t slots_ = 0;      // of the file of requests
    std::uint64_t sequence_ = 0; // of the newest request that an earlier process has left
    std::uint64_t before_ = 0;   // the number of that request here
    std::uint64_t written_ = 0;  // the number of the last request that was written
    std::bitset<telemetry::history::slots> unwritten_;
    bool failed_ = false;
};

} // namespace secondwind::app
