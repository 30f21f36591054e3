// The leave to use a host alone.
#pragma once

#include <secondwind/net/task.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace secondwind::lab {

class lease {
public:
    virtual ~lease() = default;

    // Waits until nobody uses the host, at most `limit`. False if that did not happen, or if
    // cancel() was called; failure() tells why.
    virtual net::task<bool> acquire(std::chrono::milliseconds limit) = 0;
    virtual std::string const& failure() const noexcept = 0;
    // It may be used by everybody again.
    virtual net::task<void> release() = 0;
    virtual bool held() const noexcept = 0;

    // The models that requests wait for. Empty: nobody waits.
    virtual std::vector<std::string> wanted() const = 0;
    // Calls `act` once requests begin to wait, and when the lease is lost.
    virtual void on_wanted(std::function<void()> act) = 0;

    // What a lab that dies leaves behind.
    virtual void loaded(std::string const& instance) = 0;
    virtual void unloaded(std::string const& instance) = 0;

    virtual void cancel() noexcept = 0;
};

} // namespace secondwind::lab
