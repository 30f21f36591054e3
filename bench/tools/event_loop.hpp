#pragma once
// One epoll, edge-triggered, with one registration for the whole life of a descriptor.

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "socket.hpp"

namespace bench {

/// Owns a descriptor, and is called for its events.
class watcher {
public:
    explicit watcher(int fd) : fd_(fd) {}
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    virtual ~watcher() { close_now(); }

    virtual void ready(std::uint32_t events) = 0;

    int fd() const { return fd_; }
    bool closed() const { return fd_ < 0; }
    void close_now() {
        if (fd_ >= 0) {
            ::close(std::exchange(fd_, -1));
        }
    }

private:
    int fd_;
};

class event_loop {
public:
    static constexpr std::uint32_t readable = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    static constexpr std::uint32_t ending = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    static constexpr std::uint32_t writable = EPOLLOUT;

    void add(std::shared_ptr<watcher> one) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        event.data.ptr = one.get();
        if (epoll_ctl(epoll_, EPOLL_CTL_ADD, one->fd(), &event) != 0) {
            give_up("cannot watch a descriptor");
        }
        watched_.emplace(one.get(), std::move(one));
    }

    /// Closes the descriptor at once. The object lives until the current batch of events is
    /// handled: one of them may still be for it.
    void remove(watcher& one) {
        const auto found = watched_.find(&one);
        if (found != watched_.end()) {
            one.close_now();
            retired_.push_back(std::move(found->second));
            watched_.erase(found);
        }
    }

    /// Waits for events, at most for the given time, and dispatches them.
    void wait(std::optional<std::uint64_t> timeout_ns = std::nullopt) {
        timespec timeout{};
        if (timeout_ns) {
            timeout.tv_sec = static_cast<time_t>(*timeout_ns / 1'000'000'000U);
            timeout.tv_nsec = static_cast<long>(*timeout_ns % 1'000'000'000U);
        }
        const int count = epoll_pwait2(epoll_, batch_.data(), static_cast<int>(batch_.size()),
                                       timeout_ns ? &timeout : nullptr, nullptr);
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = batch_[static_cast<std::size_t>(i)];
            auto* one = static_cast<watcher*>(event.data.ptr);
            if (!one->closed()) {
                one->ready(event.events);
            }
        }
        retired_.clear();
    }

private:
    int epoll_ = epoll_create1(EPOLL_CLOEXEC);
    std::array<epoll_event, 512> batch_{};
    std::unordered_map<watcher*, std::shared_ptr<watcher>> watched_;
    std::vector<std::shared_ptr<watcher>> retired_;
};

/// Passes the descriptor of each accepted client to `taken`.
class listener : public watcher {
public:
    listener(std::uint16_t port, std::function<void(int)> taken)
        : watcher(listen_on(port)), taken_(std::move(taken)) {}

    void ready(std::uint32_t) override {
        for (int client = accept_at(fd()); client >= 0; client = accept_at(fd())) {
            taken_(client);
        }
    }

private:
    const std::function<void(int)> taken_;
};

} // namespace bench
