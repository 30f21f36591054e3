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

// How long a reader of its state is kept waiting.
constexpr std::chrono::milliseconds patience = 2s;
// How long the result for a host that is not up is reused.
constexpr std::chrono::milliseconds readiness_holds = 1s;

host_view::time_point now() noexcept {
    return std::chrono::system_clock::now();
}

// Without the order of the lists, and the times when instances were last used.
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
    bool const recent = surveyed_at_ && deadlines_.now() - *surveyed_at_ < max_age;
    if (recent || stopping_)
        co_return;
    if (!surveying_) {
        surveying_ = true;
        net::spawn(survey());
    }
    if (!surveying_)
        co_return;
    net::timed_wait until{survey_ended_, deadlines_, patience};
    bool const done = co_await until;
    if (!done && listing_)
        set_listing_error("it did not list its models within " + format_duration(patience));
}

void host_view::drain(bool on) {
    draining_ = on;
    notify_observers();
}

net::task<void> host_view::ask_after_silence() {
    if (std::exchange(silent_, true))
        co_return;
    do {
        co_await refresh(milliseconds::zero());
    } while (surveying_ && !stopping_);
    silent_ = false;
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
        auto const limit = settings_->recovery.list_timeout;
        listing_ = true;
        auto result = co_await control_.list({});
        listing_ = false;
        if (result.reached == recovery::contact::no_answer && deadlines_.now() - began >= limit)
            result.error = "it did not answer within " + format_duration(limit);
        bool const answered = result.reached == recovery::contact::answered;
        note(result);
        bool const listed = result.instances.has_value();
        if (listed && !stopping_) {
            auto const completed =
                co_await control_.with_activity(std::move(*result.instances), {});
            note(completed);
        }
        if (surveyed_)
            surveyed_(listed && listed_ ? &*listed_ : nullptr);
        // A host keeps its version until it is down.
        if (answered && !version_ && !stopping_) {
            auto version = co_await control_.version();
            if (version && health_.up()) {
                version_ = std::move(version);
                notify_observers();
            }
        }
    } catch (std::exception const& e) {
        listing_ = false;
        set_listing_error(e.what());
    }
    surveyed_at_ = deadlines_.now();
    surveying_ = false;
    survey_ended_.open();
}

void host_view::start() {
    if (stopping_)
        return;
    if (watching_) {
        resting_.open();
    } else if (settings_->health.interval > milliseconds::zero()) {
        watching_ = true;
        net::spawn(watch());
    }
}

net::task<void> host_view::watch() {
    while (!stopping_ && settings_->health.interval > milliseconds::zero()) {
        co_await refresh(milliseconds::zero());
        if (stopping_)
            break;
        net::timed_wait rest{resting_, deadlines_, settings_->health.interval};
        co_await rest;
    }
    watching_ = false;
    survey_ended_.open();
}

void host_view::stop() {
    stopping_ = true;
    resting_.open();
    survey_ended_.open();
}

net::task<void> host_view::stopped() {
    while (surveying_ || watching_) {
        net::gate::waiter until{survey_ended_};
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
        news = observe(observation::unreachable, got.error);
        break;
    case recovery::contact::no_answer:
        news = observe(observation::no_answer, got.error);
        news = begin_rest(got.error) || news;
        break;
    case recovery::contact::answered:
        rest_.worked(deadlines_.now());
        news = observe(observation::answered, {});
        break;
    }
    bool const listed = keep(got);
    if (news || listed)
        notify_observers();
}

// True if that is news.
bool host_view::keep(recovery::control::listing const& got) {
    if (!got.instances) {
        auto const before = std::exchange(listing_error_, got.error);
        bool const news = before != listing_error_;
        // A host that has listed its models since it came up has only had a hiccup.
        auto const since = health_.since();
        bool const listed = listed_ && since && listed_->at >= *since;
        bool const told = !listed && got.reached == recovery::contact::answered &&
                          set_unavailable(unlisted_, got.error);
        return news || told;
    }
    listing fresh{*got.instances, got.unloaded, now()};
    // Their last known activity stands until they are asked.
    if (listed_)
        for (auto& each : fresh.instances) {
            auto const& old = listed_->instances;
            auto const known = std::ranges::find(old, each.id, &lmstudio::instance::id);
            if (known == old.end() || each.doing != lmstudio::activity::unknown)
                continue;
            each.doing = known->doing;
            each.last_used_ms = std::max(each.last_used_ms, known->last_used_ms);
        }
    if (listed_)
        changes_.note(listed_->instances, fresh.instances);
    bool const news = !listed_ || !same(*listed_, fresh) || !listing_error_.empty();
    listed_ = std::move(fresh);
    listing_error_.clear();
    unlisted_.clear();
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
        notify_observers();
}

