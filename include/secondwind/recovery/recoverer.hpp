// Carries a recovery out.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/oversized_models.hpp>
#include <secondwind/recovery/control.hpp>
#include <secondwind/recovery/host_guard.hpp>
#include <secondwind/recovery/in_flight.hpp>
#include <secondwind/recovery/ledger.hpp>

#include <memory>
#include <string>

namespace secondwind::recovery {

// Lists the models, plans, waits for an idle instance if all are busy, unloads one after another
// and verifies: record::phase says which. It awaits answers and asks the plan what to do. It
// belongs to no exchange: an unload that was sent is never cancelled because a client left. But
// nothing more is unloaded once no exchange awaits it.
class recoverer {
public:
    // All must outlive it.
    recoverer(std::string host, net::deadline_queue& deadlines, boost::asio::io_context& io,
              recovery::control& control, recovery::in_flight& in_flight, host_guard& guard,
              policy::oversized_models& oversized, recovery::ledger& ledger,
              config::current_settings const& settings)
        : host_{std::move(host)}, deadlines_{deadlines}, stop_{io}, control_{control},
          in_flight_{in_flight}, guard_{guard},
          oversized_{oversized}, ledger_{ledger}, settings_{settings} {}

    // Starts a recovery, which its leader awaits unless the trigger came after the commit, and
    // returns at once; the guard's gate opens when it is over. Only with no recovery running.
    // `authorization` is sent with the recovery's own calls.
    void start(trigger cause, std::string authorization);

    // An exchange that awaited it has left.
    void left();
    // Ends a recovery that waits: the server stops.
    void stop();

private:
    net::task<void> run(std::shared_ptr<record> r, std::string authorization);
    net::task<void> act(record& r, std::string authorization);
    net::task<bool> plan(record& r, bool first, std::string authorization);
    net::task<bool> wait_for_idle(record& r, net::deadline::clock::time_point until);
    net::task<void> unload_all(record& r, std::string authorization);
    net::task<void> verify(record& r, std::string authorization);
    bool abandoned(record const& r) const noexcept;

    std::string host_;
    net::deadline_queue& deadlines_;
    net::gate stop_;
    recovery::control& control_;
    recovery::in_flight& in_flight_;
    host_guard& guard_;
    policy::oversized_models& oversized_;
    recovery::ledger& ledger_;
    config::current_settings const& settings_;
    std::chrono::milliseconds pace_{}; // of asking the host again who is busy
    bool stopping_ = false;
};

} // namespace secondwind::recovery
