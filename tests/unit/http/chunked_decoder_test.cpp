#include <secondwind/http/chunked_decoder.hpp>

#include <support/splits.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace secondwind::http {
namespace chunked_decoder_test {

using namespace std::string_view_literals;
using state = decoder_state;

struct outcome {
    decoder_state state = state::need_more;
    std::size_t consumed = 0;
    std::string data;
    std::string_view rule;
};

outcome decode(tests::pieces const& pieces) {
    chunked_decoder decoder;
    outcome result;
    for (auto piece : pieces) {
        while (!piece.empty()) {
            auto const step = decoder.push(piece);
            result.data += step.data;
            result.consumed += step.consumed;
            result.state = step.state;
            piece.remove_prefix(step.consumed);
            if (step.state != state::need_more) {
                result.rule = decoder.rule();
                // Nothing more is taken or told once it is over.
                auto const after = decoder.push("5\r\n");
                EXPECT_EQ(after.state, step.state);
                EXPECT_EQ(after.consumed, 0U);
                EXPECT_TRUE(after.data.empty());
                return result;
            }
        }
    }
    return result;
}

outcome decode_everywhere(std::string_view input) {
    auto const whole = decode({input});
    tests::for_each_split(input, [&](tests::pieces const& pieces) {
        auto const now = decode(pieces);
        ASSERT_EQ(now.state, whole.state) << input;
        ASSERT_EQ(now.consumed, whole.consumed) << input;
        ASSERT_EQ(now.data, whole.data) << input;
        ASSERT_EQ(now.rule, whole.rule) << input;
    });
    return whole;
}

TEST(chunked_decoder, decodes_well_formed_bodies_and_takes_no_byte_beyond) {
    struct {
        std::string_view coded, data;
    } const cases[] = {
        {"0\r\n\r\n", ""},
        {"5\r\nhello\r\n0\r\n\r\n", "hello"},
        {"1\r\na\r\n2\r\nbc\r\n00\r\n\r\n", "abc"},
        {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
        {"a\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n"},
        {"0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n", "abc"},
        {"1;a=b;c\r\nx\r\n0;b=\"e;\\\" \t\xff\"\r\n\r\n", "x"},
        {"1 ; a = b\t;c=\"d\" ; e\r\nx\r\n0\r\n\r\n", "x"},
        {"1\r\nx\r\n0\r\nA: b\r\nc:\t \r\nEmpty:\r\n\r\n", "x"},
    };
    for (auto const& each : cases) {
        auto const found = decode_everywhere(std::string{each.coded} + "GET /");
        EXPECT_EQ(found.state, state::complete) << each.coded;
        EXPECT_EQ(found.consumed, each.coded.size()) << each.coded;
        EXPECT_EQ(found.data, each.data) << each.coded;
        EXPECT_EQ(found.rule, "");
    }
}

TEST(chunked_decoder, refuses_what_breaks_a_rule_at_the_first_bad_byte) {
    struct {
        std::string_view coded, rule;
        std::size_t good; // bytes before the bad one
    } const cases[] = {
        {"\r\n", "chunk_size", 0},
        {"g\r\n", "chunk_size", 0},
        {"+1\r\n", "chunk_size", 0},
        {"-1\r\n", "chunk_size", 0},
        {" 1\r\n", "chunk_size", 0},
        {"0x1\r\n", "chunk_size", 1},
        {"1_0\r\n", "chunk_size", 1},
        {"1 1\r\n", "chunk_extension", 2},
        {"1 \r\n", "chunk_extension", 2},
        {"1\n", "chunk_size", 1},
        {"1\rx", "chunk_line_end", 2},
        {"1\r\r\n", "chunk_line_end", 2},
        {"8000000000000000\r\n", "chunk_size", 15},
        {"ffffffffffffffff\r\n", "chunk_size", 15},
        {"00000000000000000\r\n", "chunk_size", 16},
        {"\0"sv, "chunk_size", 0},
        {";a\r\n", "chunk_size", 0},
        {"1\r\nab\r\n", "chunk_end", 4},
        {"2\r\na\r\n0\r\n\r\n", "chunk_end", 5},
        {"1\r\na\n0\r\n", "chunk_end", 4},
        {"1\r\na\rb", "chunk_line_end", 5},
        {"1\r\na\r\n\r\n", "chunk_size", 6},
        {"1;\r\n", "chunk_extension", 2},
        {"1;;a\r\n", "chunk_extension", 2},
        {"1;=a\r\n", "chunk_extension", 2},
        {"1;a=\r\n", "chunk_extension", 4},
        {"1;a==b\r\n", "chunk_extension", 4},
        {"1;a \r\n", "chunk_extension", 4},
        {"1;a b\r\n", "chunk_extension", 4},
        {"1;a=b c\r\n", "chunk_extension", 6},
        {"1;a=b=c\r\n", "chunk_extension", 5},
        {"1;a\n", "chunk_extension", 3},
        {"1;a\rb", "chunk_line_end", 4},
        {"1;a=\"b\rc\"\r\n", "chunk_extension", 6},
        {"1;a=\"b\nc\"\r\n", "chunk_extension", 6},
        {"1;a=\"b\\\n\"\r\n", "chunk_extension", 7},
        {"1;a=\"b\"c\r\n", "chunk_extension", 7},
        {"1;a\0b\r\n"sv, "chunk_extension", 3},
        {"0\r\n\n", "trailer", 3},
        {"0\r\n\rx", "chunk_line_end", 4},
        {"0\r\n A: b\r\n\r\n", "trailer", 3},
        {"0\r\n: b\r\n\r\n", "trailer", 3},
        {"0\r\nA : b\r\n\r\n", "trailer", 4},
        {"0\r\nA\r\n\r\n", "trailer", 4},
        {"0\r\nA: b\n\r\n", "trailer", 7},
        {"0\r\nA: b\0\r\n"sv, "trailer", 7},
        {"0\r\nA: b\r\n c\r\n\r\n", "trailer", 9},
        {"0\r\nA: b\rc\r\n", "chunk_line_end", 8},
    };
    for (auto const& each : cases) {
        auto const found = decode_everywhere(each.coded);
        EXPECT_EQ(found.state, state::bad) << each.coded;
        EXPECT_EQ(found.rule, each.rule) << each.coded;
        EXPECT_EQ(found.consumed, each.good) << each.coded;
    }
}

TEST(chunked_decoder, is_not_complete_before_the_last_byte) {
    std::string_view const coded = "3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n";
    for (std::size_t size = 0; size < coded.size(); ++size) {
        EXPECT_EQ(decode({coded.substr(0, size)}).state, state::need_more) << size;
    }
}

TEST(chunked_decoder, takes_the_largest_size) {
    chunked_decoder decoder;
    auto const step = decoder.push("7fffffffffffffff\r\nabc");
    EXPECT_EQ(step.state, state::need_more);
    EXPECT_EQ(step.data, "abc");
}

TEST(chunked_decoder, shows_one_run_of_data_at_a_time) {
    chunked_decoder decoder;
    std::string_view in = "1\r\na\r\n1\r\nb\r\n";
    auto step = decoder.push(in);
    EXPECT_EQ(step.data, "a");
    EXPECT_EQ(step.consumed, 6U);
    in.remove_prefix(step.consumed);
    step = decoder.push(in);
    EXPECT_EQ(step.data, "b");
    EXPECT_EQ(step.consumed, 6U);
}

TEST(chunked_decoder, knows_when_it_is_between_chunks) {
    chunked_decoder decoder;
    EXPECT_TRUE(decoder.between_chunks());
    decoder.push("1");
    EXPECT_FALSE(decoder.between_chunks());
    decoder.push("\r\na");
    EXPECT_FALSE(decoder.between_chunks());
    decoder.push("\r\n");
    EXPECT_TRUE(decoder.between_chunks());
    decoder.push("0\r\n");
    EXPECT_FALSE(decoder.between_chunks());
}

TEST(chunked_decoder, bounds_the_extensions_of_a_whole_message) {
    std::string coded;
    for (int i = 0; i < 16; ++i) {
        coded += "1;" + std::string(1024, 'a') + "\r\nx\r\n";
    }
    auto const within = decode({coded + "0\r\n\r\n"});
    EXPECT_EQ(within.state, state::complete);
    auto const beyond = decode({coded + "0;b\r\n\r\n"});
    EXPECT_EQ(beyond.state, state::bad);
    EXPECT_EQ(beyond.rule, "chunk_extensions_too_large");
}

TEST(chunked_decoder, bounds_the_trailers_apart_from_the_extensions) {
    auto const message = [](std::size_t value) {
        return "1;" + std::string(16 * 1024, 'a') + "\r\nx\r\n0\r\nA:" + std::string(value, 'b') +
               "\r\n\r\n";
    };
    EXPECT_EQ(decode({message(16 * 1024 - 2)}).state, state::complete); // with its "A:"
    auto const beyond = decode({message(16 * 1024 - 1)});
    EXPECT_EQ(beyond.state, state::bad);
    EXPECT_EQ(beyond.rule, "trailers_too_large");
}

} // namespace chunked_decoder_test
} // namespace secondwind::http
