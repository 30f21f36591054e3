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
    in_flight users{io};
    EXPECT_THAT(users.snapshot().models, IsEmpty());
    requested_model const model_a{R"({"model":"a"})"};
    requested_model const model_b{R"({"model":"b","model":"c"})"};
    in_flight::entry const a{users, model_a};
    {
        in_flight::entry const b{users, model_b};
        EXPECT_THAT(users.snapshot().models, ElementsAre("a", "b"));
    }
    EXPECT_THAT(users.snapshot().models, ElementsAre("a"));
    EXPECT_FALSE(users.snapshot().unknown);
    EXPECT_EQ(users.size(), 1U);
}

TEST(in_flight, does_not_know_what_a_request_without_a_model_uses) {
    boost::asio::io_context io;
    in_flight users{io};
    requested_model const any{R"({"messages":[]})"};
    in_flight::entry const one{users, any};
    EXPECT_TRUE(users.snapshot().unknown);
    EXPECT_THAT(users.snapshot().models, IsEmpty());
}

TEST(in_flight, knows_that_a_request_without_a_body_uses_no_model) {
    boost::asio::io_context io;
    in_flight users{io};
    requested_model const no_body;
    requested_model const no_model{R"({"instance_id":"a"})"};
    in_flight::entry const get{users, no_body};
    in_flight::entry const unload{users, no_model};
    EXPECT_FALSE(users.snapshot().unknown);
    EXPECT_THAT(users.snapshot().models, IsEmpty());
}

TEST(in_flight, takes_a_body_that_is_not_whole_for_any_model_unless_it_names_one) {
    boost::asio::io_context io;
    in_flight users{io};
    for (auto const* kept : {"", "[1"}) {
        requested_model const any{kept, false};
        in_flight::entry const one{users, any};
        EXPECT_TRUE(users.snapshot().unknown);
    }
    requested_model const named{R"({"model":"a","messages":[)", false};
    in_flight::entry const one{users, named};
    EXPECT_FALSE(users.snapshot().unknown);
    EXPECT_THAT(users.snapshot().models, ElementsAre("a"));
}

TEST(in_flight, reads_each_body_once_however_often_it_is_asked) {
    boost::asio::io_context io;
    in_flight users{io};
    std::string const body = R"({"user":")" + std::string(1'000'000, 'u') + R"(","model":"a"})";
    std::vector<requested_model> const models(8, requested_model{body});
    std::vector<std::unique_ptr<in_flight::entry>> entries;
    for (auto const& model : models)
        entries.push_back(std::make_unique<in_flight::entry>(users, model));
    auto const before = requested_model::bytes_read();
    EXPECT_EQ(users.snapshot().models.size(), models.size());
    auto const first = requested_model::bytes_read() - before;
    EXPECT_LE(first, models.size() * body.size());
    EXPECT_EQ(users.snapshot().models.size(), models.size());
    EXPECT_EQ(requested_model::bytes_read() - before, first);
}

namespace {

net::task<void> count(in_flight& users, int& opened) {
    net::gate::waiter change{users.changed()};
    co_await change;
    ++opened;
}

} // namespace

TEST(in_flight, tells_when_one_ends_that_may_have_used_a_model) {
    boost::asio::io_context io;
    in_flight users{io};
    int opened = 0;
    net::spawn(count(users, opened));
    {
        requested_model const no_body;
        in_flight::entry const get{users, no_body};
        in_flight::entry const other{users, no_body};
    }
    io.run();
    EXPECT_EQ(opened, 0);
    io.restart();
    {
        requested_model const model{R"({"model":"a"})"};
        in_flight::entry const chat{users, model};
    }
    io.run();
    EXPECT_EQ(opened, 1);
}
