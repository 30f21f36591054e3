#include <secondwind/recovery/lab_lease.hpp>

#include <secondwind/base/log.hpp>
#include <secondwind/recovery/host_recovery.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace secondwind::recovery {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view was_silent = "it was silent for 30 s";
constexpr std::string_view was_late = "it has not released the lease within lab.yield_timeout";
constexpr std::string_view server_stops = "secondwind stops";

// The pace at which a host is asked whether what was unloaded is gone.
constexpr milliseconds first_gone_pace{50};
constexpr milliseconds slowest_gone_pace{1000};

void add_once(std::vector<std::string>& to, std::string one) {
    if (std::ranges::find(to, one) == to.end())
        to.push_back(std::move(one));
}

net::task<bool> list_models(host_recovery& host, control& over) {
    try {
        auto listed = co_await over.list({});
        if (listed.instances) {
            host.models.listed(std::move(*listed.instances), std::move(listed.unloaded),
                               host.deadlines.now());
            co_return true;
        }
    } catch (std::exception const&) {
        // As if the host had not answered.
    }
    host.models.not_listed(host.deadlines.now());
    co_return false;
}

// A host may serve a request with an instance that is about to go.
net::task<void> list_until_gone(host_recovery& host, control& over,
                                std::set<std::string> instances) {
    auto const until = host.deadlines.now() + host.settings->recovery.verify_timeout;
    auto pace = first_gone_pace;
    bool goes_on = true;
    while (goes_on) {
        bool const listed = co_await list_models(host, over);
        bool const any =
            listed && std::ranges::any_of(host.models.all().loaded, [&](auto const& each) {
                return instances.contains(each.id);
            });
        if (!any || host.deadlines.now() + pace > until)
            co_return;
        goes_on = co_await host.pauses.pause(pace);
        pace = std::min(pace * 2, slowest_gone_pace);
    }
}

} // namespace

lab_lease::lab_lease(host_recovery& host, recovery::control& control)
    : host_{host}, control_{control}, due_{host.deadlines, "lab_lease", *this}, freed_{host.io} {}

lab_lease::clock::time_point lab_lease::now() const noexcept {
    return host_.deadlines.now();
}

void lab_lease::want(lab& by, terms how) {
    if (&by == holder_ || std::ranges::find(queue_, &by, &seat::by) != queue_.end())
        return;
    if (!closed_.empty()) {
        by.ended(closed_);
        return;
    }
    queue_.push_back({&by, how, now()});
    host_.watch();
    host_.reconsider();
}

void lab_lease::working(lab& by, std::string on) {
    if (&by != holder_)
        return;
    heard_ = now();
    set_timer();
    if (state_.working_on == on)
        return;
    state_.working_on = std::move(on);
    changed_();
}

void lab_lease::loaded(lab& by, std::string instance) {
    if (&by != holder_)
        return;
    add_once(state_.instances, std::move(instance));
    working(by, state_.working_on);
}

void lab_lease::unloaded(lab& by, std::string const& instance) {
    if (&by != holder_)
        return;
    std::erase(state_.instances, instance);
    working(by, state_.working_on);
}

void lab_lease::release(lab& by) {
    if (&by != holder_) {
        std::erase_if(queue_, [&by](seat const& each) { return each.by == &by; });
        return;
    }
    holder_ = nullptr;
    give_back("it has released the lease", false);
}

void lab_lease::leave(lab& by, std::string_view reason) {
    std::erase_if(queue_, [&by](seat const& each) { return each.by == &by; });
    if (&by != holder_)
        return;
    holder_ = nullptr;
    give_back(std::string{reason}, true);
}

void lab_lease::lose(std::string_view reason) {
    auto* const by = std::exchange(holder_, nullptr);
    give_back(std::string{reason}, true);
    by->ended(reason);
}

void lab_lease::end_queue(std::string_view reason) {
    for (auto const& each : std::exchange(queue_, {}))
        each.by->ended(reason);
}

void lab_lease::close(std::string_view reason) {
    if (!closed_.empty())
        return;
    closed_ = reason;
    end_queue(reason);
    if (holder_ != nullptr)
        lose(reason);
}

void lab_lease::stop() {
    close(server_stops);
    freed_.open();
}

// A request counts from when it waits to the end of its answer.
bool lab_lease::in_use() const {
    return host_.guard.recovering() || !host_.line.empty() ||
           std::ranges::any_of(host_.in_flight.claims(), &claim::possible);
}

void lab_lease::consider() {
    if (holder_ != nullptr) {
        demand();
        return;
    }
    if (returning_ || queue_.empty() || in_use())
        return;
    auto const& first = queue_.front();
    auto const from = std::max(first.came, used_) + first.how.quiet;
    auto const left = std::chrono::ceil<milliseconds>(from - now());
    if (left > milliseconds::zero())
        due_.after(left);
    else
        grant();
}

