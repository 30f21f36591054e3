// The models that did not fit on a host, though everything was unloaded for them.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::policy {

// Without it, each request for a model that is larger than the memory would evict all the others
// again. Keys are those of the host's own list, and only the newest few are remembered.
class oversized_models {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // The host refused to load it with nothing left to unload.
    void refused(std::string_view model, time_point now, std::chrono::milliseconds cooldown);
    // The model answered.
    void succeeded(std::string_view model);
    // The host's models, loaded or not: others than last time clear everything.
    void listed(std::vector<std::string> const& models);

    // Nothing is to be unloaded for it.
    bool futile(std::string_view model, time_point now) const noexcept;
    bool empty() const noexcept { return entries_.empty(); }

    static constexpr std::size_t most = 64;

private:
    struct entry {
        std::string model;
        time_point until;
    };
    std::vector<entry> entries_;                     // oldest first
    std::optional<std::vector<std::string>> models_; // sorted; nothing before the first listing
};

} // namespace secondwind::policy
