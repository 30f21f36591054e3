#include <secondwind/recovery/router.hpp>

#include <secondwind/base/pattern.hpp>
#include <secondwind/net/timed_wait.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace secondwind::recovery {

using policy::residence;
using policy::seconds;

namespace {

constexpr seconds price_of_a_return{10};
constexpr double bytes_a_second = 8000; // of a prompt that is processed
constexpr seconds longest_reread{10};
constexpr std::size_t most_models = 256; // their names come from requests

// A host that has just come back is not to get all requests at once.
seconds slow_start(policy::rest const& rest, policy::rest::time_point now) noexcept {
    if (rest.back() == policy::rest::time_point::min())
        return {};
    seconds const since = now - rest.back();
    auto const left = 1 - since / seconds{policy::rest::slow_start};
    return left > 0 ? price_of_a_return * left : seconds{};
}

} // namespace

bool routed_host::allows(std::string_view model) const noexcept {
    auto const& globs = upstream->models;
    return globs.empty() || model.empty() ||
           std::ranges::any_of(globs, [&](auto const& glob) { return glob_matches(glob, model); });
}

bool routed_host::is_one_of(tried_hosts const& tried) const noexcept {
    return std::ranges::find(tried, recovery) != tried.end();
}

// Hosts that are asked for their models at the same time.
struct router::question {
    explicit question(boost::asio::io_context& io) noexcept : answered{io} {}

    net::gate answered;
    std::size_t left = 0; // that have not answered
};

net::task<void> router::ask(std::shared_ptr<question> all, routed_host host,
                            std::chrono::milliseconds max_age) {
    ++all->left;
    co_await host.ask_models(max_age);
    --all->left;
    all->answered.open();
}

void router::take(std::vector<routed_host> hosts) {
    hosts_ = std::move(hosts);
    lookups_.clear();
    by_model_ = config::routes_by_model(*settings_);
    for (auto const& each : hosts_)
        each.recovery->learn_from_requests(by_model_);
}

double router::mean_load_rate() const {
    double sum = 0;
    double known = 0;
    for (auto const& each : hosts_) {
        auto const rate = each.recovery->pace.rate();
        sum += rate.value_or(0);
        known += rate.has_value();
    }
    return known == 0 ? policy::pace::usual_rate : sum / known;
}

std::vector<lookup>& router::lookups_of(std::string_view model) const {
    auto at = lookups_.find(model);
    if (at == lookups_.end()) {
        if (lookups_.size() == most_models)
            lookups_.clear();
        at = lookups_.emplace(model, hosts_.size()).first;
    }
    return at->second;
}

bool router::is_full(std::size_t host, wanted_model const& wanted) const noexcept {
    return wanted.takes_permit && hosts_[host].recovery->permits.all_given();
}

// Each host that may serve it by price(), full or not.
template<class Visit>
void router::visit(wanted_model const& wanted, tried_hosts const& tried, time_point now,
                   Visit visit) const {
    auto const visit_where = [&](auto const& suits) {
        bool found = false;
        for (std::size_t i = 0; i < hosts_.size(); ++i) {
            auto const& each = hosts_[i];
            if (each.drains() || !suits(each) || each.is_one_of(tried))
                continue;
            visit(i);
            found = true;
        }
        return found;
    };
    auto const suits = [&](routed_host const& one) { return one.allows(wanted.name); };
    auto const awake = [&](routed_host const& one) { return suits(one) && !one.rest->lasts(now); };
    if (!visit_where(awake) && !visit_where(suits) && tried.empty())
        visit_where([](routed_host const&) { return true; });
}

