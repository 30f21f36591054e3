// The models that did not fit on a host, though everything was unloaded for them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::policy {

// Without it, each request for a model that is larger than the memory would evict all the others
// again. Names come from requests, so only the newest few are remembered.
class oversized_models {
public:
    using time_point = std::chrono::steady_clock::time_point;

    enum class standing : std::uint8_t {
        open,       // nothing is known against it
        everything, // failed after a partial eviction: worth no other one than of all at once
        futile      // failed with nothing left to unload
    };

    // A replay failed for memory after a plan; `exhaustive` is the plan's.
    void failed(std::string_view model, bool exhaustive, time_point now,
                std::chrono::milliseconds cooldown);
    // The model answered.
    void succeeded(std::string_view model);
    // The host's models, loaded or not, each with its size: others than last time clear everything.
    void listed(std::vector<std::string> const& models);

    standing of(std::string_view model, time_point now) const noexcept;
    // Nothing is remembered, so there is no need to know which model a request names. Forgets what
    // is over by `now`.
    bool empty(time_point now) noexcept;

    static constexpr std::size_t most = 64;

private:
    struct entry {
        std::string model;
        bool exhaustive;
        time_point until;
    };
    std::vector<entry> entries_;                     // oldest first
    std::optional<std::vector<std::string>> models_; // sorted; nothing before the first listing
};

} // namespace secondwind::policy
