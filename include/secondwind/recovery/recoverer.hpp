// Carries a recovery out.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/lmstudio/control.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/host_guard.hpp>
#include <secondwind/recovery/in_flight.hpp>
#include <secondwind/recovery/ledger.hpp>

#include <memory>
#include <string>

namespace secondwind::recovery {

// Inventory, plan, unload each, verify: it awaits answers and asks the plan what to do. It belongs
// to no exchange: an unload that was sent is never cancelled because a client left.
class recoverer {
public:
    recoverer(std::string host, upstream::environment env, lmstudio::control& control,
              in_flight const& users, host_guard& guard, ledger& book,
              config::recovery const& settings)
        : host_{std::move(host)}, env_{env}, control_{control}, users_{users}, guard_{guard},
          ledger_{book}, settings_{settings} {}

    // Starts a recovery and returns at once; the guard's gate opens when it is over. Only with no
    // recovery running. `authorization` is sent with the recovery's own calls.
    void start(trigger why, std::string authorization);

private:
    net::task<void> run(std::shared_ptr<record> r, std::string authorization);
    net::task<void> act(record& r, std::string authorization);
    net::task<void> verify(record& r, std::string authorization);

    std::string host_;
    upstream::environment env_;
    lmstudio::control& control_;
    in_flight const& users_;
    host_guard& guard_;
    ledger& ledger_;
    config::recovery const& settings_;
};

} // namespace secondwind::recovery