offers router::price(wanted_model const& wanted, tried_hosts const& tried) const {
    offers all;
    all.when = deadlines_.now();
    auto const load_rate = mean_load_rate();
    auto& lookups = lookups_of(wanted.name);
    auto const add = [&](std::size_t i) {
        auto const& each = hosts_[i];
        all.hosts.push_back(i);
        all.candidates.push_back(
            candidate_on(*each.recovery, wanted, *each.upstream, load_rate, lookups[i]));
        all.candidates.back().handicap += slow_start(*each.rest, all.when);
    };
    visit(wanted, tried, all.when, [&](std::size_t i) {
        if (!is_full(i, wanted))
            add(i);
    });
    if (all.empty() && !tried.empty())
        visit(wanted, tried, all.when, add);
    if (all.empty())
        return all;
    add_rereads(all, wanted);
    policy::price_all(all.candidates, all.prices);
    return all;
}

vacancy router::vacancy_for(wanted_model const& wanted) const {
    auto best = vacancy::none;
    visit(wanted, {}, deadlines_.now(), [&](std::size_t i) {
        if (!is_full(i, wanted))
            best = vacancy::free;
        else if (best == vacancy::none)
            best = vacancy::full;
    });
    return best;
}

std::optional<policy::rest::time_point> router::next_rest_end() const {
    auto const now = deadlines_.now();
    std::optional<policy::rest::time_point> next;
    for (auto const& each : hosts_)
        if (each.rest->lasts(now) && (!next || each.rest->end() < *next))
            next = each.rest->end();
    return next;
}

// Only where there is a choice between hosts that could have read it.
void router::add_rereads(offers& all, wanted_model const& wanted) const {
    auto const could = [](policy::candidate const& one) {
        return one.residence == residence::loaded || one.residence == residence::loading;
    };
    bool const named = !wanted.session.empty() && !wanted.body.empty();
    if (!settings_->routing.sticky ||
        (!named && wanted.body.size() < policy::conversations::shortest) ||
        std::ranges::count_if(all.candidates, could) < 2)
        return;
    std::string scope{wanted.client};
    scope.append(1, '\n').append(wanted.name);
    all.turn = named ? conversations_.begin(scope, wanted.session, wanted.body.size())
                     : conversations_.begin(scope, wanted.body);
    for (auto& each : all.candidates) {
        auto const bytes = conversations_.unread(all.turn, each.host, all.when);
        each.reread =
            std::min(longest_reread, seconds{static_cast<double>(bytes) / bytes_a_second});
    }
}

net::task<void> router::try_host(routed_host host) {
    co_await host.ask_models(std::chrono::milliseconds::zero());
}

// A request that tries a host may take long, and a host that hangs accepts its connection: whether
// the rest is over is asked.
void router::use(routed_host const& host, time_point now) const {
    if (host.rest->use(now))
        net::spawn(try_host(host));
}

choice router::cheapest(offers&& all) const {
    auto const host = all.hosts[all.prices.cheapest];
    use(hosts_[host], all.when);
    auto const reason = reason_for(all);
    return {host, reason, std::move(all.turn)};
}

policy::choice_reason router::reason_for(offers const& all) const noexcept {
    return hosts_.size() == 1 ? policy::choice_reason::only
                              : policy::reason_for(all.candidates[all.prices.cheapest]);
}

std::string_view router::hindrance(std::size_t host, wanted_model const& wanted) const {
    if (hosts_[host].drains())
        return "draining";
    if (!hosts_[host].allows(wanted.name))
        return "models";
    if (hosts_[host].rest->lasts(deadlines_.now()))
        return "resting";
    return is_full(host, wanted) ? "max_in_flight" : "";
}

// What is known of its models was learned a moment ago.
bool router::is_fresh(offers const& all, std::size_t index, wanted_model const& wanted) const {
    auto const& models = hosts_[all.hosts[index]].recovery->models;
    auto const max_age = settings_->routing.max_age;
    return models.asked_within(max_age, all.when) ||
           models.answered_within(max_age, wanted.name, all.when);
}

