#include <secondwind/net/task.hpp>
#include <secondwind/recovery/in_flight.hpp>

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

using namespace secondwind;
using namespace secondwind::recovery;
using lmstudio::requested_model;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(in_flight, names_the_models_of_all_that_run) {
    boost::asio::io_context io;
    recovery::in_flight in_flight{io};
    EXPECT_THAT(in_flight.snapshot().models, IsEmpty());
    requested_model const model_a{R"({"model":"a"})"};
    requested_model const model_b{R"({"model":"b","model":"c"})"};
    recovery::in_flight::entry const a{in_flight, model_a};
    {
        recovery::in_flight::entry const b{in_flight, model_b};
        EXPECT_THAT(in_flight.snapshot().models, ElementsAre("a", "b"));
    }
    EXPECT_THAT(in_flight.snapshot().models, ElementsAre("a"));
    EXPECT_FALSE(in_flight.snapshot().unknown);
    EXPECT_EQ(in_flight.size(), 1U);
}

TEST(in_flight, does_not_know_what_a_request_without_a_model_uses) {
    boost::asio::io_context io;
    recovery::in_flight in_flight{io};
    requested_model const any{R"({"messages":[]})"};
    recovery::in_flight::entry const one{in_flight, any};
    EXPECT_TRUE(in_flight.snapshot().unknown);
    EXPECT_THAT(in_flight.snapshot().models, IsEmpty());
}

TEST(in_flight, knows_that_a_request_without_a_body_uses_no_model) {
    boost::asio::io_context io;
    recovery::in_flight in_flight{io};
    requested_model const no_body;
    requested_model const no_model{R"({"instance_id":"a"})"};
    recovery::in_flight::entry const get{in_flight, no_body};
    recovery::in_flight::entry const unload{in_flight, no_model};
    EXPECT_FALSE(in_flight.snapshot().unknown);
    EXPECT_THAT(in_flight.snapshot().models, IsEmpty());
}

TEST(in_flight, takes_a_body_that_is_not_whole_for_any_model_unless_it_names_one) {
    boost::asio::io_context io;
    recovery::in_flight in_flight{io};
    for (auto const* kept : {"", "[1"}) {
        requested_model const any{kept, false};
        recovery::in_flight::entry const one{in_flight, any};
        EXPECT_TRUE(in_flight.snapshot().unknown);
    }
    requested_model const named{R"({"model":"a","messages":[)", false};
    recovery::in_flight::entry const one{in_flight, named};
    EXPECT_FALSE(in_flight.snapshot().unknown);
    EXPECT_THAT(in_flight.snapshot().models, ElementsAre("a"));
}

TEST(in_flight, reads_each_body_once_however_often_it_is_asked) {
    boost::asio::io_context io;
    recovery::in_flight in_flight{io};
    std::string const body = R"({"user":")" + std::string(1'000'000, 'u') + R"(","model":"a"})";
    std::vector<requested_model> const models(8, requested_model{body});
    std::vector<std::unique_ptr<recovery::in_flight::entry>> entries;
    for (auto const& model : models)
        entries.push_back(std::make_unique<recovery::in_flight::entry>(in_flight, model));
    auto const before = requested_model::bytes_read();
    EXPECT_EQ(in_flight.snapshot().models.size(), models.size());
    auto const first = requested_model::bytes_read() - before;
    EXPECT_LE(first, models.size() * body.size());
    EXPECT_EQ(in_flight.snapshot().models.size(), models.size());
    EXPECT_EQ(requested_model::bytes_read() - before, first);
}

namespace {

net::task<void> count(recovery::in_flight& in_flight, int& opened) {
    net::gate::waiter change{in_flight.changed()};
    co_await change;
    ++opened;
}

} // namespace

TEST(in_flight, tells_when_one_ends_that_may_have_used_a_model) {
    boost::asio::io_context io;
    recovery::in_flight in_flight{io};
    int opened = 0;
    net::spawn(count(in_flight, opened));
    {
        requested_model const no_body;
        recovery::in_flight::entry const get{in_flight, no_body};
        recovery::in_flight::entry const other{in_flight, no_body};
    }
    io.run();
    EXPECT_EQ(opened, 0);
    io.restart();
    {
        requested_model const model{R"({"model":"a"})"};
        recovery::in_flight::entry const chat{in_flight, model};
    }
    io.run();
    EXPECT_EQ(opened, 1);
}
