#include "support/recovery_schedule.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace secondwind::test {

using namespace std::chrono_literals;
using policy::verdict;

namespace {

constexpr simulated_host::size_type memory = 100;

} // namespace

recovery_schedule::recovery_schedule(std::uint64_t seed, bool tracing)
    : seeded_random{seed}, tracing_{tracing}, fits_{seed % 4 == 0}, dice_{~seed} {
    calm_ = chance(40);
    slow_ = chance(30);
    length_ = slow_ ? one_of<milliseconds>({20s, 120s}) : one_of<milliseconds>({300ms, 1500ms, 6s});
    promises_.live = calm_;
    choose_settings();
    choose_host();
    choose_clients();
    if (chance(20))
        choose_agents();
    if (!calm_)
        choose_events();
    if (dice_.chance(10))
        choose_labs();
}

void recovery_schedule::choose_settings() {
    auto& r = settings_.recovery;
    if (chance(30))
        r.evict = policy::evict::idle;
    if (chance(20))
        r.max_replays = static_cast<unsigned>(number(1, 3));
    if (chance(20))
        r.turns = policy::turns::on;
    if (chance(30))
        r.gate_wait = one_of<milliseconds>({0ms, 200ms, 10s});
    if (chance(30))
        r.residency = one_of<milliseconds>({0ms, 500ms, 20s});
    settings_.cold_load.gate = chance(80);
    if (calm_)
        return;
    if (chance(20))
        r.mode = chance(60) ? config::recovery_mode::observe : config::recovery_mode::off;
    if (chance(25))
        r.evict = policy::evict::all;
    if (chance(30))
        r.evict_named = policy::evict_named::last;
    if (chance(30))
        r.turns = policy::turns::off;
    r.max_replays = static_cast<unsigned>(number(0, 3));
    r.on_crash = one_of<policy::on_crash>(
        {policy::on_crash::off, policy::on_crash::replay, policy::on_crash::reload});
    if (chance(40))
        r.pinned = one_of<std::vector<std::string>>({{"m0"}, {"*:2"}, {"m1", "m2"}, {"m0:2"}});
    r.busy_wait = one_of<milliseconds>({0ms, 60ms, 400ms, 5s, 600s});
    r.cooldown = one_of<milliseconds>({0ms, 700ms, 5s, 300s});
    r.verify_timeout = one_of<milliseconds>({100ms, 1s, 15s});
    settings_.limits.recovery_waiters = one_of<std::uint64_t>({1, 2, 4, 1000, 1000});
}

std::vector<simulated_host::model> recovery_schedule::choose_models() {
    std::vector<simulated_host::model> models;
    using enum lmstudio::model_kind;
    auto const count = number(2, 6);
    for (int n = 0; n < count; ++n) {
        auto const size = static_cast<simulated_host::size_type>(number(10, 95));
        models.push_back({fmt::format("m{}", n), size, chance(85), llm});
    }
    if (chance(40))
        models.push_back(
            {"embed", static_cast<simulated_host::size_type>(number(1, 8)), chance(85), embedding});
    if (chance(40)) {
        models.push_back({"large", memory + 20, chance(85), llm});
        large_.push_back("large");
    }
    for (auto const& m : models)
        names_.push_back(m.key);
    return models;
}

// The lab has found a context with which the model fits that is larger than the memory.
void recovery_schedule::fit_large() {
    settings_.recovery.fit_context = true;
    policy::lab_result measured;
    measured.key = large_.front();
    measured.size = (memory + 20) * host_->unit;
    measured.works = 8192;
    measured.default_works = false;
    measured.alone = true;
    measured.mode = "normal";
    measured.measured = std::chrono::system_clock::now();
    recovery_->use_lab_results({measured});
    host_->size_when_fitted = [this](std::string const&) {
        return chance(90) ? std::optional{memory - 40} : std::nullopt;
    };
}

