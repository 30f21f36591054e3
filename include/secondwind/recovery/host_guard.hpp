// At most one recovery of a host at a time, and what it lets pass.
#pragma once

#include <secondwind/net/gate.hpp>
#include <secondwind/policy/admission.hpp>
#include <secondwind/policy/gate_window.hpp>
#include <secondwind/recovery/record.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::recovery {

// Every attempt remembers the epoch at its start: a late failure must not unload what another
// recovery has brought back meanwhile.
class host_guard {
public:
    explicit host_guard(boost::asio::io_context& io) noexcept : progress_{io} {}

    // The number of instances that recoveries of this host have unloaded.
    std::uint64_t epoch() const noexcept { return epoch_; }
    bool recovering() const noexcept { return latest_ && !latest_->finished(); }
    // The recovery that runs, or else the last one; null before the first.
    std::shared_ptr<record> const& latest() const noexcept { return latest_; }

    // What requests meet. A recovery that only observes leaves it open.
    policy::gate gate() const noexcept { return gate_; }
    // The need of the one that is made room for, in bytes.
    std::optional<std::uint64_t> const& need() const noexcept { return need_; }
    bool is_target(std::string_view instance_id) const noexcept;
    std::optional<policy::gate_window> const& window() const noexcept { return window_; }

    // Opens whenever a recovery comes to its replay or to its end.
    net::gate& progress() noexcept { return progress_; }

    // Only with no recovery running.
    void begin(std::shared_ptr<record> r) { latest_ = std::move(r); }
    void set_gate(policy::gate g) noexcept { gate_ = g; }
    // What it waits for; the window lasts until the gate opens again.
    void wait_for(std::vector<std::string> targets, std::optional<std::uint64_t> need,
                  std::chrono::milliseconds first_window, policy::gate_window::time_point now);
    policy::gate_window& open_window() noexcept { return *window_; }
    // An instance of this model has been unloaded.
    void note_unloaded(std::string_view key) { unloaded_at_[std::string{key}] = ++epoch_; }
    // One has been since that epoch.
    bool unloaded_since(std::string_view key, std::uint64_t epoch) const noexcept;
    // Nothing is made room for any more.
    void open();
    // The recovery that ran has finished.
    void end();

private:
    net::gate progress_;
    std::uint64_t epoch_ = 0;
    std::shared_ptr<record> latest_;
    policy::gate gate_ = policy::gate::open;
    std::vector<std::string> targets_; // instance ids
    std::optional<std::uint64_t> need_;
    std::optional<policy::gate_window> window_;
    std::map<std::string, std::uint64_t, std::less<>> unloaded_at_; // by model key, the last epoch
};

} // namespace secondwind::recovery
