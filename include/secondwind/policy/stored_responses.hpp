// Which host stored which response, or runs which download. LM Studio keeps the responses of
// /v1/responses and /api/v1/chat, so that a later request can continue one by its id, and tells how
// far a download is by the id of its job; no other host knows them. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace secondwind::policy {

enum class stored_kind : std::uint8_t { response, download };

// Finds the id while the answer passes. Of a download it is "job_id":"...". Of a response:
// "id":"resp_..." of a response, or of the response.created event of a stream;
// "response_id":"resp_..." of a chat. It need not understand the answer: such an id is nothing that
// a model writes, for quotes in its text are escaped.
class stored_id_watch {
public:
    explicit stored_id_watch(stored_kind kind) noexcept : kind_{kind} {}
    void push(std::string_view data);
    // Empty if none was found; of a chat's stream, the last one.
    std::string const& id() const noexcept { return id_; }

    static constexpr std::size_t longest = 128;

private:
    void take_from(std::string_view text);

    stored_kind kind_;
    std::string tail_; // of the data so far, as much as may be the beginning of an id
    std::string id_;
};

class stored_responses {
public:
    // `secret` makes it unpredictable which ids are taken for each other.
    explicit stored_responses(std::string secret) : secret_{std::move(secret)} {}

    // Of more than `most`, the oldest is forgotten.
    void note(std::string_view id, std::string_view host);
    // The host's name; empty if it is not known.
    std::string_view host_of(std::string_view id) const noexcept;

    static constexpr std::size_t most = 16'384;

private:
    std::uint64_t key_of(std::string_view id) const noexcept;

    std::string secret_;
    std::unordered_map<std::uint64_t, std::string> hosts_;
    std::deque<std::uint64_t> order_; // oldest first
};

} // namespace secondwind::policy
