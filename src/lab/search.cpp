#include "search.hpp"

#include "evidence.hpp"
#include "outcome.hpp"
#include "prompt.hpp"

#include <secondwind/base/json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace secondwind::lab {
namespace {

using registry::outcome;

constexpr std::int64_t first_size = 4096; // small enough for a model that works at all
constexpr std::int64_t coarse_from = 8192;
constexpr std::int64_t fine_grid = 256;
constexpr std::int64_t coarse_grid = 1024;
constexpr int repeats = 3; // of a probe that says nothing
constexpr int speeds = 3;  // thorough: probes that a speed is the median of

constexpr std::int64_t grid_at(std::int64_t size) noexcept {
    return size < coarse_from ? fine_grid : coarse_grid;
}

std::int64_t doubled(std::int64_t size, std::int64_t limit) noexcept {
    return std::min(limit, std::max(on_grid(2 * size), size + 1));
}

// Halves the ratio, not the distance: the tolerance is a ratio as well.
std::int64_t between(std::int64_t good, std::int64_t bad) noexcept {
    auto const exact = std::sqrt(static_cast<double>(good)) * std::sqrt(static_cast<double>(bad));
    auto const size = on_grid(std::llround(exact));
    if (size > good && size < bad)
        return size;
    auto const above = size + grid_at(size);
    return above > good && above < bad ? above : good + (bad - good) / 2;
}

// Tokens a second at which the longest prompt so far was read.
std::optional<double> prompt_speed(std::span<registry::probe const> made) {
    std::int64_t longest = 0;
    std::optional<double> speed;
    for (auto const& p : made)
        if (p.outcome == outcome::good && p.prompt_tokens.value_or(0) > longest &&
            p.ttft.value_or(0) > 0) {
            longest = *p.prompt_tokens;
            speed = static_cast<double>(longest) / *p.ttft;
        }
    return speed;
}

class search {
public:
    search(searched_model const& model, std::span<registry::probe const> made,
           std::span<estimate const> estimates, search_options const& options)
        : model_{model}, made_{made}, estimates_{estimates}, options_{options},
          limit_{limit_of(model, options)}, facts_{made, options.only ? std::nullopt : limit_} {}

    next step() const {
        if (facts_.end())
            return finished{};
        if (options_.only) {
            auto const found = facts_.at(*options_.only, deepest()).standing;
            bool const open = found == standing::untried || found == standing::unsure;
            return open && facts_.fits() == 0 ? want(options_.only, deepest()) : finished{};
        }
        if (!limit_)
            return finished{};

        auto const& by_default = facts_.by_default();
        if (by_default.standing == standing::untried ||
            (by_default.standing == standing::unsure &&
             by_default.last_failure == outcome::host_down))
            return want(std::nullopt, base());
        if (facts_.fitted())
            return at_fitted(std::min(*facts_.fitted(), *limit_));
        if (auto const bad = spoiled_guess())
            return below(*bad).value_or(finished{});

        if (auto const wanted = climb(base()))
            return *wanted;
        auto const top = facts_.largest_good(base());
        if (!top)
            return finished{};
        if (base() != deepest())
            if (auto const wanted = deepen(*top))
                return *wanted;
        return last_speeds();
    }

private:
    using maybe = std::optional<next>; // nothing: this part of the search has ended

    bool is_thorough() const noexcept { return options_.thoroughness == thoroughness::thorough; }
    bool is_quick() const noexcept { return options_.thoroughness == thoroughness::quick; }
    bool is_llm() const noexcept { return model_.type == registry::model_type::llm; }

    level deepest() const noexcept { return is_quick() ? level::brief : level::filled; }
    // To fill a prompt costs time only where it is read token by token.
    level base() const noexcept {
        return is_quick() || (is_llm() && !is_thorough()) ? level::brief : level::filled;
    }
    std::int64_t least() const noexcept { return std::min(first_size, *limit_); }

    next want(std::optional<std::int64_t> size, level l) const {
        int loads = 0;
        int in_vain = 0;
        for (auto const& p : made_) {
            if (p.run != options_.run)
                continue;
            if (says_something(p.outcome))
                ++loads;
            else if (p.asked == size && p.filled.has_value() == (l == level::filled))
                ++in_vain;
        }
        if (in_vain > repeats || loads >= most_loads(model_, options_))
            return finished{};
        return wanted_probe{size, fill(size, l)};
    }

    std::optional<std::int64_t> fill(std::optional<std::int64_t> size, level l) const {
        if (l == level::brief)
            return std::nullopt;
        auto const speed = prompt_speed(made_);
        if (!speed || !size)
            return whole_context;
        auto const possible = std::max(1.0, *speed * options_.prompt_time);
        if (possible >= static_cast<double>(fill_for(*size, answer_tokens)))
            return whole_context;
        return static_cast<std::int64_t>(possible);
    }

