// Brings back what recoveries of a host have unloaded, once a handle of LM Studio's SDK needs it.
#pragma once

#include <secondwind/net/cancellation.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/control.hpp>
#include <secondwind/recovery/handles.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::recovery {

class host_recovery;

enum class reload_outcome : std::uint8_t {
    loaded,    // or it was there already
    failed,    // the host has refused it, or has not answered
    cancelled, // nobody awaited it any more
    observed   // it would have been begun (recovery.websocket is observe)
};
constexpr std::size_t reload_outcomes = 4;
std::string_view to_string(reload_outcome o) noexcept;

class reloads {
public:
    // Both must outlive it.
    reloads(host_recovery& host, recovery::control& control) noexcept
        : host_{host}, control_{control} {}
    reloads(reloads const&) = delete;
    reloads& operator=(reloads const&) = delete;

    // Clients use the host over watched tunnels. Before, nothing is asked for their sake.
    void begin() noexcept { used_ = true; }

    // How these were loaded, as far as the host tells; asked before an unload.
    net::task<std::vector<lmstudio::load_description>>
    describe(std::vector<lmstudio::instance> instances, std::string authorization);

    // Loads it again, or awaits that load if it runs already. Once `by` is cancelled for all that
    // await it, the load is cancelled. `by` must outlive the call.
    net::task<control::reload_answer> bring_back(lmstudio::load_description wanted,
                                                 std::string authorization, net::cancellation& by);

    void count(reload_outcome o) noexcept { ++counts_[static_cast<std::size_t>(o)]; }
    std::uint64_t counted(reload_outcome o) const noexcept {
        return counts_[static_cast<std::size_t>(o)];
    }

    bool at_rest() const noexcept { return loads_.empty(); }
    // Cancels all loads: the server stops.
    void stop();

    recovery::handles handles;

private:
    struct load;

    net::task<void> run(std::shared_ptr<load> one, lmstudio::load_description wanted,
                        std::string authorization);

    host_recovery& host_;
    recovery::control& control_;
    bool used_ = false;
    std::vector<std::shared_ptr<load>> loads_; // that run
    std::array<std::uint64_t, reload_outcomes> counts_{};
};

} // namespace secondwind::recovery
