#include <secondwind/recovery/in_flight.hpp>

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

using namespace secondwind;
using namespace secondwind::recovery;
using lmstudio::model_kind;
using lmstudio::requested_model;
using testing::ElementsAre;
using testing::IsEmpty;

namespace in_flight_test {

std::vector<std::string> names(recovery::in_flight& all) {
    std::vector<std::string> found;
    for (auto const& each : all.claims())
        found.push_back(each.model().name());
    return found;
}

struct ends final : recovery::in_flight::watcher {
    void on_end(claim& ended) noexcept override { seen.push_back(ended.model().name()); }
    std::vector<std::string> seen;
};

TEST(in_flight, has_the_claims_that_run_in_the_order_in_which_they_were_sent) {
    recovery::in_flight in_flight;
    requested_model const model_a{R"({"model":"a"})"};
    requested_model const model_b{R"({"model":"b"})"};
    claim b{model_b, model_kind::llm};
    {
        claim a{model_a, model_kind::llm};
        EXPECT_THAT(names(in_flight), IsEmpty());
        EXPECT_FALSE(a.running());
        a.begin(in_flight);
        b.begin(in_flight);
        EXPECT_TRUE(a.running());
        EXPECT_THAT(names(in_flight), ElementsAre("a", "b"));
        EXPECT_EQ(in_flight.size(), 2U);
    }
    EXPECT_THAT(names(in_flight), ElementsAre("b"));
    b.end();
    EXPECT_FALSE(b.running());
    EXPECT_THAT(names(in_flight), IsEmpty());
}

TEST(in_flight, gives_each_request_that_is_sent_a_number_of_its_own) {
    recovery::in_flight in_flight;
    requested_model const model{R"({"model":"a"})"};
    claim first{model, model_kind::llm};
    claim second{model, model_kind::llm};
    EXPECT_EQ(first.number(), 0U);
    first.begin(in_flight);
    second.begin(in_flight);
    EXPECT_EQ(first.number(), 1U);
    EXPECT_EQ(second.number(), 2U);
    first.begin(in_flight); // its replay
    EXPECT_EQ(first.number(), 3U);
    EXPECT_EQ(in_flight.newest(), 3U);
    EXPECT_EQ(in_flight.size(), 2U);
}

TEST(in_flight, counts_those_that_may_use_a_model_and_have_no_output_yet) {
    recovery::in_flight in_flight;
    requested_model const model{R"({"model":"a"})"};
    requested_model const no_body;
    claim get{no_body, model_kind::llm};
    claim first{model, model_kind::llm};
    claim second{model, model_kind::llm};
    get.begin(in_flight);
    EXPECT_EQ(in_flight.awaiting(), 0U);
    first.begin(in_flight);
    second.begin(in_flight);
    EXPECT_EQ(in_flight.awaiting(), 2U);
    first.answered();
    first.answered();
    EXPECT_TRUE(first.answering());
    EXPECT_EQ(in_flight.awaiting(), 1U);
    first.end();
    EXPECT_EQ(in_flight.awaiting(), 1U);
    second.end();
    second.end();
    EXPECT_EQ(in_flight.awaiting(), 0U);
    first.begin(in_flight);
    EXPECT_FALSE(first.answering());
    EXPECT_EQ(in_flight.awaiting(), 1U);
}

TEST(in_flight, tells_of_each_end_of_a_request_that_may_have_used_a_model) {
    recovery::in_flight in_flight;
    ends heard;
    in_flight.watch(&heard);
    requested_model const model{R"({"model":"a"})"};
    requested_model const no_body;
    {
        claim get{no_body, model_kind::llm};
        claim never_sent{model, model_kind::llm};
        get.begin(in_flight);
    }
    EXPECT_THAT(heard.seen, IsEmpty());
    {
        claim chat{model, model_kind::llm};
        chat.begin(in_flight);
    }
    EXPECT_THAT(heard.seen, ElementsAre("a"));
}

TEST(in_flight, reads_no_body_by_itself_and_each_once_however_often_it_is_asked) {
    recovery::in_flight in_flight;
    std::string const body = R"({"user":")" + std::string(1'000'000, 'u') + R"(","model":"a"})";
    std::vector<requested_model> const models(8, requested_model{body});
    std::vector<std::unique_ptr<claim>> claims;
    auto const before = requested_model::bytes_read();
    for (auto const& model : models) {
        claims.push_back(std::make_unique<claim>(model, model_kind::llm));
        claims.back()->begin(in_flight);
        claims.back()->answered();
    }
    EXPECT_EQ(requested_model::bytes_read(), before);
    EXPECT_EQ(names(in_flight).size(), models.size());
    auto const first = requested_model::bytes_read() - before;
    EXPECT_LE(first, models.size() * body.size());
    EXPECT_EQ(names(in_flight).size(), models.size());
    EXPECT_EQ(requested_model::bytes_read() - before, first);
}

} // namespace in_flight_test