void recovery_schedule::choose_host() {
    auto models = choose_models();
    auto& host = host_.emplace(time_, io_, memory, models);
    recovery_.emplace("host", io_, time_.deadlines(), host, ledger_, in_force_);
    if (fits_ && !large_.empty())
        fit_large();
    // Requests that queue on an instance keep it busy for longer than each of them takes.
    host.slots = slow_ ? 0 : one_of<std::size_t>({0, 0, 1, 4});
    if (calm_)
        promises_.longest_wait = 20min;
    referee_.emplace(time_, host, *recovery_, ledger_, settings_, promises_);
    referee_->tracing = tracing_;

    host.tells_activity = chance(70);
    host.guardrail = chance(75);
    host.auto_evict = chance(15);
    host.duplicates = chance(50);
    host.takes = {.list = span(0, 10),
                  .activity = span(0, 10),
                  .unload = span(0, 60),
                  .load = slow_ ? span(1000, 15000) : span(5, 400),
                  .error = span(0, 15)};
    if (chance(30))
        host.takes.lingering = calm_ ? span(1, 300) : span(1, 1500);
    if (chance(40))
        host.takes.release = chance(60) ? span(1, 600) : span(600, 3000);
    // A model that is loaded and not listed yet looks like memory that somebody else uses.
    if (!calm_ && chance(15))
        host.takes.unlisted = span(1, 400);
    // A call takes half of it each way, and its answer never comes within the same instant.
    host.vary = [this](milliseconds m) {
        return std::max(milliseconds{2}, m * number(50, 150) / 100);
    };
    if (!calm_) {
        for (int f = 0; f <= static_cast<int>(simulated_host::fault::dead_connection); ++f)
            if (chance(25))
                faults_[static_cast<simulated_host::fault>(f)] = number(5, 50);
        host.strikes = [this](simulated_host::fault f) {
            auto const found = faults_.find(f);
            return found != faults_.end() && chance(found->second);
        };
    }
    for (int n = 0; n < 8; ++n) {
        auto const& m = one_of(models);
        bool const again = host.find(m.key) != nullptr;
        if (host.used() + m.size > memory || (again && !chance(30)))
            continue;
        bool const named = !calm_ && chance(10) && host.find("my-" + m.key) == nullptr;
        host.load(m.key, named ? "my-" + m.key : std::string{},
                  !calm_ && chance(8) ? "laptop" : std::string{});
    }
}

