// Which host has read how much of a conversation. A host keeps the prompts that it has processed,
// and reads the next turn of one of them only from where that goes on. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace secondwind::policy {

// The next turn of a conversation is sent in a body that begins with the bytes of the last one. So
// what is kept of a body are hashes of its beginnings, each a quarter longer than the one before:
// two bodies share as many of them as they have bytes in common.
class conversations {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // `secret` makes it unpredictable which beginnings are taken for each other.
    explicit conversations(std::string secret) : secret_{std::move(secret)} {}

    // The hashes of a body's beginnings. `scope` keeps apart what must not be compared: the client
    // and the model. Reads the body.
    class beginnings {
    public:
        std::size_t size() const noexcept { return hashes_.size(); }

    private:
        friend class conversations;
        struct beginning {
            std::uint64_t hash;
            std::size_t length;
        };
        std::vector<beginning> hashes_;
        std::size_t length_ = 0; // of the whole body
    };
    beginnings begin(std::string_view scope, std::string_view body) const;
    // Of a body of that length whose conversation has a name: a host that has read any turn of it
    // counts as one that has read all of this one.
    beginnings begin(std::string_view scope, std::string_view session, std::size_t length) const;

    // The host has read the body.
    void note(beginnings const& of, std::string_view host, time_point now);
    // How many bytes the host has to read that it has not read before.
    std::size_t unread(beginnings const& of, std::string_view host, time_point now) const noexcept;

    // Of more beginnings, the oldest are forgotten, and all after an hour.
    static constexpr std::size_t most = 16'384;
    static constexpr std::chrono::hours age{1};
    // Shorter beginnings save no more than what one other request on the host costs.
    static constexpr std::size_t shortest = 2048;

private:
    struct reader {
        std::string host; // the last that has read it
        time_point when;
    };

    std::string secret_;
    std::unordered_map<std::uint64_t, reader> readers_;
    std::deque<std::uint64_t> order_; // oldest first
};

} // namespace secondwind::policy
