// Carries a recovery out.
#pragma once

#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/control.hpp>
#include <secondwind/recovery/record.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::recovery {

class host_recovery;

// How the replay of a recovery's leader ended.
enum class replay_end : std::uint8_t {
    over,    // the model was loaded, or what came has nothing to do with its load
    refused, // the host refused to load it again
    gone     // there is no answer, or no client any more
};

// Lists the models, plans, waits for an idle instance if all are busy, unloads one after another,
// verifies and has the leader replay; if that is refused, it goes on with the next stage:
// record::phase says which. It awaits answers and asks the plan what to do. It belongs to no
// exchange: an unload that was sent is never cancelled because a client left. But nothing more is
// unloaded once no exchange awaits it.
class recoverer {
public:
    using time_point = net::deadline::clock::time_point;

    // Both must outlive it.
    recoverer(host_recovery& host, recovery::control& control);

    // Starts a recovery, which its leader awaits unless the trigger came after the commit, and
    // returns at once; the guard's progress() opens when it comes to the replay or to its end. Only
    // with no recovery running. `authorization` is sent with the recovery's own calls.
    void start(trigger cause, std::string authorization);
    // The leader's replay is over.
    void replayed(replay_end end);

    // What a waiting recovery waits for may have happened.
    void note_change() { changed_.open(); }
    // Ends a recovery that waits: the server stops.
    void stop();

private:
    struct episode;

    net::task<void> run(std::shared_ptr<record> r, std::string authorization);
    net::task<void> act(record& r, std::string authorization);
    net::task<void> read_bodies();
    net::task<bool> plan(record& r, episode& e);
    net::task<bool> wait_for_idle(record& r, episode& e);
    std::optional<std::int64_t> fitting(record const& r) const;
    net::task<bool> fit(record& r, std::string authorization, std::int64_t context);
    net::task<bool> replay_until_loaded(record& r, episode& e);
    net::task<replay_end> replay(record& r);
    net::task<bool> look_again(episode& e);
    bool late(record const& r) const noexcept;
    bool abandoned(record const& r) const noexcept;

    host_recovery& host_;
    recovery::control& control_;
    net::gate changed_;
    net::gate replayed_;
    std::optional<replay_end> replay_end_;
};

} // namespace secondwind::recovery
