#include <secondwind/net/deadline.hpp>

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using secondwind::net::deadline;
using secondwind::net::deadline_queue;
using secondwind::net::deadline_slot;
using secondwind::net::scoped_deadline;
using secondwind::net::timer;
using secondwind::net::timer_handler;
using testing::ElementsAre;
using testing::IsEmpty;

namespace deadline_test {

deadline::clock::time_point now_of_test;

deadline::clock::time_point read_clock() {
    return now_of_test;
}

struct deadlines : testing::Test {
    // Records its name when it is called, and runs an action.
    struct named final : timer_handler {
        named(deadlines& of, std::string label) : test{of}, name{std::move(label)} {}
        void on_timer() override {
            test.called.push_back(name);
            if (then)
                then();
        }
        deadlines& test;
        std::string name;
        std::function<void()> then;
        timer bound{test.queue, "test", *this};
    };

    void SetUp() override { now_of_test = deadline::clock::time_point{} + 1000s; }

    void pass(std::chrono::milliseconds span) {
        now_of_test += span;
        queue.expire();
    }

    std::vector<std::string> armed() const {
        std::vector<std::string> names;
        queue.for_each_armed([&](std::string_view name) { names.emplace_back(name); });
        return names;
    }

    boost::asio::io_context io;
    deadline_queue queue{io, &read_clock};
    std::vector<std::string> called;
    named a{*this, "a"}, b{*this, "b"}, c{*this, "c"};
};

TEST_F(deadlines, expire_once_in_the_order_of_their_times) {
    a.bound.after(30ms);
    b.bound.after(10ms);
    c.bound.after(20ms);
    pass(9ms);
    EXPECT_THAT(called, IsEmpty());
    pass(1ms);
    EXPECT_THAT(called, ElementsAre("b"));
    pass(100ms);
    EXPECT_THAT(called, ElementsAre("b", "c", "a"));
    pass(100ms);
    EXPECT_THAT(called, ElementsAre("b", "c", "a"));
}

TEST_F(deadlines, move_later_and_earlier) {
    a.bound.after(10ms);
    b.bound.after(50ms);
    now_of_test += 5ms;
    a.bound.after(40ms); // at 45
    b.bound.after(5ms);  // at 10
    pass(5ms);           // 10
    EXPECT_THAT(called, ElementsAre("b"));
    pass(34ms); // 44
    EXPECT_THAT(called, ElementsAre("b"));
    pass(1ms); // 45
    EXPECT_THAT(called, ElementsAre("b", "a"));
}

TEST_F(deadlines, that_are_cleared_or_zero_never_expire_and_can_be_set_again) {
    a.bound.after(10ms);
    a.bound.clear();
    b.bound.after(10ms);
    b.bound.after(0ms);
    pass(1h);
    EXPECT_THAT(called, IsEmpty());
    a.bound.after(10ms);
    pass(10ms);
    EXPECT_THAT(called, ElementsAre("a"));
}

TEST_F(deadlines, cleared_and_set_again_to_an_earlier_time_keep_the_new_time) {
    a.bound.after(10ms);
    a.bound.clear();
    a.bound.after(20ms);
    pass(10ms);
    EXPECT_THAT(called, IsEmpty());
    pass(10ms);
    EXPECT_THAT(called, ElementsAre("a"));
}

TEST_F(deadlines, may_be_destroyed_or_set_while_others_expire) {
    auto dying = std::make_optional<timer>(queue, "test", static_cast<timer_handler&>(c));
    dying->after(10ms);
    b.bound.after(5ms);
    b.then = [&] {
        dying.reset();
        a.bound.after(20ms);
    };
    pass(10ms);
    EXPECT_THAT(called, ElementsAre("b"));
    pass(20ms);
    EXPECT_THAT(called, ElementsAre("b", "a"));
}

TEST_F(deadlines, set_again_by_their_own_expiry_expire_again) {
    a.then = [&] { a.bound.after(10ms); };
    a.bound.after(10ms);
    pass(10ms);
    pass(10ms);
    EXPECT_THAT(called, ElementsAre("a", "a"));
}

TEST_F(deadlines, of_a_phase_that_is_over_never_expire) {
    deadline_slot slot{queue};
    bool first_expired = false;
    bool second_expired = false;
    {
        scoped_deadline first{slot, "first", 10ms, [&] { first_expired = true; }};
        EXPECT_THAT(armed(), ElementsAre("first"));
    }
    EXPECT_THAT(armed(), IsEmpty());
    pass(10ms);
    {
        scoped_deadline second{slot, "second", [&] { second_expired = true; }};
        EXPECT_THAT(armed(), IsEmpty());
        second.arm(20ms);
        EXPECT_THAT(armed(), ElementsAre("second"));
        pass(19ms);
        EXPECT_FALSE(second.expired());
        pass(1ms);
        EXPECT_TRUE(second.expired());
        EXPECT_THAT(armed(), IsEmpty());
    }
    EXPECT_FALSE(first_expired);
    EXPECT_TRUE(second_expired);
}

TEST_F(deadlines, take_over_the_place_that_the_last_one_left_and_expire_at_their_own_time) {
    deadline_slot slot{queue};
    auto const nothing = [] {};
    { scoped_deadline first{slot, "first", 10ms, nothing}; }
    scoped_deadline second{slot, "second", 25ms, nothing};
    pass(24ms);
    EXPECT_FALSE(second.expired());
    pass(1ms);
    EXPECT_TRUE(second.expired());
}

TEST(deadline_queue, expires_by_the_real_clock_from_the_event_loop) {
    struct stop final : timer_handler {
        explicit stop(boost::asio::io_context& i) : io{i} {}
        void on_timer() override { io.stop(); }
        boost::asio::io_context& io;
    };
    boost::asio::io_context io;
    deadline_queue queue{io};
    stop ends{io};
    timer late{queue, "late", ends};
    timer early{queue, "early", ends};
    late.after(1h);
    auto const began = deadline::clock::now();
    early.after(20ms);
    io.run_for(10s);
    EXPECT_TRUE(io.stopped());
    auto const took = deadline::clock::now() - began;
    EXPECT_GE(took, 20ms);
    EXPECT_LT(took, 5s);
}

TEST(deadline_queue, without_deadlines_leaves_the_event_loop_nothing_to_wait_for) {
    struct nobody final : timer_handler {
        void on_timer() override {}
    };
    boost::asio::io_context io;
    deadline_queue queue{io};
    nobody listens;
    std::make_unique<timer>(queue, "test", listens)->after(1h);
    EXPECT_LE(io.run_for(10s), 1u); // the cancelled wait, at most
    EXPECT_TRUE(io.stopped());
}

TEST(recent_time, is_that_of_a_tick_that_has_just_passed) {
    auto const before = deadline::clock::now();
    auto const recent = secondwind::net::recent_time();
    EXPECT_LE(recent, deadline::clock::now());
    EXPECT_GT(recent, before - 100ms);
}

TEST_F(deadlines, tell_the_recent_time_by_the_clock_of_a_test) {
    EXPECT_EQ(queue.recently(), now_of_test);
    now_of_test += 1ms;
    EXPECT_EQ(queue.recently(), now_of_test);
}

} // namespace deadline_test
