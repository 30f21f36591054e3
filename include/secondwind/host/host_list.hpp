// The hosts that there are.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/host/call.hpp>
#include <secondwind/host/host.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/ledger.hpp>

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace secondwind::host {

// In the order in which they are configured. One that is configured no longer is retired: it is no
// more in the list, finishes what runs on it, and is then destroyed.
//
// It must live until stopped() has let its awaiter go, or the io_context runs no more.
class host_list {
public:
    // Makes the hosts of the settings, which asks them nothing; throws as prepare() does. All must
    // outlive it.
    host_list(environment env, config::settings const& settings, recovery::ledger& book);
    host_list(host_list const&) = delete;
    host_list& operator=(host_list const&) = delete;
    ~host_list();

    auto begin() const noexcept { return hosts_.begin(); } // over host_ptr
    auto end() const noexcept { return hosts_.end(); }
    std::size_t size() const noexcept { return hosts_.size(); }
    host& operator[](std::size_t index) const noexcept { return *hosts_[index]; }
    // Null where none has that name.
    host_ptr find(std::string_view name) const noexcept;
    // In their order. They are good until the next take().
    std::span<std::string_view const> names() const noexcept { return names_; }
    // With those that were retired and still finish something.
    std::size_t alive() const noexcept { return living_.size(); }

    // Has them watched as the settings say; call it again after take().
    void start();

    // Other hosts, made ready: dropping it changes nothing.
    struct assigned {
        host_ptr to;
        config::upstream where;
        net::tls_context_ptr tls; // of one that stays, by the files of now
    };
    using change = std::vector<assigned>;
    // One with the same name and address (host, port, TLS) stays what it is; another address is
    // another host, whatever its name. Throws net::tls_error where a host's files are of no use.
    change prepare(std::vector<config::upstream> const& upstreams);
    void take(change to);

    // Each listener is called after host_view::on_change of any host in the list, whenever that
    // came into it, by the same rules.
    void on_change(std::function<void(host&)> listener) {
        listeners_.push_back(std::move(listener));
    }

    // Asks all of them at the same time, see host_view: for their models, and whether one at least
    // is up, which is said as soon as it is known.
    net::task<void> refresh(std::chrono::milliseconds max_age);
    net::task<bool> ready();

    // Each, retired ones too, keeps no connection, and asks nothing by itself any more.
    void drain();
    // Cancels what runs on any of them.
    void abort();
    // After one of these, and once nobody uses them: completes when nothing runs on any of them.
    net::task<void> stopped();

private:
    friend void intrusive_ptr_release(host* h);

    host_ptr make(config::upstream const& where);
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
    config::settings const& settings_;
    recovery::ledger& book_;
    net::gate gone_; // opens when a host is destroyed
    std::vector<host_ptr> hosts_;
    std::vector<std::string_view> names_;
    std::vector<std::function<void(host&)>> listeners_;
    living_list living_;
    bool closing_ = false; // the loop runs no more
};

} // namespace secondwind::host
