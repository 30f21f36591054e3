// Answers in a content coding are judged by what they say.
#include <secondwind/policy/classify.hpp>

#include "judging.hpp"

#include <support/encoded.hpp>
#include <support/splits.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace secondwind::policy {
namespace classify_encoded_test {

using test::coding;
using test::encoded;

constexpr std::string_view message = "Error: insufficient system resources";

std::string json_error() {
    return R"({"error":{"message":")" + std::string{message} + R"("}})";
}

judgement judge(int status, std::string_view type, tests::pieces const& pieces,
                std::string_view encoding, std::size_t bound = roomy) {
    classifier c{status, type, bound, encoding};
    for (auto const piece : pieces)
        if (c.push(piece))
            break;
    c.finish();
    return c.result();
}

judgement judge_everywhere(int status, std::string_view type, std::string_view body,
                           std::string_view encoding, std::size_t bound = roomy) {
    auto const whole = judge(status, type, {body}, encoding, bound);
    tests::for_each_split(body, [&](tests::pieces const& pieces) {
        auto const cut = judge(status, type, pieces, encoding, bound);
        ASSERT_EQ(cut.verdict, whole.verdict) << pieces.front().size();
        ASSERT_EQ(cut.message, whole.message) << pieces.front().size();
    });
    return whole;
}

constexpr std::array<std::pair<char const*, coding>, 4> codings{{{"gzip", coding::gzip},
                                                                 {"x-gzip", coding::gzip},
                                                                 {"deflate", coding::zlib},
                                                                 {"Deflate", coding::raw}}};

TEST(classify_encoded, finds_the_message_in_every_coding_and_status) {
    for (auto const& [name, how] : codings) {
        for (int const status : {200, 400, 404, 500}) {
            auto const seen = judge_everywhere(status, json_type, encoded(json_error(), how), name);
            EXPECT_EQ(seen.verdict, verdict::load_refused) << name << status;
            EXPECT_EQ(seen.message, message);
        }
    }
}

TEST(classify_encoded, finds_the_message_in_an_event) {
    auto const stream =
        ": hello\n\nevent: ping\ndata: {}\n\nevent: error\ndata: " + json_error() + "\n\n";
    for (auto const& [name, how] : codings)
        EXPECT_EQ(judge_everywhere(200, stream_type, encoded(stream, how), name).verdict,
                  verdict::load_refused);
}

TEST(classify_encoded, decides_on_the_first_bytes_of_a_success) {
    test::encoder server;
    classifier json{200, json_type, roomy, "gzip"};
    EXPECT_TRUE(json.push(server.flush(R"({"id":)")));
    EXPECT_EQ(json.result().verdict, verdict::healthy);

    test::encoder events;
    classifier stream{200, stream_type, roomy, "gzip"};
    EXPECT_FALSE(stream.push(events.flush("event: message_start\ndata: {}\n\n")));
    EXPECT_TRUE(stream.push(events.flush("data: {\"choices\":[]}\n\n")));
    EXPECT_EQ(stream.result().verdict, verdict::healthy);
}

TEST(classify_encoded, decides_by_the_status_where_it_does_not_know_the_coding) {
    for (auto const* other : {"br", "zstd", "gzip, gzip", "x"}) {
        classifier success{200, stream_type, roomy, other};
        EXPECT_TRUE(success.decided());
        EXPECT_EQ(success.result().verdict, verdict::healthy);
        classifier error{400, json_type, roomy, other};
        EXPECT_TRUE(error.push(json_error()));
        EXPECT_EQ(error.result().verdict, verdict::other_error);
        EXPECT_EQ(error.result().message, "");
    }
}

TEST(classify_encoded, believes_nothing_of_a_broken_body) {
    auto broken = encoded(json_error());
    broken[broken.size() - 8] ^= 1; // the checksum
    for (auto const& body : {broken, json_error()}) {
        for (int const status : {200, 400}) {
            auto const seen = judge_everywhere(status, json_type, body, "gzip");
            EXPECT_EQ(seen.verdict, status == 200 ? verdict::healthy : verdict::other_error);
            EXPECT_EQ(seen.message, "");
        }
    }
}

TEST(classify_encoded, judges_a_cut_body_by_what_came) {
    auto const body = encoded(json_error());
    // All of the text is there, only the checksum behind it is not.
    auto const seen = judge(500, json_type, {body.substr(0, body.size() - 8)}, "gzip");
    EXPECT_EQ(seen.verdict, verdict::load_refused);
    EXPECT_EQ(judge(500, json_type, {body.substr(0, 20)}, "gzip").verdict, verdict::other_error);
    EXPECT_EQ(judge(200, json_type, {}, "gzip").verdict, verdict::healthy);
}

TEST(classify_encoded, decides_at_its_bound_of_either_side) {
    auto const text = R"({"error":{"message":")" + std::string(1024 * 1024, '0');
    auto const bomb = encoded(text);
    ASSERT_LT(bomb.size(), 1200U);
    for (int const status : {200, 400}) {
        auto const seen = judge_everywhere(status, json_type, bomb, "gzip", 4096);
        auto const plain = judge_pieces(status, json_type, {text}, 4096);
        EXPECT_EQ(seen.verdict, plain.verdict) << status;
        EXPECT_EQ(seen.message, plain.message) << status;
    }
    auto const comments = encoded(std::string(1024 * 1024, ':'));
    EXPECT_EQ(judge_everywhere(200, stream_type, comments, "gzip", 4096).verdict, verdict::healthy);

    // Decodes to nothing, for as long as it goes on.
    std::string name{"\x1f\x8b\x08\x08\0\0\0\0\0\xff", 10};
    name.append(200, 'n');
    classifier endless{400, json_type, 100, "gzip"};
    EXPECT_FALSE(endless.push(name.substr(0, 99)));
    EXPECT_TRUE(endless.push(name.substr(99)));
    EXPECT_EQ(endless.result().verdict, verdict::other_error);
}

} // namespace classify_encoded_test
} // namespace secondwind::policy
