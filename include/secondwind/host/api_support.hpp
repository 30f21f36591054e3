// Which of LM Studio's APIs a host supports, as far as is known. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace secondwind::host {

enum class api : std::uint8_t {
    unknown,
    rest,     // `GET /api/v1/models` lists models: LM Studio 0.4.0 or later
    websocket // the SDK's WebSocket does
};

// Valid until the host was down: another version may have been started since.
class api_support {
public:
    // Call it before each use: `connect_failures` is how many connects to the host have failed so
    // far. If that number has changed since the last call, all is forgotten.
    void forget_after_outage(std::uint64_t connect_failures) noexcept {
        if (connect_failures == seen_)
            return;
        *this = {};
        seen_ = connect_failures;
    }

    api listing_api = api::unknown;
    bool lists_downloads = true; // the WebSocket lists the models on the disk

    // Whether to ask the WebSocket which instances are busy. A host that refused one client's token
    // may accept another's; `token` is a hash of the value that would be sent.
    bool supports_activity(std::size_t token) const noexcept {
        return has_activity_ && rejected_ != token;
    }
    void no_activity() noexcept { has_activity_ = false; }
    // Likewise, for its version.
    bool supports_version(std::size_t token) const noexcept {
        return has_version_ && rejected_ != token;
    }
    void no_version() noexcept { has_version_ = false; }
    void rejects(std::size_t token) noexcept { rejected_ = token; }

private:
    bool has_activity_ = true;
    bool has_version_ = true;
    std::optional<std::size_t> rejected_; // the last one
    std::uint64_t seen_ = 0;
};

} // namespace secondwind::host
