#include <secondwind/host/host_view.hpp>

#include <secondwind/base/log.hpp>
#include <secondwind/base/units.hpp>
#include <secondwind/net/timed_wait.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace secondwind::host {

namespace {

using namespace std::chrono_literals;

// Who looks does not want to wait longer.
constexpr std::chrono::milliseconds patience = 2s;
// So long a host that is not up is not asked again for its readiness.
constexpr std::chrono::milliseconds readiness_holds = 1s;

host_view::time_point now() noexcept {
    return std::chrono::system_clock::now();
}

// The order in which a host lists, and when it was last used, tell nothing new.
bool same(host_view::listing a, host_view::listing b) {
    for (auto* each : {&a, &b}) {
        for (auto& i : each->instances)
            i.last_used_ms = 0;
        std::ranges::sort(each->instances, {}, &lmstudio::instance::id);
        std::ranges::sort(each->unloaded, {}, &lmstudio::model_on_disk::key);
    }
    return a.instances == b.instances && a.unloaded == b.unloaded;
}

} // namespace

net::task<void> host_view::refresh(milliseconds max_age) {
    bool const recent = asked_ && deadlines_.now() - *asked_ < max_age;
    if (recent || stopping_)
        co_return;
    if (!asking_) {
        asking_ = true;
        net::spawn(survey());
    }
    if (!asking_)
        co_return;
    net::timed_wait until{asked_and_done_, deadlines_, patience};
    bool const done = co_await until;
    if (!done && listing_)
        complain("it did not list its models within " + format_duration(patience));
}

net::task<bool> host_view::ready() {
    if (!health_.up()) {
        bool const known = health_.state() != host_state::unknown;
        co_await refresh(known ? readiness_holds : milliseconds::zero());
    }
    co_return health_.up();
}

net::task<void> host_view::survey() {
    try {
        auto const began = deadlines_.now();
        auto const limit = settings_.recovery.list_timeout;
        listing_ = true;
        auto got = co_await control_.list({});
        listing_ = false;
        if (got.reached == recovery::contact::mute && deadlines_.now() - began >= limit)
            got.why_not = "it did not answer within " + format_duration(limit);
        bool const answered = got.reached == recovery::contact::answered;
        note(got);
        if (got.instances && !stopping_) {
            auto const completed = co_await control_.with_activity(std::move(*got.instances), {});
            note(completed);
        }
        // A host keeps its version until it was down.
        if (answered && !version_ && !stopping_) {
            auto told = co_await control_.version();
            if (told && health_.up()) {
                version_ = std::move(told);
                changed();
            }
        }
    } catch (std::exception const& e) {
        listing_ = false;
        complain(e.what());
    }
    asked_ = deadlines_.now();
    asking_ = false;
    asked_and_done_.open();
}

void host_view::start() {
    if (stopping_)
        return;
    if (watching_) {
        resting_.open();
    } else if (settings_.health.interval > milliseconds::zero()) {
        watching_ = true;
        net::spawn(watch());
    }
}

net::task<void> host_view::watch() {
    while (!stopping_ && settings_.health.interval > milliseconds::zero()) {
        co_await refresh(milliseconds::zero());
        if (stopping_)
            break;
        net::timed_wait rest{resting_, deadlines_, settings_.health.interval};
        co_await rest;
    }
    watching_ = false;
    asked_and_done_.open();
}

void host_view::stop() {
    stopping_ = true;
    resting_.open();
    asked_and_done_.open();
}

net::task<void> host_view::stopped() {
    while (asking_ || watching_) {
        net::gate::waiter until{asked_and_done_};
        co_await until;
    }
}

void host_view::note(recovery::control::listing const& got) {
    using recovery::contact;
    auto const reached = got.instances ? recovery::contact::answered : got.reached;
    bool news = false;
    switch (reached) {
    case recovery::contact::none:
        return;
    case recovery::contact::unreachable:
        news = turn(sign::unreachable, got.why_not);
        break;
    case recovery::contact::mute:
        news = turn(sign::mute, got.why_not);
        break;
    case recovery::contact::answered:
        news = turn(sign::answered, {});
        break;
    }
    bool const listed = keep(got);
    if (news || listed)
        changed();
}

// True if that is news.
bool host_view::keep(recovery::control::listing const& got) {
    if (!got.instances) {
        auto const before = std::exchange(listing_error_, got.why_not);
        return before != listing_error_;
    }
    listing fresh{*got.instances, got.unloaded, now()};
    // What they did the last time stands until they are asked.
    if (listed_)
        for (auto& each : fresh.instances) {
            auto const& old = listed_->instances;
            auto const known = std::ranges::find(old, each.id, &lmstudio::instance::id);
            if (known == old.end() || each.doing != lmstudio::activity::unknown)
                continue;
            each.doing = known->doing;
            each.last_used_ms = std::max(each.last_used_ms, known->last_used_ms);
        }
    bool const news = !listed_ || !same(*listed_, fresh) || !listing_error_.empty();
    listed_ = std::move(fresh);
    listing_error_.clear();
    return news;
}

void host_view::note(lmstudio::inventory const& with_activity) {
    if (!listed_)
        return;
    bool news = false;
    for (auto const& each : with_activity) {
        auto const mine = std::ranges::find(listed_->instances, each.id, &lmstudio::instance::id);
        if (mine == listed_->instances.end())
            continue;
        news = news || mine->doing != each.doing;
        mine->doing = each.doing;
        mine->last_used_ms = std::max(mine->last_used_ms, each.last_used_ms);
    }
    if (news)
        changed();
}

void host_view::on_connect(failure const& how) {
    bool news = false;
    if (how) {
        news = turn(sign::unreachable, describe(how));
    } else if (!listing_ && !health_.up()) {
        // (A listing that is under way will tell more than that.)
        news = turn(sign::connected, {});
        if (news) {
            // What went wrong while it was down is not wrong any more.
            listing_error_.clear();
            asked_.reset();
        }
    }
    if (news)
        changed();
}

// True if that is news.
bool host_view::turn(sign s, std::string why) {
    auto const before = health_.state();
    bool const news = health_.note(s, std::move(why), now());
    auto const after = health_.state();
    if (after == host_state::down)
        version_.reset(); // another one may come up
    if (after == before)
        return news;
    if (after == host_state::down)
        log::write(log::level::warn, "host_down", {{"host", name_}, {"reason", health_.why()}});
    else if (before == host_state::down)
        log::write(log::level::info, "host_up", {{"host", name_}});
    return news;
}

void host_view::complain(std::string why) {
    if (listing_error_ == why)
        return;
    listing_error_ = std::move(why);
    changed();
}

void host_view::changed() const {
    for (auto const& each : listeners_)
        each();
}

} // namespace secondwind::host
