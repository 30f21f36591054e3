// Waits for a host on behalf of exchanges that need a model to be loaded, and no recovery.
#pragma once

#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/control.hpp>
#include <secondwind/recovery/line.hpp>

#include <cstdint>

namespace secondwind::recovery {

class host_recovery;

class turn_keeper {
public:
    // Both must outlive it.
    turn_keeper(host_recovery& host, recovery::control& control);

    // Has an exchange wait until the host can load its model without evicting a busy one by itself,
    // then admits it. Only while the gate is open.
    void await_turn(line::place& by);
    // A recovery begins: the exchange that awaits its turn stays in the line.
    void interrupt();

    // Asks the host for its models while exchanges wait for one to be loaded.
    void watch_loads();

    // What an exchange waits for may have happened.
    void note_change() { changed_.open(); }
    // It awaits the host.
    bool asks() const noexcept { return turns_ != 0 || asking_for_loads_; }

private:
    net::task<void> turn(line::place* by, std::uint64_t arrival);
    net::task<void> ask_for_loads();
    bool awaits(line::place const* by, std::uint64_t arrival) const;

    host_recovery& host_;
    recovery::control& control_;
    net::gate changed_;
    line::place* turn_ = nullptr; // the exchange that awaits its turn
    unsigned turns_ = 0;          // that are awaited, or were and have not ended yet
    bool asking_for_loads_ = false;
};

} // namespace secondwind::recovery