void lab_lease::grant() {
    auto const next = queue_.front();
    queue_.pop_front();
    holder_ = next.by;
    state_ = {};
    state_.since = std::chrono::system_clock::now();
    state_.exclusive = next.how.exclusive;
    before_.reset();
    told_.clear();
    demanded_.reset();
    yields_.reset();
    began_ = heard_ = now();
    set_timer();
    host_.watch();
    log::write(log::level::info, "host_leased",
               {{"host", host_.name}, {"exclusive", state_.exclusive}});
    ++calls_;
    net::spawn(look());
    next.by->granted();
    changed_();
}

void lab_lease::demand() {
    auto models = models_in_demand();
    if (models.empty()) {
        if (!yields_)
            demanded_.reset();
        set_timer();
        return;
    }
    if (!demanded_)
        demanded_ = now();
    bool const bears = state_.exclusive && now() < *demanded_ + host_.settings->recovery.busy_wait;
    if (!yields_ && !bears) {
        yields_ = now() + host_.settings->lab.yield_timeout;
        state_.wanted = true;
        changed_();
    }
    set_timer();
    if (!yields_ || models == told_)
        return;
    told_ = std::move(models);
    holder_->wanted(told_);
}

// Of all that would use the host now: those that wait, those that were sent all the same, because
// they had begun before, and a recovery.
std::vector<std::string> lab_lease::models_in_demand() {
    std::vector<std::string> models;
    for (auto& each : host_.line.places())
        if (!each.admitted() && each.by().possible())
            add_once(models, model_of(each.by()));
    for (auto& each : host_.in_flight.claims())
        if (each.possible())
            add_once(models, model_of(each));
    if (host_.guard.recovering())
        add_once(models, host_.guard.latest()->trigger.model);
    return models;
}

std::string lab_lease::model_of(claim& by) {
    if (host_.models.known()) {
        auto const& known = host_.models.resolve(by);
        if (known.match == lmstudio::match::found)
            return known.key;
    }
    return by.model().name();
}

void lab_lease::set_timer() {
    auto next = heard_ + longest_silence;
    if (yields_)
        next = std::min(next, *yields_);
    else if (demanded_)
        next = std::min<clock::time_point>(next, *demanded_ + host_.settings->recovery.busy_wait);
    due_.after(std::max(std::chrono::ceil<milliseconds>(next - now()), milliseconds{1}));
}

void lab_lease::on_timer() {
    if (holder_ == nullptr)
        host_.reconsider(); // the host was quiet for long enough
    else if (now() >= heard_ + longest_silence)
        lose(was_silent);
    else if (yields_ && now() >= *yields_)
        lose(was_late);
    else
        demand();
}

void lab_lease::give_back(std::string reason, bool lost) {
    due_.clear();
    returning_ = true;
    ++calls_;
    net::spawn(put_in_order(std::move(reason), lost));
}

// What is loaded now: so that requests are known by the keys of their models, and what the lab
// leaves behind can be told from what was there.
net::task<void> lab_lease::look() {
    bool const listed = co_await list();
    if (listed && holder_ != nullptr && !before_) {
        auto& ids = before_.emplace();
        for (auto const& each : host_.models.all().loaded)
            ids.insert(each.id);
    }
    --calls_;
    host_.reconsider();
}

net::task<bool> lab_lease::list() {
    return list_models(host_, control_);
}

net::task<void> lab_lease::put_in_order(std::string reason, bool lost) {
    std::size_t unloaded = 0;
    std::set<std::string> gone;
    std::string error;
    auto instances = state_.instances;
    if (!lost)
        instances.clear();
    bool current = false; // what is known to be loaded
    // A load whose instance the lab could not name any more.
    if (lost && before_ && !state_.working_on.empty() && !host_.pauses.stopped()) {
        current = co_await list();
        for (auto const& each : host_.models.all().loaded)
            if (current && each.model == state_.working_on && !before_->contains(each.id))
                add_once(instances, each.id);
    }
    for (auto const& each : instances) {
        if (host_.pauses.stopped())
            break;
        std::string failed;
        try {
            auto const got = co_await control_.unload(each, {});
            if (got.result == lmstudio::unload_result::refused)
                failed = got.error;
        } catch (std::exception const& e) {
            failed = e.what();
        }
        current = false;
        unloaded += failed.empty();
        if (failed.empty())
            gone.insert(each);
        if (error.empty())
            error = std::move(failed);
    }
    if (!current && !host_.pauses.stopped())
        co_await list_until_gone(host_, control_, std::move(gone));
    auto const span = std::chrono::duration_cast<std::chrono::seconds>(now() - began_);
    log::write(lost ? log::level::warn : log::level::info, "host_lease_ended",
               {{"host", host_.name},
                {"reason", reason},
                {"held_s", std::int64_t{span.count()}},
                {"unloaded", std::uint64_t{unloaded}},
                {"error", error}});
    returning_ = false;
    --calls_;
    freed_.open();
    changed_();
    host_.reconsider();
}

net::task<void> lab_lease::until_free() {
    while (held() && !host_.pauses.stopped()) {
        host_.reconsider(); // the lab hears of it
        net::gate::waiter freed{freed_};
        co_await freed;
    }
}

} // namespace secondwind::recovery
