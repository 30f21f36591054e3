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
    bool recovering() const noexcept { return current_ != nullptr; }

    // New requests that would use a model wait. One that only observes holds nobody up.
    bool holding() const noexcept { return recovering() && holds_; }

    // The recovery that runs, or else the last one; null before the first.
    std::shared_ptr<record> const& latest() const noexcept { return current_ ? current_ : last_; }

    // Where requests wait while a recovery runs, in the order in which they came: the leader, those
    // that failed meanwhile, and new ones.
    net::gate& gate() noexcept { return gate_; }
    std::size_t waiting() const noexcept { return gate_.waiting(); }

    // Only with no recovery running.
    void begin(std::shared_ptr<record> r, bool holds) noexcept {
        current_ = std::move(r);
        holds_ = holds;
    }
    // Lets everybody go.
    void finish();

private:
    net::gate gate_;
    std::uint64_t epoch_ = 0;
    bool holds_ = false;
    std::shared_ptr<record> current_;
    std::shared_ptr<record> last_;
};

} // namespace secondwind::recovery
