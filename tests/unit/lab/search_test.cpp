#include "lab/search.hpp"

#include "simulated_machine.hpp"

#include <gtest/gtest.h>

#include <array>

namespace secondwind::lab {
namespace {

using registry::outcome;

constexpr std::array<std::int64_t, 10> limits{512,    2048,    4096,    8192,      32'768,
                                              40'960, 131'072, 262'144, 1'048'576, 10'000'000};

// Every size on the grid that may be the maximum; of the largest limits, every 37th.
std::vector<std::int64_t> maxima(std::int64_t limit) {
    std::vector<std::int64_t> all;
    for (auto size = std::min<std::int64_t>(limit, 4096); size < limit;) {
        all.push_back(size);
        auto const grid = size < 8192 ? 256 : 1024;
        size += limit > 300'000 ? grid * 37 : grid;
        size = on_grid(size);
    }
    all.push_back(limit);
    return all;
}

void expect_right(simulated_machine const& machine, search_options const& options = {}) {
    auto const done = search_on(machine, options);
    auto const truth = machine.truth();
    ASSERT_TRUE(done.ended) << truth;
    ASSERT_TRUE(done.result.works) << truth << " of " << *machine.model.declared;
    auto const works = *done.result.works;
    EXPECT_LE(works, truth);
    EXPECT_LT(truth - works, truth == *machine.model.declared ? 1 : tolerance(works))
        << truth << " of " << *machine.model.declared << ", found " << works;
    EXPECT_EQ(done.result.status, "complete") << truth;
    EXPECT_LE(done.result.loads, most_loads(machine.model, options))
        << truth << " of " << *machine.model.declared;
}

// The host's estimate: nothing, right, and all kinds of wrong.
std::vector<std::optional<std::int64_t>> guesses(std::int64_t truth) {
    return {std::nullopt, truth, truth / 2, 1, truth + truth / 2, truth * 4, 100'000'000'000};
}

TEST(search, finds_each_maximum_with_and_without_right_and_wrong_estimates) {
    for (auto const limit : limits)
        for (auto const truth : maxima(limit))
            for (auto const guess : guesses(truth))
                for (auto const failure : {outcome::guardrail, outcome::crash}) {
                    simulated_machine machine;
                    machine.model.declared = limit;
                    machine.loads_up_to = truth;
                    machine.load_failure = failure;
                    machine.passes_up_to = guess;
                    expect_right(machine);
                    if (HasFailure())
                        return;
                }
}

TEST(search, finds_each_maximum_where_long_prompts_fail) {
    for (auto const limit : limits)
        for (auto const truth : maxima(limit))
            for (auto const failure :
                 {outcome::memory, outcome::crash, outcome::truncated, outcome::overflow})
                for (auto const guess : guesses(truth)) {
                    simulated_machine machine;
                    machine.model.declared = limit;
                    machine.reads_up_to = truth;
                    machine.read_failure = failure;
                    machine.passes_up_to = guess;
                    expect_right(machine);
                    if (HasFailure())
                        return;
                }
}

TEST(search, finds_each_maximum_from_any_default) {
    for (auto const by_default : {512, 2048, 5000, 32'768, 131'072})
        for (auto const mode : {thoroughness::quick, thoroughness::normal, thoroughness::thorough})
            for (auto const truth : maxima(131'072)) {
                simulated_machine machine;
                machine.default_context = by_default;
                machine.loads_up_to = truth;
                machine.load_failure = outcome::memory;
                machine.passes_up_to = truth + truth / 10;
                search_options options;
                options.thoroughness = mode;
                expect_right(machine, options);
                if (HasFailure())
                    return;
            }
}

TEST(search, finds_each_maximum_of_an_embedding_model_filled) {
    for (auto const truth : maxima(32'768)) {
        simulated_machine machine;
        machine.model = {registry::model_type::embedding, 32'768};
        machine.reads_up_to = truth;
        expect_right(machine);
        for (auto const& p : search_on(machine).probes)
            EXPECT_TRUE(p.filled);
    }
}

TEST(search, goes_on_beyond_holes) {
    for (std::int64_t hole = 8192; hole <= 65'536; hole *= 2)
        for (auto truth = 2 * hole; truth <= 131'072; truth += 1024) {
            simulated_machine machine;
            machine.loads_up_to = truth;
            machine.corrupt = {hole};
            expect_right(machine);
            EXPECT_EQ(search_on(machine).result.holes, std::vector{hole});
        }
    simulated_machine machine;
    machine.corrupt = {8192, 32'768};
    expect_right(machine);
    EXPECT_EQ(search_on(machine).result.holes, (std::vector<std::int64_t>{8192, 32'768}));
}

TEST(search, looks_beyond_a_hole_once_only) {
    simulated_machine machine;
    machine.corrupt = {8192, 16'384};
    auto const done = search_on(machine);
    EXPECT_EQ(done.result.limited_by, "cache");
    EXPECT_LT(*done.result.works, 8192);
    EXPECT_EQ(std::ranges::count(done.probes, 16'384, &registry::probe::asked), 1);
}

TEST(search, does_not_try_beyond_a_hole_what_the_estimate_forbids) {
    simulated_machine machine;
    machine.loads_up_to = 60'000;
    machine.passes_up_to = 60'000;
    machine.corrupt = {59'392}; // what the estimate lets it probe first
    for (auto const& p : search_on(machine).probes)
        EXPECT_LE(p.asked.value_or(0), 60'000);
}

TEST(search, continues_in_the_same_way_from_any_prefix) {
    std::vector<simulated_machine> all;
    for (auto const guess : guesses(70'000))
        for (auto const failure : {outcome::guardrail, outcome::crash, outcome::timeout}) {
            simulated_machine machine;
            machine.loads_up_to = 70'000;
            machine.load_failure = failure;
            machine.passes_up_to = guess;
            all.push_back(machine);
            machine.reads_up_to = 20'000;
            all.push_back(machine);
            machine.corrupt = {16'384};
            all.push_back(machine);
            machine.fit = [](std::int64_t size) { return std::min<std::int64_t>(size, 50'000); };
            all.push_back(machine);
        }
    for (auto const& machine : all)
        for (auto const mode :
             {thoroughness::quick, thoroughness::normal, thoroughness::thorough}) {
            search_options options;
            options.thoroughness = mode;
            auto const whole = search_on(machine, options);
            for (std::size_t k = 0; k <= whole.probes.size(); ++k) {
                auto const resumed = search_on(
                    machine, options,
                    {whole.probes.begin(), whole.probes.begin() + static_cast<std::ptrdiff_t>(k)});
                ASSERT_EQ(resumed.probes.size(), whole.probes.size());
                for (std::size_t i = 0; i != whole.probes.size(); ++i)
                    EXPECT_EQ(resumed.probes[i].asked, whole.probes[i].asked);
                EXPECT_EQ(resumed.result, whole.result);
            }
        }
}

TEST(search, probes_the_default_first_and_the_smallest_size_where_it_fails) {
    simulated_machine machine;
    machine.default_context = 131'072;
    machine.loads_up_to = 10'240;
    auto const done = search_on(machine);
    EXPECT_EQ(done.probes.at(0).asked, std::nullopt);
    EXPECT_EQ(done.probes.at(1).asked, 4096);
    EXPECT_EQ(done.result.default_works, false);
    EXPECT_EQ(done.result.works, 10'240);
}

TEST(search, gives_a_model_up_that_fails_twice_at_the_smallest_size) {
    for (auto const failure : {outcome::guardrail, outcome::crash, outcome::cache_corruption,
                               outcome::load_failed, outcome::bad_answer}) {
        simulated_machine machine;
        machine.loads_up_to = 0;
        machine.load_failure = failure;
        auto const done = search_on(machine);
        EXPECT_TRUE(done.ended);
        EXPECT_EQ(done.probes.size(), 3U);
        EXPECT_EQ(done.result.status, "failed");
        EXPECT_EQ(done.result.works, std::nullopt);
        EXPECT_EQ(done.result.limited_by, limit_name(failure));
    }
}

TEST(search, ends_a_model_at_two_timeouts_in_a_row) {
    simulated_machine machine;
    machine.loads_up_to = 10'000;
    machine.load_failure = outcome::timeout;
    auto const done = search_on(machine);
    EXPECT_TRUE(done.ended);
    EXPECT_EQ(done.probes.at(done.probes.size() - 2).outcome, outcome::timeout);
    EXPECT_EQ(done.probes.back().outcome, outcome::timeout);
    EXPECT_EQ(done.result.limited_by, "time");
    EXPECT_EQ(done.result.works, 8192);
    EXPECT_EQ(done.result.status, "complete");
}

TEST(search, ends_where_the_host_runs_no_such_model) {
    simulated_machine machine;
    machine.loads_up_to = 0;
    machine.load_failure = outcome::unsupported;
    auto const done = search_on(machine);
    EXPECT_EQ(done.probes.size(), 1U);
    EXPECT_EQ(done.result.status, "failed");
    EXPECT_EQ(done.result.limited_by, "unsupported");
}

TEST(search, is_partial_where_the_token_is_refused) {
    simulated_machine machine;
    machine.disturbance = [](std::size_t number) {
        return number == 2 ? std::optional{outcome::refused} : std::nullopt;
    };
    auto const done = search_on(machine);
    EXPECT_TRUE(done.ended);
    EXPECT_EQ(done.probes.size(), 3U);
    EXPECT_EQ(done.result.status, "partial");
    EXPECT_EQ(done.result.works, 8192);
}

TEST(search, repeats_what_says_nothing_three_times_in_one_run) {
    for (auto const o : {outcome::unloaded, outcome::interrupted}) {
        simulated_machine machine;
        machine.disturbance = [o](std::size_t number) {
            return number >= 1 && number < 5 ? std::optional{o} : std::nullopt;
        };
        search_options options;
        options.run = 0;
        auto const first = search_on(machine, options);
        EXPECT_EQ(first.probes.size(), 5U);
        EXPECT_EQ(first.result.status, "partial");

        options.run = 1; // the next run tries again
        auto const second = search_on(machine, options, first.probes);
        EXPECT_EQ(second.result.status, "complete");
        EXPECT_EQ(second.result.works, 131'072);

        machine.disturbance = [o](std::size_t number) {
            return number >= 1 && number < 4 ? std::optional{o} : std::nullopt;
        };
        EXPECT_EQ(search_on(machine).result.status, "complete");
    }
}

TEST(search, takes_one_crash_for_chance_and_two_for_a_limit) {
    for (auto const o :
         {outcome::crash, outcome::cache_corruption, outcome::load_failed, outcome::host_down}) {
        simulated_machine machine;
        machine.disturbance = [o](std::size_t number) {
            return number == 2 ? std::optional{o} : std::nullopt;
        };
        EXPECT_EQ(search_on(machine).result.works, 131'072);
        machine.disturbance = {};
        machine.loads_up_to = 20'000;
        machine.load_failure = o;
        auto const done = search_on(machine);
        auto const bad = done.result.first_bad;
        EXPECT_EQ(std::ranges::count(done.probes, bad, &registry::probe::asked), 2);
    }
}

TEST(search, asks_the_default_again_after_a_host_that_was_down) {
    simulated_machine machine;
    machine.disturbance = [](std::size_t number) {
        return number == 0 ? std::optional{outcome::host_down} : std::nullopt;
    };
    auto const done = search_on(machine);
    EXPECT_EQ(done.probes.at(1).asked, std::nullopt);
    EXPECT_EQ(done.result.default_works, true);
}

TEST(search, probes_the_last_bound_once_more_where_memory_may_be_freed_late) {
    for (auto const o : {outcome::guardrail, outcome::memory}) {
        simulated_machine machine;
        machine.loads_up_to = 50'176;
        machine.load_failure = o;
        auto const done = search_on(machine);
        EXPECT_EQ(std::ranges::count(done.probes, done.result.first_bad, &registry::probe::asked),
                  2);

        // Refused once only, at a size that works.
        machine.passes_up_to = 40'000;
        machine.disturbance = [o](std::size_t number) {
            return number == 2 ? std::optional{o} : std::nullopt;
        };
        expect_right(machine);
    }
}

TEST(search, fills_the_size_that_the_host_guesses_at_once) {
    simulated_machine machine;
    machine.loads_up_to = 50'176;
    machine.passes_up_to = 50'176;
    auto const done = search_on(machine);
    std::vector<std::optional<std::int64_t>> asked;
    for (auto const& p : done.probes)
        asked.push_back(p.asked);
    using sizes = std::vector<std::optional<std::int64_t>>;
    EXPECT_EQ(asked, (sizes{std::nullopt, 50'176, 51'200, 51'200}));
    EXPECT_TRUE(done.probes[1].filled);
    EXPECT_EQ(done.result.works, 50'176);
}

TEST(search, looks_only_below_a_guess_that_does_not_work_when_it_is_filled) {
    for (std::int64_t const works : {4096, 20'480, 49'152}) {
        simulated_machine machine;
        machine.reads_up_to = works;
        machine.passes_up_to = 50'176;
        expect_right(machine);
        for (auto const& p : search_on(machine).probes)
            EXPECT_LE(p.asked.value_or(0), 50'176);
    }
}

TEST(search, does_not_try_again_where_the_machine_went_down) {
    simulated_machine machine;
    machine.loads_up_to = 16'384;
    machine.load_failure = outcome::machine_lost;
    auto const done = search_on(machine);
    EXPECT_EQ(done.result.status, "complete");
    EXPECT_EQ(done.result.limited_by, "machine_lost");
    for (auto const& p : done.probes)
        EXPECT_TRUE(p.outcome == outcome::good ||
                    std::ranges::count(done.probes, p.asked, &registry::probe::asked) == 1);
}

TEST(search, does_not_search_where_the_host_chooses_the_context) {
    for (std::int64_t const chosen : {6000, 50'000, 131'072}) {
        simulated_machine machine;
        machine.fit = [chosen](std::int64_t size) { return size <= 4096 ? size : chosen; };
        auto const done = search_on(machine);
        EXPECT_EQ(done.probes.back().asked, chosen);
        EXPECT_TRUE(done.probes.back().filled);
        EXPECT_EQ(done.probes.size(), 3U);
        EXPECT_EQ(done.result.works, chosen);
        EXPECT_EQ(done.result.limited_by, "host_fit");
        EXPECT_EQ(done.result.status, "complete");
    }
}

TEST(search, ends_where_the_host_chooses_another_context_each_time) {
    simulated_machine machine;
    machine.fit = [n = std::int64_t{9000}](std::int64_t size) mutable {
        return size <= 4096 ? size : ++n;
    };
    auto const done = search_on(machine);
    EXPECT_TRUE(done.ended);
    EXPECT_EQ(done.result.works, 4096);
    EXPECT_EQ(done.result.limited_by, "host_fit");
}

TEST(search, searches_below_what_the_host_chooses_where_that_fails_filled) {
    simulated_machine machine;
    machine.fit = [](std::int64_t size) { return std::min<std::int64_t>(size, 50'000); };
    machine.reads_up_to = 30'720;
    auto const done = search_on(machine);
    EXPECT_LE(*done.result.works, 30'720);
    EXPECT_LT(30'720 - *done.result.works, tolerance(*done.result.works));
    EXPECT_EQ(done.result.limited_by, "host_fit");
}

TEST(search, probes_one_size_if_asked_to) {
    simulated_machine machine;
    search_options options;
    options.only = 20'480;
    auto const done = search_on(machine, options);
    ASSERT_EQ(done.probes.size(), 1U);
    EXPECT_EQ(done.probes.front().asked, 20'480);
    EXPECT_TRUE(done.probes.front().filled);
    EXPECT_EQ(done.result.works, 20'480);
    EXPECT_EQ(done.result.status, "partial");

    // It joins the others.
    auto const rest = search_on(machine, {}, done.probes);
    EXPECT_EQ(rest.result.status, "complete");
    EXPECT_EQ(rest.result.works, 131'072);
    EXPECT_EQ(rest.result.loads, 6);

    machine.loads_up_to = 8192;
    machine.load_failure = outcome::crash;
    EXPECT_EQ(search_on(machine, options).probes.size(), 2U);
}

TEST(search, looks_no_further_than_it_may) {
    simulated_machine machine;
    search_options options;
    options.most = 20'000;
    auto const done = search_on(machine, options);
    for (auto const& p : done.probes)
        EXPECT_LE(p.asked.value_or(0), 20'000);
    EXPECT_EQ(done.result.works, 20'000);
    EXPECT_EQ(done.result.limited_by, "max");
    EXPECT_EQ(done.result.status, "partial");

    machine.model.declared.reset();
    EXPECT_EQ(limit_of(machine.model, options), 20'000);
    EXPECT_EQ(next_step(machine.model, {}, {}, {}), next{finished{}});
}

TEST(search, fills_as_much_as_fits_into_the_time) {
    simulated_machine machine;
    machine.prompt_speed = 50;
    auto const done = search_on(machine);
    EXPECT_EQ(done.probes.back().filled, 30'000);
    EXPECT_EQ(done.result.works, 131'072);
    EXPECT_EQ(done.result.filled, 30'000);
}

TEST(search, makes_no_filled_probe_if_it_is_to_be_quick) {
    simulated_machine machine;
    machine.reads_up_to = 4096;
    search_options options;
    options.thoroughness = thoroughness::quick;
    auto const done = search_on(machine, options);
    for (auto const& p : done.probes)
        EXPECT_FALSE(p.filled);
    EXPECT_EQ(done.result.works, 131'072);
    EXPECT_EQ(done.result.filled, std::nullopt);
    EXPECT_EQ(done.result.mode, "quick");

    // What it has found counts in a normal test.
    auto const rest = search_on(machine, {}, done.probes);
    EXPECT_EQ(rest.result.works, 4096);
    EXPECT_EQ(rest.result.limited_by, "memory");
}

TEST(search, fills_each_probe_on_each_power_of_two_if_it_is_to_be_thorough) {
    simulated_machine machine;
    machine.loads_up_to = 50'176;
    machine.passes_up_to = 50'176;
    search_options options;
    options.thoroughness = thoroughness::thorough;
    auto const done = search_on(machine, options);
    for (std::int64_t const size : {8192, 16'384, 32'768})
        EXPECT_EQ(std::ranges::count(done.probes, size, &registry::probe::asked), 1);
    for (auto const& p : done.probes)
        EXPECT_TRUE(p.filled);
    auto const good_at = [&done](std::int64_t size) {
        return std::ranges::count_if(done.probes, [size](registry::probe const& p) {
            return p.outcome == outcome::good && p.effective == size;
        });
    };
    EXPECT_EQ(good_at(4096), 3);
    EXPECT_EQ(good_at(*done.result.works), 3);
}

TEST(search, tells_before_it_begins_which_sizes_it_tries) {
    using sizes = std::vector<std::optional<std::int64_t>>;
    searched_model const model{registry::model_type::llm, 40'960};
    EXPECT_EQ(sizes_to_try(model, {}, {}), (sizes{std::nullopt, 8192, 16'384, 32'768, 40'960}));
    search_options options;
    options.only = 20'480;
    EXPECT_EQ(sizes_to_try(model, {}, options), sizes{20'480});
    options = {};
    options.thoroughness = thoroughness::thorough;
    EXPECT_EQ(sizes_to_try(model, {}, options).size(), 6U); // its speed at 4,096 needs two more
    auto const done = search_on(simulated_machine{});
    EXPECT_EQ(sizes_to_try(simulated_machine{}.model, done.probes, {}), sizes{});
}

TEST(search, counts_only_probes_under_the_same_conditions) {
    using std::chrono::hours;
    registry::time_point const now{hours{24 * 100}};
    conditions const present{"f", "0.4.25", "{}", now};
    registry::probe p;
    p.fingerprint = "f";
    p.lmstudio = "0.4.25";
    p.began = now - hours{24 * 29};
    std::vector<registry::probe> all(5, p);
    all[1].fingerprint = "g";
    all[2].lmstudio = "0.4.26";
    all[3].settings = R"({"flash_attention":true})";
    all[4].began = now - hours{24 * 30};
    EXPECT_EQ(counting(all, present).size(), 1U);
}

TEST(search, tells_files_of_models_apart) {
    registry::model m;
    m.key = "a";
    auto const before = fingerprint_of(m);
    auto other = m;
    other.size = 1;
    EXPECT_NE(fingerprint_of(other), before);
    other = m;
    other.quantization = "Q4_K_M";
    EXPECT_NE(fingerprint_of(other), before);
    other = m;
    other.variant = "a@q4";
    EXPECT_NE(fingerprint_of(other), before);
    other = m;
    other.max_context = 4096;
    EXPECT_EQ(fingerprint_of(other), before);
}

} // namespace
} // namespace secondwind::lab
