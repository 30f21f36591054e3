#include <secondwind/telemetry/stored_request.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace secondwind::telemetry {
namespace {

using namespace std::chrono_literals;

using slot = std::array<char, stored_request::slot_size>;

stored_request::moment const now{std::chrono::system_clock::time_point{500'000h},
                                 std::chrono::steady_clock::time_point{70s}};

finished example() {
    finished one;
    one.route = route::messages;
    one.method = method::post;
    one.status = 200;
    one.failed = true;
    one.stream = true;
    one.attempts = 2;
    one.began = now.steady - 2500ms;
    one.bytes_in = 1ULL << 40U;
    one.bytes_out = 7;
    one.seconds = 2.25;
    one.first_byte = 0.5;
    one.tokens_in = 12;
    one.tokens_per_second = 26.5;
    one.verdict = "healthy";
    one.recovery = "recovered";
    one.ended = "complete";
    one.host = "mac";
    one.model = "qwen/qwen3-8b";
    one.client = "laptop";
    one.agent = "curl";
    one.path = "/v1/messages";
    one.id = "0123abcd-1";
    return one;
}

slot stored(finished const& one, std::vector<earlier_attempt> const& earlier = {}) {
    request_ring ring;
    ring.bound(1);
    ring.add([&one](finished& row) { row = one; }, earlier);
    slot out;
    encode(17, ring.at(1), now, out);
    return out;
}

TEST(stored_request, is_read_as_it_was_written) {
    auto const in = stored(example(), {{"rtx", 503, "load_refused", 1.5}});
    auto const read = decode(in, now);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->sequence, 17U);
    auto const& one = read->told;
    EXPECT_EQ(one.route, route::messages);
    EXPECT_EQ(one.method, method::post);
    EXPECT_EQ(one.status, 200);
    EXPECT_TRUE(one.failed);
    EXPECT_TRUE(one.stream);
    EXPECT_EQ(one.attempts, 2U);
    EXPECT_EQ(one.bytes_in, 1ULL << 40U);
    EXPECT_EQ(one.bytes_out, 7U);
    EXPECT_EQ(one.seconds, 2.25);
    EXPECT_EQ(one.first_byte, 0.5);
    EXPECT_EQ(one.tokens_in, 12);
    EXPECT_EQ(one.tokens_out, -1);
    EXPECT_EQ(one.tokens_per_second, 26.5);
    EXPECT_EQ(one.verdict, "healthy");
    EXPECT_EQ(one.recovery, "recovered");
    EXPECT_EQ(one.ended, "complete");
    EXPECT_EQ(one.host, "mac");
    EXPECT_EQ(one.model, "qwen/qwen3-8b");
    EXPECT_EQ(one.client, "laptop");
    EXPECT_EQ(one.agent, "curl");
    EXPECT_EQ(one.address, "");
    EXPECT_EQ(one.path, "/v1/messages");
    EXPECT_EQ(one.id, "0123abcd-1");
    EXPECT_EQ(one.began, example().began);
    ASSERT_EQ(read->earlier.size(), 1U);
    EXPECT_EQ(read->earlier[0].host, "rtx");
    EXPECT_EQ(read->earlier[0].status, 503);
    EXPECT_EQ(read->earlier[0].reason, "load_refused");
    EXPECT_EQ(read->earlier[0].ended, 1.5);
}

TEST(stored_request, keeps_its_time_of_day_after_a_restart) {
    auto later = now;
    later.time += 1h;
    later.steady = std::chrono::steady_clock::time_point{5s}; // the machine has started again
    auto const in = stored(example());
    auto const read = decode(in, later);
    ASSERT_TRUE(read);
    EXPECT_EQ(later.steady - read->told.began, 1h + 2500ms);
}

TEST(stored_request, has_room_for_the_longest_texts_and_some_attempts) {
    std::string const text(500, 'x');
    auto one = example();
    for (auto* each : {&one.host, &one.model, &one.client, &one.agent, &one.address, &one.path,
                       &one.id, &one.detail})
        *each = text;
    std::vector<earlier_attempt> const earlier(9, {text, 500, "suspected_memory", 1});
    auto const in = stored(one, earlier);
    auto const read = decode(in, now);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->told.model, std::string(96, 'x'));
    EXPECT_EQ(read->earlier.size(), 1U);
}

TEST(stored_request, is_nothing_where_a_byte_differs) {
    auto const in = stored(example());
    for (std::size_t at = 0; at < in.size(); ++at) {
        auto damaged = in;
        damaged[at] = static_cast<char>(damaged[at] ^ 4);
        EXPECT_FALSE(decode(damaged, now)) << at;
    }
    EXPECT_FALSE(decode(slot{}, now));
}

TEST(stored_request, goes_back_into_a_ring_that_outlives_its_texts) {
    request_ring ring;
    ring.bound(2);
    {
        auto const in = stored(example(), {{"rtx", 503, "load_refused", 1.5}});
        auto read = decode(in, now);
        ASSERT_TRUE(read);
        EXPECT_TRUE(ring.add_again(read->told, std::move(read->earlier)));
    }
    EXPECT_EQ(ring.at(1).told().ended, "complete");
    EXPECT_EQ(ring.at(1).told().model, "qwen/qwen3-8b");
    EXPECT_EQ(ring.at(1).earlier().at(0).reason, "load_refused");
}

TEST(stored_request, brings_no_more_words_than_the_program_has) {
    request_ring ring;
    ring.bound(500);
    for (int i = 0; i < 300; ++i) {
        auto const word = "word" + std::to_string(i);
        auto one = example();
        one.verdict = word;
        ring.add_again(one, {});
    }
    EXPECT_LT(ring.newest(), 100U);
    EXPECT_TRUE(ring.add_again(ring.at(1).told(), {}));
}

} // namespace
} // namespace secondwind::telemetry
