#include <secondwind/policy/plan.hpp>

#include <secondwind/base/pattern.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <tuple>

namespace secondwind::policy {

using lmstudio::activity;
using lmstudio::instance;
using lmstudio::inventory;

namespace {

bool may_go(decision d) noexcept {
    return d == decision::unload || d == decision::busy_here || d == decision::busy_there ||
           d == decision::resident;
}

bool is_wanted(lmstudio::resolved_model const& wanted, instance const& i) noexcept {
    return wanted.instance_id.empty() ? !wanted.key.empty() && i.model == wanted.key
                                      : i.id == wanted.instance_id;
}

// "key" or "key:2": a request for the model brings such an instance back.
bool has_usual_name(loaded_instance const& each) noexcept {
    std::string_view id = each.instance.id;
    auto const& model = each.instance.model;
    if (id == model)
        return true;
    if (each.named || !id.starts_with(model) || id.size() < model.size() + 2 ||
        id[model.size()] != ':')
        return false;
    id.remove_prefix(model.size() + 1);
    return std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; });
}

// A plan for memory while it is made.
class memory_plan {
public:
    memory_plan(plan_request const& request, std::vector<loaded_instance> const& loaded)
        : request_{request}, loaded_{loaded} {
        for (auto const& each : loaded)
            made_.considered.push_back({each.instance, decision_on(each)});
        for (auto const& each : made_.considered)
            if (each.instance.device.empty())
                loaded_bytes_ += each.instance.size_bytes;
        missing_ = missing_bytes(request, loaded_bytes_);
        sort();
    }

    plan make() {
        bool const hopeless = never_fits();
        auto const chosen = hopeless ? places{} : choose();
        if (hopeless)
            reason_to_keep_ = decision::not_enough;
        for (auto const at : idle())
            if (std::ranges::find(chosen, at) == chosen.end())
                made_.considered[at].decision = reason_to_keep_;
        for (auto const at : chosen)
            made_.victims.push_back(made_.considered[at].instance);
        made_.reason = hopeless ? plan_reason::too_large : reason();
        for (auto const at : targets())
            made_.targets.push_back(made_.considered[at].instance.id);
        made_.exhaustive = !request_.load_in_flight &&
                           std::ranges::none_of(made_.considered, [](consideration const& c) {
                               return (may_go(c.decision) && c.decision != decision::unload) ||
                                      c.decision == decision::not_needed ||
                                      c.decision == decision::not_enough;
                           });
        return std::move(made_);
    }

private:
    using places = std::vector<std::size_t>; // among the considered

    decision decision_on(loaded_instance const& each) const {
        auto const& i = each.instance;
        if (is_wanted(request_.wanted, i))
            return decision::wanted;
        if (!i.device.empty())
            return decision::remote;
        if (request_.pinned != nullptr && is_pinned(i, *request_.pinned))
            return decision::pinned;
        if (request_.evict_named == evict_named::never && !has_usual_name(each))
            return decision::named;
        if (request_.evict == evict::all)
            return decision::unload;
        if (each.used_here)
            return decision::busy_here;
        if (i.doing == activity::busy)
            return decision::busy_there;
        return each.resident ? decision::resident : decision::unload;
    }

    // A duplicate costs least to lose, because its model stays loaded without it: another instance
    // of it is kept, or goes later.
    bool is_duplicate(std::size_t at) const {
        if (loaded_[at].named || made_.considered[at].decision != decision::unload)
            return false;
        for (std::size_t other = 0; other < loaded_.size(); ++other)
            if (other != at && loaded_[other].instance.model == loaded_[at].instance.model &&
                (other < at || made_.considered[other].decision != decision::unload))
                return true;
        return false;
    }

    void sort() {
        for (std::size_t at = 0; at < loaded_.size(); ++at)
            if (may_go(made_.considered[at].decision))
                order_.push_back(at);
        std::ranges::sort(order_, {}, [this](std::size_t at) {
            auto const& i = loaded_[at].instance;
            return std::tuple{!has_usual_name(loaded_[at]),
                              !loaded_[at].fitted,
                              !is_duplicate(at),
                              !i.jit,
                              i.last_used_ms,
                              at};
        });
    }

