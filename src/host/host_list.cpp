#include <secondwind/host/host_list.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::host {

namespace {

bool is_same_host(config::upstream const& a, config::upstream const& b) noexcept {
    return a.name == b.name && a.host == b.host && a.port == b.port && a.tls == b.tls;
}

// One question to all hosts.
struct poll {
    poll(boost::asio::io_context& io, std::size_t hosts) noexcept : answered{io}, left{hosts} {}

    net::gate answered;
    std::size_t left; // hosts that have not answered
    bool up = false;
};

net::task<void> ask_ready(std::shared_ptr<poll> all, host_ptr one) {
    bool const up = co_await one->view.ready();
    all->up = all->up || up;
    --all->left;
    all->answered.open();
}

net::task<void> ask_models(std::shared_ptr<poll> all, host_ptr one,
                           std::chrono::milliseconds max_age) {
    co_await one->view.refresh(max_age);
    --all->left;
    all->answered.open();
}

} // namespace

void intrusive_ptr_release(host* h) {
    if (--h->users == 0)
        h->home.let_go(h);
}

host_list::host_list(environment env, config::current_settings const& settings,
                     recovery::ledger& ledger)
    : env_{env}, settings_{settings}, ledger_{ledger}, gone_{env.io} {
    take(prepare(settings->upstreams));
}

host_list::~host_list() {
    closing_ = true;
    hosts_.clear();
    // Coroutines that are still suspended will never run again.
    living_.clear_and_dispose(std::default_delete<host>{});
}

host_ptr host_list::find(std::string_view name) const noexcept {
    auto const found = std::ranges::find(names_, name);
    return found == names_.end()
               ? host_ptr{}
               : hosts_[static_cast<std::size_t>(std::distance(names_.begin(), found))];
}

bool host_list::lists(host const& one) const noexcept {
    return std::ranges::any_of(hosts_, [&one](host_ptr const& each) { return each == &one; });
}

host_ptr host_list::make(config::upstream const& upstream) {
    auto owned = std::make_unique<host>(*this, env_, settings_, upstream, ledger_);
    auto* const fresh = owned.get();
    auto const tell = [this, fresh] {
        if (lists(*fresh))
            for (auto const& each : observers_)
                each(*fresh);
    };
    fresh->view.on_change(tell);
    fresh->recovery.lease.on_change(tell);
    living_.push_back(*fresh);
    return host_ptr{owned.release()};
}

host_list::change host_list::prepare(std::vector<config::upstream> const& upstreams) {
    change to;
    for (auto const& each : upstreams) {
        auto known = find(each.name);
        if (known && is_same_host(known->upstream, each))
            to.push_back({std::move(known), each, tls_to(each)});
        else
            to.push_back({make(each), each, nullptr});
    }
    return to;
}

void host_list::take(change to) {
    auto const before = std::exchange(hosts_, {});
    names_.clear();
    for (auto& each : to) {
        if (each.to->upstream.api_token != each.upstream.api_token)
            each.to->view.token_changed();
        each.to->upstream = std::move(each.upstream);
        each.to->recovery.permits.limit(each.to->upstream.max_in_flight);
        if (each.tls)
            each.to->pool.use(std::move(each.tls));
        names_.emplace_back(each.to->name());
        hosts_.push_back(std::move(each.to));
    }
    for (auto const& each : before)
        if (!lists(*each))
            each->retire();
}

std::vector<recovery::routed_host> host_list::routed() const {
    std::vector<recovery::routed_host> all;
    for (auto const& each : hosts_)
        all.push_back(
            {&each->recovery, &each->upstream, &each->view.rest(), &each->view.draining(),
             [each](std::chrono::milliseconds max_age) { return each->view.refresh(max_age); }});
    return all;
}

void host_list::start() {
    for (auto const& each : hosts_)
        each->view.start();
}

// A host that nothing holds any more may still have a recovery running.
void host_list::let_go(host* h) {
    std::unique_ptr<host> last{h};
    if (!closing_)
        net::spawn(end(std::move(last)));
}

net::task<void> host_list::end(std::unique_ptr<host> last) {
    last->retire();
    co_await last->ended();
    last.reset();
    gone_.open();
}

net::task<void> host_list::refresh(std::chrono::milliseconds max_age) {
    auto const all = std::make_shared<poll>(env_.io, hosts_.size());
    for (auto const& each : hosts_)
        net::spawn(ask_models(all, each, max_age));
    while (all->left > 0) {
        net::gate::waiter until{all->answered};
        co_await until;
    }
}

net::task<bool> host_list::ready() {
    std::vector<host_ptr> asked;
    for (auto const& each : hosts_)
        if (!each->view.draining())
            asked.push_back(each);
    auto const all = std::make_shared<poll>(env_.io, asked.size());
    for (auto const& each : asked)
        net::spawn(ask_ready(all, each));
    while (!all->up && all->left > 0) {
        net::gate::waiter until{all->answered};
        co_await until;
    }
    co_return all->up;
}

void host_list::drain() {
    for (auto& each : living_)
        each.retire();
}

void host_list::abort() {
    drain();
    for (auto& each : living_)
        each.abort();
}

net::task<void> host_list::stopped() {
    auto const mine = hosts_;
    for (auto const& each : mine)
        co_await each->ended();
    while (living_.size() > hosts_.size()) {
        net::gate::waiter until{gone_};
        co_await until;
    }
}

} // namespace secondwind::host