    bool given_up(std::int64_t size, level l) const {
        auto const found = facts_.at(size, l);
        return found.standing == standing::bad &&
               (found.failures >= 2 || found.last_failure == outcome::machine_lost);
    }

    maybe climb(level l) const {
        auto const good = facts_.largest_good(l);
        if (!good)
            return given_up(least(), l) ? maybe{} : want(least(), l);
        if (*good >= *limit_)
            return std::nullopt;
        auto const bad = facts_.smallest_bad_above(*good, l);
        if (!bad)
            return rise(*good, l);
        if (auto const wanted = beyond_hole(*good, *bad, l))
            return wanted;
        return narrow(*good, *bad, l);
    }

    // Nothing above `good` is known.
    next rise(std::int64_t good, level l) const {
        auto size = doubled(good, *limit_);
        auto const guessed = largest_guessed();
        if (guessed.ask)
            return *guessed.ask;
        if (guessed.size) {
            if (good < *guessed.size)
                size = *guessed.size;
            else if (good < *guessed.size + tolerance(*guessed.size))
                size = std::min(*limit_, good + tolerance(good));
        }
        if (is_thorough()) {
            auto const power = std::bit_ceil(static_cast<std::uint64_t>(good) + 1);
            size = std::min(size, static_cast<std::int64_t>(power));
        }
        // The guess is likely to be the maximum, which has to be filled anyway.
        return want(size, size == guessed.size ? deepest() : l);
    }

    // The guess, if it loads and does not work when it is filled: no larger size can.
    std::optional<std::int64_t> spoiled_guess() const {
        auto const good = facts_.largest_good(base());
        if (!good || base() == deepest())
            return std::nullopt;
        auto const bad = facts_.smallest_bad_above(*good, deepest());
        return bad && facts_.at(*bad, base()).standing == standing::untried ? bad : std::nullopt;
    }

    // A cache that is corrupt, or a crash, may be a fault of that one size.
    maybe beyond_hole(std::int64_t good, std::int64_t bad, level l) const {
        auto const failure = facts_.at(bad, l).last_failure;
        if ((failure != outcome::cache_corruption && failure != outcome::crash) || bad >= *limit_ ||
            bad - good <= tolerance(good) || facts_.tried_above(bad, l))
            return std::nullopt;
        auto const size = doubled(bad, *limit_);
        auto const guessed = largest_guessed();
        if (guessed.ask)
            return guessed.ask;
        if (guessed.size && size > *guessed.size)
            return std::nullopt;
        return want(size, l);
    }

    maybe narrow(std::int64_t good, std::int64_t bad, level l) const {
        if (bad - good > tolerance(good))
            return want(between(good, bad), l);
        // The memory of what was unloaded before it may have been freed late.
        auto const found = facts_.at(bad, l);
        bool const may_be_chance =
            found.last_failure == outcome::guardrail || found.last_failure == outcome::memory;
        if (may_be_chance && found.failures < 2)
            return want(bad, l);
        return std::nullopt;
    }

    // `top` works with a short prompt.
    maybe deepen(std::int64_t top) const {
        switch (facts_.at(top, level::filled).standing) {
        case standing::good:
            return std::nullopt;
        case standing::untried:
        case standing::unsure:
            return want(top, level::filled);
        case standing::bad:
            break;
        }
        return below(top);
    }

    // `bad` does not work when it is filled.
    maybe below(std::int64_t bad) const {
        auto const good = facts_.largest_good(level::filled);
        if (good && *good >= bad)
            return std::nullopt;
        auto lower = std::min(least(), bad);
        if (auto const smallest = facts_.smallest_good(level::brief))
            lower = std::min(lower, *smallest);
        if (good)
            lower = *good;
        else if (facts_.at(lower, level::filled).standing == standing::bad)
            return given_up(lower, level::filled) ? maybe{} : want(lower, level::filled);

        auto const next_bad = facts_.smallest_bad_above(lower, level::filled).value_or(bad);
        if (!good && next_bad - lower <= tolerance(lower))
            return want(lower, level::filled);
        return narrow(lower, next_bad, level::filled);
    }

    // The host chooses the size itself: there is nothing to search.
    next at_fitted(std::int64_t size) const {
        switch (facts_.at(size, deepest()).standing) {
        case standing::good:
            return last_speeds();
        case standing::untried:
        case standing::unsure:
            // It may choose another one each time.
            return facts_.fits() > repeats ? next{finished{}} : want(size, deepest());
        case standing::bad:
            break;
        }
        if (deepest() == level::brief)
            return finished{};
        return below(size).value_or(finished{});
    }