// It would be the cheapest if the model were loaded there.
bool router::worth_asking(offers const& all, std::size_t index, wanted_model const& wanted) const {
    if (is_fresh(all, index, wanted))
        return false;
    auto const& prices = all.prices.prices;
    auto const at_best = prices[index].queue + prices[index].handicap;
    return index == all.prices.cheapest || at_best < prices[all.prices.cheapest].total();
}

std::vector<std::size_t> router::to_ask(offers const& all, wanted_model const& wanted) const {
    std::vector<std::size_t> hosts;
    if (all.empty())
        return hosts;
    auto const best = all.prices.cheapest;
    bool const sure = hosts_.size() == 1 || (all.candidates[best].residence == residence::loaded &&
                                             is_fresh(all, best, wanted));
    for (std::size_t i = 0; i < all.hosts.size() && !sure; ++i)
        if (worth_asking(all, i, wanted))
            hosts.push_back(i);
    return hosts;
}

std::optional<choice> router::choose(wanted_model const& wanted) const {
    auto all = price(wanted);
    if (all.empty() || !to_ask(all, wanted).empty())
        return std::nullopt;
    return cheapest(std::move(all));
}

std::shared_ptr<router::question> router::ask_all(wanted_model const& wanted) const {
    auto asked = std::make_shared<question>(io_);
    auto const all = price(wanted);
    for (auto const i : to_ask(all, wanted))
        net::spawn(ask(asked, hosts_[all.hosts[i]], settings_->routing.max_age));
    return asked;
}

net::task<std::optional<choice>> router::ask_and_choose(wanted_model wanted) const {
    auto const asked = ask_all(wanted);
    auto const until = deadlines_.now() + settings_->routing.list_wait;
    while (asked->left > 0 && deadlines_.now() < until) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(until - deadlines_.now());
        net::timed_wait wait{asked->answered, deadlines_, left};
        co_await wait;
    }
    co_return choose_now(wanted);
}

std::optional<choice> router::choose_now(wanted_model const& wanted) const {
    auto all = price(wanted);
    return all.empty() ? std::nullopt : std::optional{cheapest(std::move(all))};
}

std::optional<choice> router::find(std::string_view name,
                                   policy::choice_reason reason) const noexcept {
    for (std::size_t i = 0; i < hosts_.size(); ++i)
        if (hosts_[i].upstream->name == name)
            return choice{i, reason, {}};
    return std::nullopt;
}

std::vector<std::size_t> router::holders(std::string_view instance_id) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        auto const& loaded = hosts_[i].recovery->models.all().loaded;
        if (std::ranges::find(loaded, instance_id, &lmstudio::instance::id) != loaded.end())
            found.push_back(i);
    }
    return found;
}

// The one of the highest rank; rather one that does not rest.
template<class Rank>
std::optional<choice> router::first_by(Rank rank) const {
    auto const now = deadlines_.now();
    std::optional<choice> best;
    std::pair<bool, std::uint64_t> best_rank;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        if (hosts_[i].drains())
            continue;
        std::pair const its_rank{!hosts_[i].rest->lasts(now), rank(hosts_[i])};
        if (best && its_rank <= best_rank)
            continue;
        best = choice{i, policy::choice_reason::spread, {}};
        best_rank = its_rank;
    }
    return best;
}

bool router::is_default(routed_host const& one) const noexcept {
    return one.upstream->name == settings_->default_upstream;
}

std::optional<choice> router::first() const noexcept {
    auto chosen =
        first_by([this](routed_host const& one) { return std::uint64_t{is_default(one)}; });
    if (chosen)
        chosen->reason = policy::choice_reason::first;
    return chosen;
}

std::optional<choice> router::spread(std::string_view client) const {
    auto chosen = first_by([this, client](routed_host const& one) {
        return is_default(one) ? std::numeric_limits<std::uint64_t>::max()
                               : policy::rendezvous(client, one.upstream->name);
    });
    if (chosen)
        use(hosts_[chosen->host], deadlines_.now());
    return chosen;
}

} // namespace secondwind::recovery
