// The configured hosts.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/host/call.hpp>
#include <secondwind/host/host.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/ledger.hpp>
#include <secondwind/recovery/router.hpp>

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace secondwind::host {

// In the order of the configuration. A host that is removed from the configuration is retired: it
// leaves the list, finishes what runs on it, and is then destroyed.
//
// It must live until stopped() has completed, or the io_context runs no more.
class host_list {
public:
    // Makes the hosts of the settings, without a call to any of them; throws as prepare() does. All
    // parameters must outlive it.
    host_list(environment env, config::current_settings const& settings, recovery::ledger& ledger);
    host_list(host_list const&) = delete;
    host_list& operator=(host_list const&) = delete;
    ~host_list();

    auto begin() const noexcept { return hosts_.begin(); } // over host_ptr
    auto end() const noexcept { return hosts_.end(); }
    std::size_t size() const noexcept { return hosts_.size(); }
    host& operator[](std::size_t index) const noexcept { return *hosts_[index]; }
    // Null if none has that name.
    host_ptr find(std::string_view name) const noexcept;
    // In their order; valid until the next take().
    std::span<std::string_view const> names() const noexcept { return names_; }
    // In their order, for a router; each keeps its host alive.
    std::vector<recovery::routed_host> routed() const;
    // Including retired ones that have not finished.
    std::size_t alive() const noexcept { return living_.size(); }

    // Begins their health checks as the settings say; call it again after take().
    void start();

    // A change of the list, prepared: destroying it changes nothing.
    struct assigned {
        host_ptr to;
        config::upstream upstream;
        net::tls_context_ptr tls; // of a host that stays, from the files as they are now
    };
    using change = std::vector<assigned>;
    // A host whose name and address (host, port, TLS) are unchanged stays; with another address it
    // is another host, even if the name is the same. Throws net::tls_error if a host's files cannot
    // be used.
    change prepare(std::vector<config::upstream> const& upstreams);
    void take(change to);

    // Calls `observer` for each host_view::on_change of any host that is in the list at that time,
    // by the same rules.
    void on_change(std::function<void(host&)> observer) {
        observers_.push_back(std::move(observer));
    }

    // Ask all of them at the same time, see host_view: for their models, and whether at least one
    // is up and does not drain; the latter completes as soon as one is.
    net::task<void> refresh(std::chrono::milliseconds max_age);
    net::task<bool> ready();

    // Each host, retired ones included, keeps no idle connections and makes no calls of its own.
    void drain();
    // Cancels what runs on any of them.
    void abort();
    // After one of these, and once nothing uses them: completes when nothing runs on any of them.
    net::task<void> stopped();

private:
    friend void intrusive_ptr_release(host* h);

    host_ptr make(config::upstream const& upstream);
    bool lists(host const& one) const noexcept;
    void let_go(host* h);
    net::task<void> end(std::unique_ptr<host> last);

    using living_list =
        boost::intrusive::list<host,
                               boost::intrusive::member_hook<
                                   host,
                                   boost::intrusive::list_member_hook<
                                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
                                   &host::living>,
                               boost::intrusive::constant_time_size<false>>;

    environment env_;
    config::current_settings const& settings_;
    recovery::ledger& ledger_;
    net::gate gone_; // opens when a host is destroyed
    std::vector<host_ptr> hosts_;
    std::vector<std::string_view> names_;
    std::vector<std::function<void(host&)>> observers_;
    living_list living_;
    bool closing_ = false; // the event loop runs no more
};

} // namespace secondwind::host
