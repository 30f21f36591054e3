// What a host last told of its instances, for when it tells nothing. Pure.
#pragma once

#include <secondwind/lmstudio/instance.hpp>

#include <chrono>
#include <vector>

namespace secondwind::host {

class last_known {
public:
    // By the clock of this machine, as last_used_ms is by that of the host.
    using time_point = std::chrono::system_clock::time_point;

    // How long after its last use an instance counts as busy where the host does not say whether it
    // is, although it once said so.
    static constexpr std::chrono::minutes recent{1};

    // Completes the instances of a listing with `told`, which the host has just told of some of
    // them, and with what it told last of the others. Forgets the instances that are not in
    // `loaded`.
    void complete(lmstudio::inventory& loaded, lmstudio::inventory const& told, time_point now);

private:
    struct entry {
        lmstudio::instance told;
        time_point used; // when it was last used, or seen to be busy; the epoch: not known
    };

    bool tells_activity_ = false; // it once did
    std::vector<entry> entries_;
};

} // namespace secondwind::host