wish recovery_schedule::choose_wish() {
    wish w;
    w.model = one_of(names_);
    if (!large_.empty() && chance(20))
        w.model = large_.front();
    bool const embeds = w.model == "embed";
    if (embeds)
        w.kind = lmstudio::model_kind::embedding;
    w.first_byte = span(1, 200);
    w.rest = chance(20) ? span(0, 2000) : span(0, 200);
    if (slow_ && !embeds)
        w.rest = chance(15) ? span(10'000, calm_ ? 100'000 : 600'000) : span(500, 8000);
    if (chance(5))
        w.tail = verdict::insufficient_memory;
    if (chance(15))
        add_tool(w);
    if (calm_)
        return w;
    if (chance(5))
        w.tail = verdict::cache_corruption;
    if (chance(5))
        w.model = embeds ? w.model : w.model + ":2";
    if (chance(5))
        w.model = "nobody_knows";
    if (chance(5))
        w.model = "my-m0";
    if (chance(8))
        w.model.clear();
    w.bad = chance(4);
    return w;
}

// The generation calls a tool, which sends a request to the same model, or to another that it
// needs no room for.
void recovery_schedule::add_tool(wish& w) {
    wish inner{.model = w.model, .kind = w.kind, .first_byte = span(1, 100), .rest = span(0, 200)};
    if (!calm_ && chance(40))
        inner = {.model = one_of(names_)};
    if (inner.model == "large" || host_->slots > 0)
        return;
    w.tool = [this, inner](std::function<void()> done) {
        auto& e = add_client(inner);
        e.on_end = [report = e.on_end, done = std::move(done)] {
            report();
            done();
        };
        e.start();
    };
}

simulated_exchange& recovery_schedule::add_client(wish asks) {
    auto const replayable = calm_ || !chance(5);
    auto& e = exchanges_.emplace_back(
        *host_, *recovery_,
        simulated_exchange::request{fmt::format("x{}", exchanges_.size()), std::move(asks),
                                    replayable, chance(30)});
    referee_->watch(e);
    return e;
}

// Each sends a request once it has the answer to the last.
void recovery_schedule::choose_agents() {
    auto const most = number(1, 3);
    for (int n = 0; n < most; ++n) {
        auto w = choose_wish();
        w.tool = nullptr;
        if (slow_)
            w.rest = std::min(w.rest, milliseconds{40'000});
        auto const pause = span(0, 1500);
        auto const go_on = std::make_shared<std::function<void(int)>>();
        agents_.push_back(go_on);
        *go_on = [this, w, pause, next = go_on.get()](int rest) {
            auto& e = add_client(w);
            e.on_end = [this, pause, rest, next, report = e.on_end] {
                report();
                if (rest > 1)
                    at(pause, [next, rest] { (*next)(rest - 1); });
            };
            e.start();
        };
        at(span(0, static_cast<int>(length_.count())),
           [next = go_on.get(), steps = number(3, 12)] { (*next)(steps); });
    }
}

void recovery_schedule::at(milliseconds when, std::function<void()> event) {
    ++to_come_;
    time_.after(when, [this, event = std::move(event)] {
        --to_come_;
        event();
    });
}

void recovery_schedule::choose_clients() {
    auto const count = number(2, 20);
    // Some come all at once.
    auto const burst = chance(30) ? span(0, 300) : length_;
    for (int n = 0; n < count; ++n) {
        auto& e = add_client(choose_wish());
        auto const comes = span(0, static_cast<int>((n % 3 == 0 ? length_ : burst).count()));
        if (calm_ || !chance(20)) {
            at(comes, [&e] { e.start(); });
            continue;
        }
        at(comes, [this, &e, stays = span(0, slow_ ? 40'000 : 700)] {
            e.start();
            at(stays, [this, &e] {
                referee_->trace(e.sent().id + " leaves");
                e.leave();
            });
        });
    }
}

std::string recovery_schedule::any_instance() {
    auto const ids = host_->ids();
    return ids.empty() ? std::string{} : one_of(ids);
}

void recovery_schedule::choose_events() {
    auto const happens = [this](std::string name, std::function<void()> event) {
        at(span(0, static_cast<int>(length_.count())), [this, name, event] {
            referee_->trace(name);
            event();
        });
    };
    for (int n = number(0, 6); n > 0; --n) {
        auto const kind = number(1, 100);
        if (kind <= 40)
            happens("foreign request",
                    [this] { host_->occupy(any_instance(), span(1, chance(20) ? 4000 : 500)); });
        else if (kind <= 55)
            happens("foreign load", [this] {
                auto const* const m = host_->find_model(one_of(names_));
                if (!host_->down() && host_->used() + m->size <= memory)
                    host_->load(m->key);
            });
        else if (kind <= 62)
            happens("foreign unload", [this] { host_->drop(any_instance()); });
        else if (kind <= 65)
            happens("the WebSocket is silent", [this] { host_->tells_activity = false; });
        else if (kind <= 80)
            happens("corrupt cache", [this] { host_->corrupt(any_instance()); });
        else if (kind <= 90)
            happens("crash", [this] { host_->crash(any_instance()); });
        else if (kind <= 97)
            happens("down", [this] {
                unloads_ = false;
                host_->go_down();
                at(span(1, 800), [this] { host_->come_back(); });
            });
        else
            happens("stop", [this] {
                unloads_ = false;
                recovery_->stop();
                referee_->note_stop();
            });
    }
}

// Each asks for the host at some time. Some give it back when they are told to, some go on for too
// long, some are killed, and some say nothing any more.
void recovery_schedule::choose_labs() {
    settings_.lab.yield_timeout = dice_.one_of<milliseconds>({100ms, 2s, 60s});
    for (int n = dice_.number(1, 3); n > 0; --n) {
        auto& lab = labs_.emplace_back();
        auto const id = fmt::format("lab{}", labs_.size());
        recovery::lab_lease::terms const how{dice_.chance(20),
                                             dice_.chance(30) ? dice_.span(0, 3000) : 0ms};
        at(dice_.span(0, static_cast<int>(length_.count())), [this, &lab, how, id] {
            referee_->trace(id + " wants the host");
            lab.on_grant = [this, &lab, id] {
                referee_->trace(id + " has the host");
                at(dice_.span(0, 500), [this, &lab, id] { probe(lab, id); });
            };
            recovery_->lease.want(lab, how);
        });
    }
}

// It loads a model if it can, and what it does next is chosen by chance.
void recovery_schedule::probe(scripted_lab& lab, std::string id) {
    if (!lab.has_it)
        return;
    auto& lease = recovery_->lease;
    auto const* const m = host_->find_model(dice_.one_of(names_));
    bool const loads = !host_->down() && host_->used() + m->size <= memory;
    if (loads) {
        host_->load(m->key, id);
        lease.loaded(lab, id);
    }
    auto const kind = dice_.number(1, 100);
    if (kind <= 30) {
        at(dice_.span(0, 4000), [this, &lab, id] {
            referee_->trace(id + " is killed");
            lab.has_it = false;
            recovery_->lease.leave(lab, "killed");
        });
    } else if (kind <= 80) {
        at(dice_.span(0, 4000), [this, &lab, id] {
            if (!lab.has_it)
                return;
            referee_->trace(id + " gives the host back");
            host_->drop(id);
            recovery_->lease.unloaded(lab, id);
            // It waits until that is gone.
            at(2 * host_->takes.lingering, [this, &lab] {
                lab.has_it = false;
                recovery_->lease.release(lab);
            });
        });
    }
}

// Nothing of a lab that is gone is loaded, unless the host was in no state to unload it.
void recovery_schedule::check_labs() {
    for (std::size_t n = 1; n <= labs_.size(); ++n) {
        auto const id = fmt::format("lab{}", n);
        bool const gone = faults_.empty() && unloads_ && !labs_[n - 1].has_it;
        auto const* const left = host_->find(id);
        if (gone && left != nullptr && !left->dying)
            referee_->breach(id + " is still loaded");
    }
}

bool recovery_schedule::run() {
    auto const hopeless = [this] { return breaches().size() > 50; };
    auto const over = [this, hopeless] {
        return hopeless() || (to_come_ == 0 && recovery_->at_rest() &&
                              std::ranges::all_of(exchanges_, &simulated_exchange::over));
    };
    bool const ended = time_.pass_until(over, 4h);
    check_labs();
    referee_->conclude();
    return ended && !hopeless();
}

} // namespace secondwind::test