    template<class Predicate>
    places where(Predicate holds) const {
        places found;
        std::ranges::copy_if(order_, std::back_inserter(found), holds);
        return found;
    }
    bool is_idle(std::size_t at) const { return made_.considered[at].decision == decision::unload; }
    bool crumb(std::size_t at) const {
        return is_crumb(loaded_[at].instance.size_bytes, request_.need);
    }
    places idle() const {
        return where([this](std::size_t at) { return is_idle(at); });
    }
    std::uint64_t size_of(places const& all) const {
        return std::accumulate(all.begin(), all.end(), std::uint64_t{0},
                               [this](std::uint64_t sum, std::size_t at) {
                                   return sum + loaded_[at].instance.size_bytes;
                               });
    }

    // As many as cover what is missing, in their order; then what the later ones made needless is
    // given back. All of them where they do not.
    places cover(places const& from) const {
        if (!missing_)
            return from;
        places taken;
        std::uint64_t sum = 0;
        for (auto const at : from) {
            if (sum >= *missing_)
                break;
            taken.push_back(at);
            sum += loaded_[at].instance.size_bytes;
        }
        if (sum < *missing_)
            return from;
        std::erase_if(taken, [&](std::size_t at) {
            auto const size = loaded_[at].instance.size_bytes;
            bool const needless = sum - size >= *missing_;
            sum -= needless ? size : 0;
            return needless;
        });
        return taken;
    }

    bool anything_busy() const {
        return request_.load_in_flight ||
               std::ranges::any_of(order_, [this](std::size_t at) { return !is_idle(at); });
    }

    // What would stay, and the wanted model with it, was refused before.
    bool is_too_little(places const& all_idle) const {
        if (!request_.least_refused || request_.size == 0)
            return false;
        auto const stays = loaded_bytes_ + request_.loading - size_of(all_idle);
        return stays + request_.size >= *request_.least_refused;
    }

    // Even alone, beside what never goes. Where that is all there is, it is the reason.
    bool never_fits() const {
        // Where nothing may go at all, that is the reason, and the refusal told nothing new.
        bool const all_kept = order_.empty() && !loaded_.empty();
        if (!request_.least_refused_alone || request_.size == 0 || all_kept)
            return false;
        if (order_.empty() && request_.size < *request_.least_refused_alone)
            return false;
        return loaded_bytes_ - size_of(order_) + request_.size >= *request_.least_refused_alone;
    }

    places choose() {
        auto all_idle = idle();
        if (all_idle.empty() || request_.evict == evict::all)
            return all_idle;
        if (is_too_little(all_idle) && anything_busy()) {
            reason_to_keep_ = decision::not_enough;
            return {};
        }
        auto const large = where([this](std::size_t at) { return is_idle(at) && !crumb(at); });
        if (large.empty() && anything_busy()) {
            reason_to_keep_ = decision::not_enough;
            return {};
        }
        if (request_.stage == stage::everything_idle || request_.evict == evict::idle || !missing_)
            return all_idle;
        return size_of(large) >= *missing_ / 2 && !large.empty() ? cover(large) : cover(all_idle);
    }

    places targets() const {
        bool const with_crumbs =
            request_.stage == stage::everything_idle || !missing_ ||
            std::ranges::all_of(order_, [this](std::size_t at) { return crumb(at); });
        return cover(where([&](std::size_t at) { return with_crumbs || !crumb(at); }));
    }

    bool has(decision d) const {
        return std::ranges::find(made_.considered, d, &consideration::decision) !=
               made_.considered.end();
    }

    plan_reason reason() const {
        if (!made_.victims.empty())
            return plan_reason::unload;
        if (anything_busy())
            return plan_reason::all_busy;
        if (has(decision::not_enough))
            return plan_reason::too_large;
        return has(decision::pinned) || has(decision::named) || has(decision::remote)
                   ? plan_reason::all_pinned
                   : plan_reason::nothing_loaded;
    }

    plan_request const& request_;
    std::vector<loaded_instance> const& loaded_;
    plan made_;
    std::uint64_t loaded_bytes_ = 0;
    std::optional<std::uint64_t> missing_;
    places order_; // of those that may ever go
    decision reason_to_keep_ = decision::not_needed;
};

plan plan_for_broken_model(plan_request const& request,
                           std::vector<loaded_instance> const& loaded) {
    plan result;
    for (auto const& each : loaded) {
        auto const& i = each.instance;
        bool const broken = !request.wanted.key.empty() && i.model == request.wanted.key;
        result.considered.push_back({i, broken ? decision::unload : decision::unrelated});
        if (broken)
            result.victims.push_back(i);
    }
    bool const waits = request.verdict == verdict::model_crash && request.answers;
    if (waits) {
        for (auto& each : result.considered)
            if (each.decision == decision::unload)
                each.decision = decision::busy_here;
        result.victims.clear();
    }
    result.reason = waits                    ? plan_reason::all_busy
                    : result.victims.empty() ? plan_reason::nothing_loaded
                                             : plan_reason::unload;
    result.exhaustive = true;
    return result;
}

