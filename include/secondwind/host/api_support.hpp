// Which of LM Studio's APIs a host supports, as far as is known. Pure.
#pragma once

#include <secondwind/host/backoff.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace secondwind::host {

enum class api : std::uint8_t {
    unknown,
    rest,     // `GET /api/v1/models` lists models: LM Studio 0.4.0 or later
    websocket // the SDK's WebSocket does
};

// One namespace of the SDK's WebSocket: whether to call it now, and why the last call failed.
//
// `token` is a hash of the Authorization value that is sent: a host that rejected one client's
// token may accept another's.
class socket_support {
public:
    using time_point = backoff::time_point;

    bool due(std::size_t token, time_point now) const noexcept {
        return silence_.due(now) && (rejected_ != token || rejection_.due(now));
    }
    // Whether the last call was answered.
    bool works() const noexcept { return works_; }
    // Why it was not, in one clause; empty before the first call.
    std::string const& error() const noexcept { return error_; }

    void answered(std::size_t token) noexcept {
        works_ = true;
        error_.clear();
        silence_.succeeded();
        if (rejected_ == token)
            rejected_.reset();
    }
    void failed(std::string error, time_point now) {
        note(std::move(error));
        silence_.failed(now);
    }
    // Only calls with that token pause. One rejected token is remembered, the last one.
    void rejected(std::size_t token, std::string error, time_point now) {
        if (rejected_ != token)
            rejection_ = {};
        rejected_ = token;
        rejection_.failed(now);
        note(std::move(error));
    }
    // The connection ended: that fails at once, so the next call need not wait.
    void cut(std::string error) { note(std::move(error)); }

private:
    void note(std::string error) {
        works_ = false;
        error_ = std::move(error);
    }

    bool works_ = false;
    backoff silence_;
    backoff rejection_;
    std::optional<std::size_t> rejected_;
    std::string error_;
};

// Valid until the host was down: another version may have been started since.
class api_support {
public:
    // Call it before each use: `connect_failures` is how many connects to the host have failed so
    // far. If that number has changed since the last call, all is forgotten.
    void forget_after_outage(std::uint64_t connect_failures) {
        if (connect_failures == seen_)
            return;
        *this = {};
        seen_ = connect_failures;
    }

    api listing_api = api::unknown;
    bool lists_downloads = true; // the WebSocket lists the models on the disk

    // The namespaces that say which instances are busy, and the one that has the version.
    socket_support llm;
    socket_support embedding;
    socket_support system;

private:
    std::uint64_t seen_ = 0;
};

} // namespace secondwind::host
