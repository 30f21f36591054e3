// What is known of how a host is to be asked. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace secondwind::host {

enum class api : std::uint8_t {
    unjudged,
    rest,     // `GET /api/v1/models` lists models: LM Studio 0.4.0 or later
    websocket // the SDK's WebSocket does
};

// Holds until the host was down: another version may have come up since.
class host_memory {
public:
    // Before each use: `connect_failures` is how many connects to the host have failed so far.
    // Where that has moved since the last time, all is forgotten.
    void heed(std::uint64_t connect_failures) noexcept {
        if (connect_failures == seen_)
            return;
        *this = {};
        seen_ = connect_failures;
    }

    api speaks = api::unjudged;
    bool tells_downloads = true; // the WebSocket says which models are on the disk

    // Whether to ask the WebSocket who is busy. A host that refused one client's token may well
    // take another's; `token` is a hash of what would be sent.
    bool asks_activity(std::size_t token) const noexcept {
        return tells_activity_ && rejected_ != token;
    }
    void no_activity() noexcept { tells_activity_ = false; }
    // Likewise, which version it is.
    bool asks_version(std::size_t token) const noexcept {
        return tells_version_ && rejected_ != token;
    }
    void no_version() noexcept { tells_version_ = false; }
    void rejects(std::size_t token) noexcept { rejected_ = token; }

private:
    bool tells_activity_ = true;
    bool tells_version_ = true;
    std::optional<std::size_t> rejected_; // the last one
    std::uint64_t seen_ = 0;
};

} // namespace secondwind::host
