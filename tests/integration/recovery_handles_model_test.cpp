// Random schedules of apps that use handles of loaded models beside requests of others. Their loop
// is simulated_operation's, their decisions are the product's.
//
// A failure names its seed; SECONDWIND_MODEL_SEED=<seed> runs that one alone.
#include "support/changeable_settings.hpp"
#include "support/model_seeds.hpp"
#include "support/seeded_random.hpp"
#include "support/simulated_exchange.hpp"
#include "support/simulated_operation.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;

namespace handles_model_test {

constexpr simulated_host::size_type memory = 100;

// The same seed makes the same schedule.
class handle_schedule : seeded_random {
public:
    explicit handle_schedule(model_run const& one) : seeded_random{one.seed} {
        if (one.shuffled)
            time_.disorder(one.seed);
        settings_.recovery.busy_wait = 600s;
        settings_.recovery.residency = one_of<std::chrono::milliseconds>({0ms, 200ms, 1s});
        settings_.recovery.evict =
            chance(70) ? policy::evict::enough : one_of<policy::evict>({policy::evict::idle});
        std::vector<simulated_host::model> models;
        for (int n = number(2, 4); n > 0; --n) {
            names_.push_back(fmt::format("m{}", n));
            models.push_back({names_.back(), static_cast<simulated_host::size_type>(number(20, 95)),
                              true, lmstudio::model_kind::llm});
        }
        host_.emplace(time_, io_, memory, models);
        host_->tells_activity = chance(70);
        recovery_.emplace("host", io_, time_.deadlines(), *host_, ledger_, in_force_);
        recovery_->reloads.begin();
        for (int n = number(5, 25); n > 0; --n)
            at(span(0, 4000), [this] { begin_operation(); });
        for (int n = number(2, 15); n > 0; --n)
            at(span(0, 4000), [this] { begin_request(); });
        for (int n = number(0, 3); n > 0; --n)
            at(span(0, 4000), [this] { host_->corrupt(one_of(names_)); });
        for (int n = number(0, 2); n > 0; --n)
            at(span(0, 4000), [this] { eject(one_of(names_)); });
    }

    // True if it came to its end; else this object must not be destroyed.
    bool run() {
        auto const over = [this] {
            return to_come_ == 0 && recovery_->at_rest() &&
                   std::ranges::all_of(operations_, &simulated_operation::ended) &&
                   std::ranges::all_of(exchanges_, &simulated_exchange::over);
        };
        bool const ended = time_.pass_until(over, 4h);
        if (ended)
            judge();
        return ended;
    }
    std::vector<std::string> const& breaches() const noexcept { return breaches_; }
    std::uint64_t brought_back() const {
        return recovery_->reloads.counted(recovery::reload_outcome::loaded);
    }

private:
    void at(std::chrono::milliseconds when, std::function<void()> event) {
        ++to_come_;
        time_.after(when, [this, event = std::move(event)] {
            --to_come_;
            event();
        });
    }

    void begin_operation() {
        auto const model = one_of(names_);
        auto const id = fmt::format("o{}", operations_.size());
        // Nobody has a handle of what was never loaded, and what others eject is their will.
        if (auto const* const there = host_->find(model); there != nullptr && !there->dying)
            loaded_.insert(model);
        if (!loaded_.contains(model) || ejected_.contains(model))
            may_fail_.insert(id);
        wish asks{.model = model};
        asks.first_byte = span(1, 200);
        asks.rest = span(1, 200);
        auto& one = operations_.emplace_back(*host_, *recovery_, id, std::move(asks));
        one.start();
        if (chance(15))
            at(span(0, 600), [&one] { one.leave(); });
    }

    void begin_request() {
        auto const id = fmt::format("x{}", exchanges_.size());
        wish asks{.model = one_of(names_)};
        asks.first_byte = span(1, 200);
        asks.rest = span(1, 200);
        auto& one = exchanges_.emplace_back(*host_, *recovery_,
                                            simulated_exchange::request{id, std::move(asks), true});
        one.start();
        if (chance(15))
            at(span(0, 600), [&one] { one.leave(); });
    }

    // By somebody else, not while it is used.
    void eject(std::string const& model) {
        ejected_.insert(model);
        for (auto const& each : operations_)
            if (!each.ended() && each.model() == model)
                may_fail_.insert(each.id_of());
        host_->drop(model);
    }

    void judge() {
        for (auto const& each : operations_) {
            // The cache of what was loaded for it may be corrupted again: recovery.max_replays.
            auto const v = each.answer().verdict;
            bool const good = v == policy::verdict::healthy ||
                              (v == policy::verdict::cache_corruption && each.attempts() > 1);
            if (!good && !each.left() && !may_fail_.contains(each.id_of()))
                breaches_.push_back(fmt::format("{} on {} was told: {}", each.id_of(), each.model(),
                                                each.answer().message));
        }
        for (auto const& each : exchanges_)
            if (each.sent().id.empty() || !each.over())
                breaches_.push_back("a request has not ended");
        if (host_->counts.duplicates > 0)
            breaches_.push_back("a model was loaded twice at once");
        if (recovery_->waiting() != 0 || !recovery_->in_flight.claims().empty())
            breaches_.push_back("something is left");
        for (auto const& each : ledger_.records())
            if (!each->finished() || each->awaiting != 0)
                breaches_.push_back("a record is not complete");
    }

    boost::asio::io_context io_;
    virtual_time time_{io_};
    changeable_settings in_force_;
    config::settings& settings_ = in_force_.values();
    recovery::ledger ledger_;
    std::vector<std::string> names_;
    std::set<std::string> loaded_;  // when an operation began
    std::set<std::string> ejected_; // ever
    std::set<std::string> may_fail_;
    std::optional<simulated_host> host_;
    std::optional<recovery::host_recovery> recovery_;
    std::deque<simulated_operation> operations_;
    std::deque<simulated_exchange> exchanges_;
    std::vector<std::string> breaches_;
    int to_come_ = 0;
};

TEST(recovery_handles_model, leaves_no_app_without_its_model) {
    std::uint64_t brought_back = 0;
    std::uint64_t schedules = 0;
    run_schedules(0, 1, 1500, [&](model_run const& one) {
        auto schedule = std::make_unique<handle_schedule>(one);
        bool const ended = schedule->run();
        EXPECT_TRUE(ended) << to_string(one);
        EXPECT_THAT(schedule->breaches(), testing::IsEmpty()) << to_string(one);
        bool const good = ended && schedule->breaches().empty();
        brought_back += schedule->brought_back();
        schedules += one.traced ? 0 : 1;
        if (!ended)
            static_cast<void>(schedule.release());
        return good;
    });
    // Or the schedules would show nothing.
    EXPECT_GE(brought_back, schedules);
}

} // namespace handles_model_test