plan plan_for_nothing(std::vector<loaded_instance> const& loaded, plan_reason reason,
                      lmstudio::resolved_model const& wanted) {
    plan result;
    result.reason = reason;
    for (auto const& each : loaded)
        result.considered.push_back({each.instance, is_wanted(wanted, each.instance)
                                                        ? decision::wanted
                                                        : decision::unrelated});
    return result;
}

} // namespace

std::optional<std::uint64_t> missing_bytes(plan_request const& request,
                                           std::uint64_t loaded) noexcept {
    if (!request.need)
        return std::nullopt;
    auto const sum = loaded + request.loading;
    auto const room =
        request.most_loaded && *request.most_loaded > sum ? *request.most_loaded - sum : 0;
    auto missing = *request.need > room ? *request.need - room : 0;
    if (request.least_refused && request.size != 0 && sum + request.size >= *request.least_refused)
        missing = std::max(missing, sum + request.size - *request.least_refused + 1);
    return std::max<std::uint64_t>(missing, 1);
}

bool is_crumb(std::uint64_t size, std::optional<std::uint64_t> need) noexcept {
    return need && size < *need / 10;
}

instance const* serving(lmstudio::resolved_model const& wanted, inventory const& loaded) noexcept {
    if (wanted.match != lmstudio::match::found)
        return nullptr;
    auto const& id = wanted.instance_id.empty() ? wanted.key : wanted.instance_id;
    auto found = std::ranges::find(loaded, id, &instance::id);
    if (found == loaded.end() && wanted.instance_id.empty())
        found = std::ranges::find(loaded, wanted.key, &instance::model);
    return found == loaded.end() ? nullptr : &*found;
}

plan make_plan(plan_request const& request, std::vector<loaded_instance> const& loaded) {
    switch (request.verdict) {
    case verdict::load_refused:
    case verdict::suspected_memory:
        if (std::ranges::any_of(loaded, [&](loaded_instance const& each) {
                return is_wanted(request.wanted, each.instance);
            }))
            return plan_for_nothing(loaded, plan_reason::loaded, request.wanted);
        return memory_plan{request, loaded}.make();
    case verdict::insufficient_memory:
        return memory_plan{request, loaded}.make();
    case verdict::cache_corruption:
    case verdict::model_crash:
        return plan_for_broken_model(request, loaded);
    case verdict::healthy:
    case verdict::unloaded_in_flight:
    case verdict::other_error:
        break;
    }
    return plan_for_nothing(loaded, plan_reason::not_curable, request.wanted);
}

bool is_pinned(instance const& candidate, std::vector<std::string> const& globs) noexcept {
    return std::ranges::any_of(globs, [&](std::string const& glob) {
        return glob_matches(glob, candidate.model) || glob_matches(glob, candidate.id);
    });
}

std::string_view to_string(evict e) noexcept {
    switch (e) {
    case evict::idle:
        return "idle";
    case evict::enough:
        return "enough";
    case evict::all:
        return "all";
    }
    return {};
}

std::string_view to_string(plan_reason r) noexcept {
    switch (r) {
    case plan_reason::unload:
        return "unload";
    case plan_reason::nothing_loaded:
        return "nothing_loaded";
    case plan_reason::all_pinned:
        return "all_pinned";
    case plan_reason::all_busy:
        return "all_busy";
    case plan_reason::too_large:
        return "too_large";
    case plan_reason::loaded:
        return "loaded";
    case plan_reason::not_curable:
        return "not_curable";
    }
    return {};
}

std::string_view to_string(decision d) noexcept {
    switch (d) {
    case decision::unload:
        return "unload";
    case decision::wanted:
        return "wanted";
    case decision::pinned:
        return "pinned";
    case decision::named:
        return "named";
    case decision::remote:
        return "remote";
    case decision::busy_here:
        return "busy_here";
    case decision::busy_there:
        return "busy_there";
    case decision::resident:
        return "resident";
    case decision::not_needed:
        return "not_needed";
    case decision::not_enough:
        return "not_enough";
    case decision::unrelated:
        return "unrelated";
    }
    return {};
}

} // namespace secondwind::policy
