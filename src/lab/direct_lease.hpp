// The lease of a host that no secondwind guards: nobody can be asked, and nobody waits.
#pragma once

#include "lease.hpp"

namespace secondwind::lab {

class direct_lease final : public lease {
public:
    net::task<bool> acquire(std::chrono::milliseconds) override {
        held_ = true;
        co_return true;
    }
    std::string const& failure() const noexcept override { return failure_; }
    net::task<void> release() override {
        held_ = false;
        co_return;
    }
    bool held() const noexcept override { return held_; }
    std::vector<std::string> wanted() const override { return {}; }
    void on_wanted(std::function<void()>) override {}
    void loaded(std::string const&) override {}
    void unloaded(std::string const&) override {}
    void cancel() noexcept override {}

private:
    std::string failure_;
    bool held_ = false;
};

} // namespace secondwind::lab