    next last_speeds() const {
        if (!is_thorough() || !is_llm())
            return finished{};
        for (auto const size :
             {facts_.smallest_good(level::filled), facts_.largest_good(level::filled)})
            if (size && facts_.at(*size, level::filled).good < speeds)
                return want(size, level::filled);
        return finished{};
    }

    struct guess {
        std::optional<next> ask;          // first, before a probe
        std::optional<std::int64_t> size; // the largest that is guessed to fit
    };
    // Depends on no probe, so that a run that goes on gets the same answers.
    guess largest_guessed() const {
        if (!options_.estimates)
            return {};
        auto const find = [this](std::int64_t size) {
            return std::ranges::find(estimates_, size, &estimate::context);
        };
        auto const ask = [](std::int64_t size) { return guess{wanted_estimate{size}, {}}; };
        if (std::ranges::any_of(estimates_, &estimate::low_confidence))
            return {};

        // What passes anything proves nothing.
        auto const all = find(registry::largest_context);
        if (all == estimates_.end())
            return ask(registry::largest_context);
        if (all->passes)
            return {};
        auto const whole = find(*limit_);
        if (whole == estimates_.end())
            return ask(*limit_);
        if (whole->passes)
            return {{}, limit_};
        auto passes = least();
        auto fails = *limit_;
        while (fails - passes > grid_at(passes)) {
            auto size = on_grid(passes + (fails - passes) / 2);
            if (size <= passes)
                size = passes + grid_at(passes);
            auto const found = find(size);
            if (found == estimates_.end())
                return ask(size);
            (found->passes ? passes : fails) = size;
        }
        return {{}, passes};
    }

    searched_model const& model_;
    std::span<registry::probe const> made_;
    std::span<estimate const> estimates_;
    search_options const& options_;
    std::optional<std::int64_t> limit_;
    evidence facts_;
};

} // namespace

next next_step(searched_model const& model, std::span<registry::probe const> made,
               std::span<estimate const> estimates, search_options const& options) {
    return search{model, made, estimates, options}.step();
}

std::vector<std::optional<std::int64_t>> sizes_to_try(searched_model const& model,
                                                      std::span<registry::probe const> made,
                                                      search_options options) {
    options.estimates = false;
    std::vector<registry::probe> all{made.begin(), made.end()};
    std::vector<std::optional<std::int64_t>> sizes;
    for (;;) {
        auto const step = next_step(model, all, {}, options);
        auto const* wanted = std::get_if<wanted_probe>(&step);
        if (wanted == nullptr)
            return sizes;
        registry::probe good;
        good.run = options.run;
        good.asked = wanted->context;
        good.effective = wanted->context.value_or(
            std::min(first_size, limit_of(model, options).value_or(first_size)));
        good.filled = wanted->fill;
        good.outcome = outcome::good;
        all.push_back(good);
        if (std::ranges::find(sizes, wanted->context) == sizes.end())
            sizes.push_back(wanted->context);
    }
}

int most_loads(searched_model const& model, search_options const& options) {
    if (options.only)
        return 2;
    int doublings = 0;
    for (auto size = first_size; size < limit_of(model, options).value_or(0); size *= 2)
        ++doublings;
    constexpr int others = 14;
    int const further =
        options.thoroughness == thoroughness::thorough ? doublings + 2 * (speeds - 1) : 0;
    return others + 2 * doublings + further;
}

std::optional<std::int64_t> limit_of(searched_model const& model, search_options const& options) {
    if (model.declared && options.most)
        return std::min(*model.declared, *options.most);
    return model.declared ? model.declared : options.most;
}

std::int64_t tolerance(std::int64_t good) noexcept {
    constexpr std::int64_t part = 32;
    auto const grid = grid_at(good);
    return std::max(grid, good / part / grid * grid);
}

std::int64_t on_grid(std::int64_t size) noexcept {
    return size - size % grid_at(size);
}

std::vector<registry::probe> counting(std::span<registry::probe const> all,
                                      conditions const& present) {
    std::vector<registry::probe> kept;
    for (auto const& p : all)
        if (p.fingerprint == present.fingerprint && p.lmstudio == present.lmstudio &&
            p.settings == present.settings && is_recent(p.began, present.now))
            kept.push_back(p);
    return kept;
}

std::string fingerprint_of(registry::model const& model) {
    nlohmann::ordered_json const size =
        model.size ? nlohmann::ordered_json(*model.size) : nlohmann::ordered_json(nullptr);
    return write_json(
        nlohmann::ordered_json::array({model.key, model.variant, size, model.quantization}));
}

} // namespace secondwind::lab