void host_view::note(secondwind::host::busy_state state) {
    if (state == busy_state_)
        return;
    // An operator who has turned the question off knows.
    bool const asks = settings_->recovery.websocket_timeout > milliseconds::zero();
    if (asks && !state.reason.empty() && state.reason != busy_state_.reason)
        log::write(log::level::warn, "busy_state_unknown",
                   {{"host", name_}, {"reason", state.reason}});
    busy_state_ = std::move(state);
    notify_observers();
}

void host_view::note(recovery::control::unloading const& got) {
    bool const refused = got.result == lmstudio::unload_result::refused;
    // One that was refused for another reason says nothing about the permission.
    if (refused && !got.forbidden)
        return;
    if (set_unavailable(forbidden_, refused ? "it does not permit unloads: " + got.error : ""))
        notify_observers();
}

void host_view::token_changed() {
    unlisted_.clear();
    forbidden_.clear();
    surveyed_at_.reset();
}

std::string const& host_view::recovery_unavailable() const noexcept {
    static std::string const nothing;
    if (!health_.up())
        return nothing;
    return unlisted_.empty() ? forbidden_ : unlisted_;
}

// True if that is news, which is logged.
bool host_view::set_unavailable(std::string& reason, std::string text) {
    auto const before = recovery_unavailable();
    reason = std::move(text);
    auto const& now = recovery_unavailable();
    if (now == before)
        return false;
    if (!now.empty())
        log::write(log::level::warn, "recovery_unavailable", {{"host", name_}, {"reason", now}});
    return true;
}

void host_view::on_connect(failure const& result) {
    bool news = false;
    if (result) {
        news = observe(observation::unreachable, describe(result));
        news = begin_rest(describe(result)) || news;
    } else if (!listing_ && !health_.up()) { // a listing that is running will say more
        news = observe(observation::connected, {});
        if (news) {
            // Errors of the time when it was down are over.
            listing_error_.clear();
            surveyed_at_.reset();
        }
    }
    // One that hangs accepts connections as well.
    if (!result && health_.up())
        rest_.worked(deadlines_.now());
    if (news)
        notify_observers();
}

// True if a rest begins that matters to anybody.
bool host_view::begin_rest(std::string const& reason) {
    auto const length = rest_.failed(deadlines_.now());
    if (length == length.zero() || !config::routes_by_model(*settings_))
        return false;
    log::write(log::level::info, "host_rests",
               {{"host", name_}, {"rest_s", std::int64_t{length.count()}}, {"reason", reason}});
    return true;
}

std::optional<host_view::time_point> host_view::resting_until() const {
    auto const since_boot = deadlines_.now();
    if (!rest_.lasts(since_boot) || !config::routes_by_model(*settings_))
        return std::nullopt;
    return now() + std::chrono::duration_cast<time_point::duration>(rest_.end() - since_boot);
}

// True if that is news.
bool host_view::observe(observation seen, std::string reason) {
    auto const before = health_.state();
    bool const news = health_.note(seen, std::move(reason), now());
    auto const after = health_.state();
    if (after == host_state::down) {
        version_.reset(); // another one may be started
        busy_state_ = {};
        unlisted_.clear();
        forbidden_.clear();
    }
    if (after == before)
        return news;
    if (after == host_state::down)
        surveyed_at_.reset(); // what it said before may not hold any more
    if (after == host_state::down)
        log::write(log::level::warn, "host_down", {{"host", name_}, {"reason", health_.reason()}});
    else if (before == host_state::down)
        log::write(log::level::info, "host_up", {{"host", name_}});
    return news;
}

void host_view::set_listing_error(std::string error) {
    if (listing_error_ == error)
        return;
    listing_error_ = std::move(error);
    notify_observers();
}

void host_view::notify_observers() const {
    for (auto const& each : observers_)
        each();
}

} // namespace secondwind::host
