#include <secondwind/http/inflate.hpp>

#include <support/encoded.hpp>
#include <support/splits.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace secondwind::http {
namespace inflate_test {

using inflated = inflater_state;
using test::coding;
using test::encoded;
using namespace std::string_literals;

constexpr std::size_t roomy = 64 * 1024;
constexpr std::string_view text =
    R"({"error":{"message":"Model loading was stopped due to insufficient system resources."}})";

struct decoded {
    std::string text;
    inflater_state state = inflater_state::need_more;
    bool operator==(decoded const&) const = default;
};

void PrintTo(decoded const& d, std::ostream* out) {
    *out << static_cast<int>(d.state) << ": " << d.text;
}

decoded decode(std::string_view encoding, tests::pieces const& pieces, std::size_t bound = roomy) {
    decoded all;
    auto from = inflater::for_encoding(encoding, bound);
    auto const keep = [&](std::string_view piece) {
        EXPECT_FALSE(piece.empty());
        all.text.append(piece);
        return true;
    };
    for (auto const piece : pieces) {
        all.state = from->push(piece, keep);
        EXPECT_EQ(from->state(), all.state);
    }
    EXPECT_LE(all.text.size(), bound);
    return all;
}

decoded decode_all_ways(std::string_view encoding, std::string_view body,
                        std::size_t bound = roomy) {
    auto const whole = decode(encoding, {body}, bound);
    tests::for_each_split(body, [&](tests::pieces const& pieces) {
        ASSERT_EQ(decode(encoding, pieces, bound), whole) << pieces.front().size();
    });
    return whole;
}

tests::pieces single_bytes(std::string_view body) {
    tests::pieces bytes;
    for (; !body.empty(); body.remove_prefix(1))
        bytes.push_back(body.substr(0, 1));
    return bytes;
}

std::string repeated(std::string_view what, std::size_t times) {
    std::string all;
    while (times-- != 0)
        all.append(what);
    return all;
}

TEST(inflater, decodes_each_coding_that_it_knows) {
    decoded const whole{std::string{text}, inflated::complete};
    EXPECT_EQ(decode_all_ways("gzip", encoded(text)), whole);
    EXPECT_EQ(decode_all_ways("X-Gzip", encoded(text)), whole);
    EXPECT_EQ(decode_all_ways("deflate", encoded(text, coding::zlib)), whole);
    EXPECT_EQ(decode_all_ways("DEFLATE", encoded(text, coding::raw)), whole);
}

TEST(inflater, is_for_no_other_coding_and_for_one_only) {
    for (auto const* other : {"", "identity", "br", "zstd", "compress", "gzip, gzip",
                              "deflate,gzip", "gzip;q=1", "gzi", "gzip2", "*"})
        EXPECT_FALSE(inflater::for_encoding(other, roomy)) << other;
}

TEST(inflater, decodes_an_empty_body_and_a_long_one) {
    EXPECT_EQ(decode_all_ways("gzip", encoded("")), (decoded{"", inflated::complete}));
    EXPECT_EQ(decode_all_ways("deflate", encoded("", coding::raw)),
              (decoded{"", inflated::complete}));
    EXPECT_EQ(decode("gzip", {}), (decoded{"", inflated::need_more}));

    auto const lines = repeated(text, 500);
    EXPECT_EQ(decode_all_ways("gzip", encoded(lines)), (decoded{lines, inflated::complete}));
    EXPECT_EQ(decode("deflate", {encoded(lines, coding::raw)}),
              (decoded{lines, inflated::complete}));
}

TEST(inflater, hands_out_at_once_what_a_server_has_flushed) {
    for (auto const how : {coding::gzip, coding::zlib, coding::raw}) {
        test::encoder server{how};
        auto from = inflater::for_encoding(how == coding::gzip ? "gzip" : "deflate", roomy);
        for (auto const* event : {"data: 1\n\n", "data: 2\n\n", "data: [DONE]\n\n"}) {
            std::string seen;
            auto const after = from->push(server.flush(event), [&](std::string_view piece) {
                seen.append(piece);
                return true;
            });
            EXPECT_EQ(seen, event);
            EXPECT_EQ(after, inflated::need_more);
        }
        auto const after = from->push(server.finish(), [](std::string_view) { return true; });
        EXPECT_EQ(after, inflated::complete);
    }
}

TEST(inflater, goes_on_after_it_was_moved) {
    auto const body = encoded(text);
    auto from = inflater::for_encoding("gzip", roomy);
    std::string seen;
    auto const keep = [&](std::string_view piece) {
        seen.append(piece);
        return true;
    };
    from->push(std::string_view{body}.substr(0, 40), keep);
    inflater moved{std::move(*from)};
    EXPECT_EQ(moved.push(std::string_view{body}.substr(40), keep), inflated::complete);
    EXPECT_EQ(seen, text);
}

TEST(inflater, reads_members_one_behind_the_other) {
    auto const both = encoded("one") + encoded("") + encoded(" two");
    EXPECT_EQ(decode_all_ways("gzip", both), (decoded{"one two", inflated::complete}));
    EXPECT_EQ(decode_all_ways("gzip", both.substr(0, both.size() - 1)),
              (decoded{"one two", inflated::need_more}));
    EXPECT_EQ(decode_all_ways("gzip", encoded("one") + "\x1f\x8b no member"),
              (decoded{"one", inflated::bad}));
}

TEST(inflater, ignores_what_stands_behind_the_end) {
    for (auto const& behind : {"\0"s, "\0\0\0\0"s, "\x1f"s, "\x1f\x8a"s, "garbage"s}) {
        EXPECT_EQ(decode_all_ways("gzip", encoded("text") + behind),
                  (decoded{"text", inflated::complete}));
        EXPECT_EQ(decode_all_ways("deflate", encoded("text", coding::zlib) + behind),
                  (decoded{"text", inflated::complete}));
        EXPECT_EQ(decode_all_ways("deflate", encoded("text", coding::raw) + behind),
                  (decoded{"text", inflated::complete}));
    }
    // Once it is no member, nothing behind it is one either.
    EXPECT_EQ(decode_all_ways("gzip", encoded("text") + "??" + encoded("more")),
              (decoded{"text", inflated::complete}));
    EXPECT_EQ(decode_all_ways("deflate", encoded("a", coding::raw) + encoded("b", coding::raw)),
              (decoded{"a", inflated::complete}));
}

TEST(inflater, a_body_that_is_cut_anywhere_lacks_its_end) {
    for (auto const how : {coding::gzip, coding::zlib, coding::raw}) {
        auto const body = encoded(text, how);
        for (std::size_t size = 0; size < body.size(); ++size) {
            auto const cut = decode(how == coding::gzip ? "gzip" : "deflate",
                                    {std::string_view{body}.substr(0, size)});
            EXPECT_EQ(cut.state, inflated::need_more) << size;
            EXPECT_TRUE(text.starts_with(cut.text)) << size;
        }
    }
}

TEST(inflater, a_broken_bit_is_never_taken_for_another_text) {
    for (auto const how : {coding::gzip, coding::zlib}) {
        auto const body = encoded(text, how);
        for (std::size_t bit = 0; bit < body.size() * 8; ++bit) {
            auto broken = body;
            broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
            auto const* const name = how == coding::gzip ? "gzip" : "deflate";
            auto const seen = decode(name, {broken});
            EXPECT_EQ(decode(name, single_bytes(broken)), seen) << bit;
            // Time, system and level of gzip's head say nothing of the text.
            if (seen.state == inflated::complete) {
                EXPECT_EQ(seen.text, text) << bit;
            }
        }
    }
}

TEST(inflater, refuses_what_its_coding_does_not_say) {
    EXPECT_EQ(decode_all_ways("gzip", text), (decoded{"", inflated::bad}));
    EXPECT_EQ(decode_all_ways("gzip", encoded(text, coding::zlib)), (decoded{"", inflated::bad}));
    EXPECT_EQ(decode_all_ways("deflate", "\x07\x07"), (decoded{"", inflated::bad}));
    // A dictionary that nobody has sent (RFC 1950 section 2.2).
    EXPECT_EQ(decode_all_ways("deflate", "\x78\xbb\x01\x02\x03\x04"), (decoded{"", inflated::bad}));

    auto checksum = encoded("text");
    checksum[checksum.size() - 8] ^= 1;
    EXPECT_EQ(decode_all_ways("gzip", checksum), (decoded{"text", inflated::bad}));
    auto length = encoded("text");
    length.back() = 1;
    EXPECT_EQ(decode_all_ways("gzip", length), (decoded{"text", inflated::bad}));
}

TEST(inflater, never_hands_out_more_than_its_bound) {
    auto const bomb = encoded(std::string(1024 * 1024, '0'));
    ASSERT_LT(bomb.size(), 1200U);
    for (std::size_t const bound : {1200U, 4096U, 4097U, 10000U})
        EXPECT_EQ(decode_all_ways("gzip", bomb, bound),
                  (decoded{std::string(bound, '0'), inflated::full}));
    auto const in_members = repeated(encoded("0123456789"), 100);
    EXPECT_EQ(decode("gzip", {in_members}, 5000),
              (decoded{repeated("0123456789", 100), inflated::complete}));
    EXPECT_EQ(decode_all_ways("gzip", in_members, 500).state, inflated::full);
}

TEST(inflater, takes_no_more_than_its_bound_of_what_says_nothing) {
    auto const name = "\x1f\x8b\x08\x08\0\0\0\0\0\xff"s + std::string(2000, 'n');
    EXPECT_EQ(decode_all_ways("gzip", name, 1000), (decoded{"", inflated::full}));
    EXPECT_EQ(decode_all_ways("gzip", name, 4000), (decoded{"", inflated::need_more}));
    auto const empty_blocks = repeated("\0\0\0\xff\xff"s, 200);
    EXPECT_EQ(decode_all_ways("deflate", empty_blocks, 999), (decoded{"", inflated::full}));
    EXPECT_EQ(decode_all_ways("deflate", encoded("text", coding::raw), 0),
              (decoded{"", inflated::full}));
}

TEST(inflater, stops_for_good_when_it_is_told_to) {
    auto const body = encoded(repeated(text, 500));
    auto from = inflater::for_encoding("gzip", roomy);
    int calls = 0;
    auto const once = [&](std::string_view) {
        ++calls;
        return false;
    };
    from->push(body, once);
    from->push(body, once);
    EXPECT_EQ(calls, 1);
}

} // namespace inflate_test
} // namespace secondwind::http
