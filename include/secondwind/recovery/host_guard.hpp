// At most one recovery of a host at a time.
#pragma once

#include <secondwind/net/gate.hpp>
#include <secondwind/recovery/record.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace secondwind::recovery {

// Every attempt remembers the epoch at its start. One that fails after the epoch has moved is
// replayed without a recovery of its own: a late failure must not unload what the first replay has
// just loaded.
class host_guard {
public:
    explicit host_guard(boost::asio::io_context& io) noexcept : gate_{io} {}

    // The number of recoveries of this host that have done their unloads.
    std::uint64_t epoch() const noexcept { return epoch_; }
    bool recovering() const noexcept { return latest_ && !latest_->finished(); }

    // New requests that would use a model wait. A recovery that only observes holds none of them.
    bool holding() const noexcept { return recovering() && latest_->holds; }

    // The recovery that runs, or else the last one; null before the first.
    std::shared_ptr<record> const& latest() const noexcept { return latest_; }

    // Where requests wait while a recovery runs, in the order in which they came: the leader, those
    // that failed meanwhile, and new ones.
    net::gate& gate() noexcept { return gate_; }
    std::size_t waiting() const noexcept { return gate_.waiting(); }

    // Only with no recovery running.
    void begin(std::shared_ptr<record> r);
    // The recovery that ran has finished: all that wait at the gate go on.
    void open();
    // The outcome of this recovery is known for one more exchange.
    void concluded(record& r) const noexcept;

private:
    net::gate gate_;
    std::uint64_t epoch_ = 0;
    std::shared_ptr<record> latest_;
};

} // namespace secondwind::recovery
