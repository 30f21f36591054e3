// The lease of a host that a running secondwind guards.
#pragma once

#include "lease.hpp"
#include "lease_link.hpp"

#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::lab {

// Asks for it at the admin listener of that secondwind, and says every few seconds that the lab is
// alive. docs/openapi.json describes the messages.
class proxy_lease final : public lease, net::timer_handler {
public:
    using milliseconds = std::chrono::milliseconds;

    struct options {
        std::string host;           // its name there
        bool exclusive = false;     // requests wait for recovery.busy_wait
        milliseconds quiet{30'000}; // without a request, before it asks again after it has yielded
    };

    // Where the settings have their own admin listener; nothing if they have none. Throws
    // net::tls_error.
    static std::optional<proxy_address> address_in(config::settings const& settings);

    // `env` and the settings, of which only timeouts.connect is used, must outlive it.
    proxy_lease(host::environment env, proxy_address address, options how,
                config::current_settings const& settings);
    proxy_lease(proxy_lease const&) = delete;
    proxy_lease& operator=(proxy_lease const&) = delete;
    ~proxy_lease() override;

    // Connects, without asking for the lease. `nobody`: there is no secondwind, so nobody is to be
    // asked. `refused`: the lab must not run, and failure() says why.
    net::task<lease_link::opened> open();

    net::task<bool> acquire(milliseconds limit) override;
    std::string const& failure() const noexcept override { return failure_; }
    net::task<void> release() override;
    bool held() const noexcept override { return phase_ == phase::held; }
    std::vector<std::string> wanted() const override { return wanted_; }
    void on_wanted(std::function<void()> act) override { act_ = std::move(act); }
    void loaded(std::string const& instance) override;
    void unloaded(std::string const& instance) override;
    void working(std::string const& model) override;
    void cancel() noexcept override;

private:
    enum class phase : std::uint8_t {
        closed, // not connected
        idle,
        asking,
        held
    };

    void heard(std::string_view message);
    void lost(std::string reason);
    void tell(std::string_view type, std::string_view member = {}, std::string_view value = {});
    void on_timer() override;

    host::environment env_;
    proxy_address address_;
    options how_;
    config::current_settings const& settings_;
    std::shared_ptr<lease_link> link_; // null: not connected
    phase phase_ = phase::closed;
    net::timer alive_;
    net::gate changed_;
    std::function<void()> act_ = [] {};
    std::vector<std::string> wanted_;
    std::string working_on_;
    std::string failure_;
    bool yielded_ = false; // the last lease, to others
    bool cancelled_ = false;
};

} // namespace secondwind::lab
