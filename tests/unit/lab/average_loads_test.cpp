// How many loads a machine with many models takes.
#include "simulated_machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <random>

namespace secondwind::lab {
namespace {

constexpr int machine_count = 40;
constexpr int model_count = 57;

struct figures {
    double average = 0;
    double worst_machine = 0;
};

figures measure(bool with_estimate) {
    constexpr std::array<std::int64_t, 8> declared{2048,   8192,    32'768,  32'768,
                                                   40'960, 131'072, 131'072, 262'144};
    std::mt19937_64 random{18};
    double all = 0;
    figures found;
    for (int i = 0; i != machine_count; ++i) {
        double const memory = 8e9 * std::pow(16.0, std::uniform_real_distribution{}(random));
        double loads = 0;
        int sound = 0;
        for (int k = 0; k != model_count; ++k) {
            double const size = 3e8 * std::pow(200.0, std::uniform_real_distribution{}(random));
            double const per_token = size * (0.5 + std::uniform_real_distribution{}(random)) * 2e-5;
            simulated_machine machine;
            machine.model.declared = declared[random() % declared.size()];
            machine.loads_up_to = static_cast<std::int64_t>((memory - size) / per_token);
            // The guardrail is careful, or the memory smaller than it thinks.
            bool const by_guardrail = random() % 4 != 0;
            machine.load_failure =
                by_guardrail ? registry::outcome::guardrail : registry::outcome::memory;
            if (with_estimate)
                machine.passes_up_to = by_guardrail ? machine.loads_up_to
                                                    : machine.loads_up_to + machine.loads_up_to / 8;
            auto const done = search_on(machine);
            EXPECT_TRUE(done.ended);
            EXPECT_LE(done.result.loads, most_loads(machine.model, {}));
            if (!done.result.works)
                continue;
            EXPECT_LE(*done.result.works, machine.truth());
            EXPECT_LE(machine.truth() - *done.result.works, tolerance(*done.result.works));
            ++sound;
            loads += static_cast<double>(done.result.loads);
        }
        if (sound == 0)
            continue;
        all += loads / sound;
        found.worst_machine = std::max(found.worst_machine, loads / sound);
    }
    found.average = all / machine_count;
    return found;
}

TEST(average_loads, are_few_with_an_estimate) {
    auto const found = measure(true);
    std::printf("%.2f loads a model, %.2f on the worst machine\n", found.average,
                found.worst_machine);
    EXPECT_LE(found.average, 3);
    EXPECT_LE(found.worst_machine, 4.2);
}

TEST(average_loads, are_bounded_without_an_estimate) {
    auto const found = measure(false);
    std::printf("%.2f loads a model, %.2f on the worst machine\n", found.average,
                found.worst_machine);
    EXPECT_LE(found.average, 7.0);
    EXPECT_LE(found.worst_machine, 8.5);
}

} // namespace
} // namespace secondwind::lab
