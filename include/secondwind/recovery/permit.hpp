// How many requests a host serves at the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace secondwind::recovery {

// Those of one host. They are counted at all times, so that a limit that a reload sets holds at
// once.
class permits {
public:
    // Hears of each permit that is given back while the host has a limit.
    class watcher {
    public:
        virtual void on_permit_returned() noexcept = 0;

    protected:
        ~watcher() = default;
    };
    // It must outlive the last permit; null: none.
    void watch(watcher* one) noexcept { watcher_ = one; }

    // upstreams[].max_in_flight; 0: none.
    void limit(std::uint64_t most) noexcept { most_ = most; }
    std::uint64_t limit() const noexcept { return most_; }
    std::size_t given() const noexcept { return given_; }
    bool all_given() const noexcept { return most_ != 0 && given_ >= most_; }

private:
    friend class permit;

    std::uint64_t most_ = 0;
    std::size_t given_ = 0;
    watcher* watcher_ = nullptr;
};

// That of one request, for as long as it has a host: also while it waits there, and between two
// attempts, so that a replay never waits for another one. It is given back when it is destroyed.
class permit {
public:
    permit() = default; // none
    // Beyond the limit too. `from` must outlive it.
    explicit permit(permits& from) noexcept : from_{&from} { ++from.given_; }
    permit(permit&& other) noexcept : from_{std::exchange(other.from_, nullptr)} {}
    permit& operator=(permit&& other) noexcept {
        auto* const from = std::exchange(other.from_, nullptr);
        give_back();
        from_ = from;
        return *this;
    }
    ~permit() { give_back(); }

    explicit operator bool() const noexcept { return from_ != nullptr; }

    void give_back() noexcept {
        auto* const from = std::exchange(from_, nullptr);
        if (from == nullptr)
            return;
        --from->given_;
        if (from->most_ != 0 && from->watcher_ != nullptr)
            from->watcher_->on_permit_returned();
    }

private:
    permits* from_ = nullptr;
};

} // namespace secondwind::recovery
