#include <secondwind/net/task.hpp>
#include <secondwind/recovery/in_flight.hpp>

#include <gmock/gmock.h>

#include <optional>

using namespace secondwind;
using namespace secondwind::recovery;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(in_flight, names_the_models_of_all_that_run) {
    boost::asio::io_context io;
    in_flight users{io};
    EXPECT_THAT(users.snapshot().models, IsEmpty());
    in_flight::entry const a{users, R"({"model":"a"})", true};
    {
        in_flight::entry const b{users, R"({"model":"b","model":"c"})", true};
        EXPECT_THAT(users.snapshot().models, ElementsAre("a", "b"));
    }
    EXPECT_THAT(users.snapshot().models, ElementsAre("a"));
    EXPECT_FALSE(users.snapshot().unknown);
    EXPECT_EQ(users.size(), 1U);
}

TEST(in_flight, does_not_know_what_a_request_without_a_model_uses) {
    boost::asio::io_context io;
    in_flight users{io};
    in_flight::entry const one{users, R"({"messages":[]})", true};
    EXPECT_TRUE(users.snapshot().unknown);
    EXPECT_THAT(users.snapshot().models, IsEmpty());
}

TEST(in_flight, knows_that_a_request_without_a_body_uses_no_model) {
    boost::asio::io_context io;
    in_flight users{io};
    in_flight::entry const get{users, "", true};
    in_flight::entry const unload{users, R"({"instance_id":"a"})", true};
    EXPECT_FALSE(users.snapshot().unknown);
    EXPECT_THAT(users.snapshot().models, IsEmpty());
}

TEST(in_flight, takes_a_body_that_is_not_whole_for_any_model_unless_it_names_one) {
    boost::asio::io_context io;
    in_flight users{io};
    std::optional<in_flight::entry> one;
    one.emplace(users, "", false);
    EXPECT_TRUE(users.snapshot().unknown);
    one.emplace(users, R"([1)", false);
    EXPECT_TRUE(users.snapshot().unknown);
    one.emplace(users, R"({"model":"a","messages":[)", false);
    EXPECT_FALSE(users.snapshot().unknown);
    EXPECT_THAT(users.snapshot().models, ElementsAre("a"));
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
        in_flight::entry const get{users, "", true};
        in_flight::entry const other{users, "", true};
    }
    io.run();
    EXPECT_EQ(opened, 0);
    io.restart();
    { in_flight::entry const chat{users, R"({"model":"a"})", true}; }
    io.run();
    EXPECT_EQ(opened, 1);
}
