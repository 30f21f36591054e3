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

    // The models that requests wait for, by their keys where those are known; "" stands for
    // requests that name none. Empty: nobody waits.
    virtual std::vector<std::string> wanted() const = 0;
    // Calls `act` once requests begin to wait, and when the lease is lost.
    virtual void on_wanted(std::function<void()> act) = 0;

    // What a lab that dies leaves behind: instances, and those of the model that it works on.
    virtual void loaded(std::string const& instance) = 0;
    virtual void unloaded(std::string const& instance) = 0;
    // The key of the model of the present probe, from before its load to after its unload; else
    // empty.
    virtual void working(std::string const& /*model*/) {}

    // Ends acquire(), now and later.
    virtual void cancel() noexcept = 0;
};

} // namespace secondwind::lab
