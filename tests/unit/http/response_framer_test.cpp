#include <secondwind/http/response_framer.hpp>

#include <support/splits.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace secondwind::http {
namespace response_framer_test {

using state = decoder_state;

response_head head_of(http::framing framing, std::uint64_t length = 0) {
    response_head head;
    head.status = 200;
    head.framing = framing;
    head.length = length;
    return head;
}

struct outcome {
    decoder_state before_close = state::need_more;
    decoder_state after_close = state::need_more;
    std::size_t taken = 0;
    std::string data;
};

// Feeds one framer by push() and one by push_run(), which must agree.
outcome frame(response_head const& head, tests::pieces const& pieces) {
    response_framer whole{head};
    response_framer runs{head};
    outcome result;
    std::size_t taken_by_runs = 0;
    for (auto piece : pieces) {
        auto const taken = whole.push(piece);
        result.taken += taken;
        EXPECT_TRUE(taken == piece.size() || whole.state() != state::need_more);
        while (!piece.empty() && runs.state() == state::need_more) {
            auto const step = runs.push_run(piece);
            result.data += step.data;
            taken_by_runs += step.consumed;
            piece.remove_prefix(step.consumed);
        }
    }
    EXPECT_EQ(result.taken, taken_by_runs);
    EXPECT_EQ(whole.state(), runs.state());
    result.before_close = whole.state();
    result.after_close = whole.finish();
    EXPECT_EQ(whole.state(), result.after_close);
    EXPECT_EQ(whole.push("late"), 0U);
    EXPECT_EQ(whole.state(), result.after_close);
    return result;
}

outcome frame_everywhere(response_head const& head, std::string_view input) {
    auto const all = frame(head, {input});
    tests::for_each_split(input, [&](tests::pieces const& pieces) {
        auto const now = frame(head, pieces);
        ASSERT_EQ(now.before_close, all.before_close) << input;
        ASSERT_EQ(now.after_close, all.after_close) << input;
        ASSERT_EQ(now.taken, all.taken) << input;
        ASSERT_EQ(now.data, all.data) << input;
    });
    return all;
}

TEST(response_framer, is_complete_at_the_head_where_there_is_no_body) {
    EXPECT_EQ(response_framer{head_of(framing::none)}.state(), state::complete);
    EXPECT_EQ(response_framer{head_of(framing::length, 0)}.state(), state::complete);
    EXPECT_EQ(response_framer{}.state(), state::complete);
    auto const found = frame_everywhere(head_of(framing::none), "abc");
    EXPECT_EQ(found.taken, 0U);
    EXPECT_EQ(found.after_close, state::complete);
}

TEST(response_framer, counts_a_length_down_and_takes_no_byte_beyond) {
    auto const exact = frame_everywhere(head_of(framing::length, 5), "helloHTTP/1.1 200");
    EXPECT_EQ(exact.before_close, state::complete);
    EXPECT_EQ(exact.taken, 5U);
    EXPECT_EQ(exact.data, "hello");
    auto const cut = frame_everywhere(head_of(framing::length, 5), "hell");
    EXPECT_EQ(cut.before_close, state::need_more);
    EXPECT_EQ(cut.after_close, state::bad);
    EXPECT_EQ(cut.taken, 4U);
}

TEST(response_framer, follows_chunks_and_takes_no_byte_beyond) {
    std::string_view const coded = "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n";
    auto const found = frame_everywhere(head_of(framing::chunked), std::string{coded} + "5\r\n");
    EXPECT_EQ(found.before_close, state::complete);
    EXPECT_EQ(found.taken, coded.size());
    EXPECT_EQ(found.data, "abcde");
    for (std::size_t size = 0; size < coded.size(); ++size) {
        auto const cut = frame(head_of(framing::chunked), {coded.substr(0, size)});
        EXPECT_EQ(cut.before_close, state::need_more) << size;
        EXPECT_EQ(cut.after_close, state::bad) << size;
        EXPECT_EQ(cut.taken, size);
    }
}

TEST(response_framer, gives_no_bad_byte_away) {
    auto const found = frame_everywhere(head_of(framing::chunked), "3\r\nabcX\r\n0\r\n\r\n");
    EXPECT_EQ(found.before_close, state::bad);
    EXPECT_EQ(found.after_close, state::bad);
    EXPECT_EQ(found.taken, 6U);
    EXPECT_EQ(found.data, "abc");
}

TEST(response_framer, ends_a_close_delimited_body_by_closing) {
    auto const found = frame_everywhere(head_of(framing::until_close), "0\r\n\r\nall of it");
    EXPECT_EQ(found.before_close, state::need_more);
    EXPECT_EQ(found.after_close, state::complete);
    EXPECT_EQ(found.taken, 14U);
    EXPECT_EQ(frame(head_of(framing::until_close), {}).after_close, state::complete);
}

} // namespace response_framer_test
} // namespace secondwind::http
