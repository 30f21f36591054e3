#include <secondwind/recovery/line.hpp>

#include <boost/asio/io_context.hpp>

#include <gmock/gmock.h>

#include <optional>
#include <vector>

using namespace secondwind;
using recovery::line;
using testing::ElementsAre;

namespace line_test {

struct line_of_places : testing::Test {
    boost::asio::io_context io;
    lmstudio::requested_model const model{R"({"model":"a"})"};
    recovery::claim by{model, lmstudio::model_kind::llm};
    recovery::line line;

    std::vector<std::uint64_t> arrivals() {
        std::vector<std::uint64_t> found;
        for (auto const& each : line.places())
            found.push_back(each.arrival());
        return found;
    }
};

TEST_F(line_of_places, stands_in_the_order_of_arrival) {
    EXPECT_TRUE(line.empty());
    line::place const second{line, by, io, 2, false};
    line::place const fourth{line, by, io, 4, false};
    line::place const refused{line, by, io, 3, true}; // it came before, and was refused now
    line::place const first{line, by, io, 1, true};
    EXPECT_THAT(arrivals(), ElementsAre(1U, 2U, 3U, 4U));
    EXPECT_EQ(line.size(), 4U);
}

TEST_F(line_of_places, keeps_a_place_as_long_as_it_exists) {
    std::optional<line::place> place;
    place.emplace(line, by, io, 1U, false);
    EXPECT_FALSE(line.empty());
    place.reset();
    EXPECT_TRUE(line.empty());
}

TEST_F(line_of_places, calls_one_that_is_admitted_or_promoted) {
    line::place first{line, by, io, 1, false};
    line::place second{line, by, io, 2, true};
    EXPECT_FALSE(first.admitted() || first.promoted());
    first.admit();
    second.promote();
    EXPECT_TRUE(first.admitted());
    EXPECT_FALSE(first.promoted());
    EXPECT_TRUE(second.promoted());
    EXPECT_FALSE(second.admitted());
    EXPECT_FALSE(first.refused());
    EXPECT_TRUE(second.refused());
    EXPECT_EQ(line.size(), 2U); // until it has gone
}

} // namespace line_test
