#include <secondwind/base/escape.hpp>
#include <secondwind/base/json.hpp>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace secondwind {
namespace {

std::string escaped(std::string_view text) {
    std::string out;
    append_escaped(out, text);
    return out;
}

std::string encode(std::uint32_t c) {
    auto const part = [](std::uint32_t bits) { return static_cast<char>(bits & 0xffU); };
    if (c < 0x80)
        return {part(c)};
    if (c < 0x800)
        return {part(0xc0U | (c >> 6U)), part(0x80U | (c & 0x3fU))};
    if (c < 0x10000)
        return {part(0xe0U | (c >> 12U)), part(0x80U | ((c >> 6U) & 0x3fU)),
                part(0x80U | (c & 0x3fU))};
    return {part(0xf0U | (c >> 18U)), part(0x80U | ((c >> 12U) & 0x3fU)),
            part(0x80U | ((c >> 6U) & 0x3fU)), part(0x80U | (c & 0x3fU))};
}

TEST(escape, leaves_printable_text_as_it_is) {
    EXPECT_EQ(escaped("GET /v1/models?x='1'"), "GET /v1/models?x='1'");
    EXPECT_EQ(escaped("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80"),
              "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80");
    EXPECT_EQ(escaped(""), "");
}

TEST(escape, escapes_quotes_backslashes_and_control_characters) {
    EXPECT_EQ(escaped("a\"b\\c"), R"(a\"b\\c)");
    EXPECT_EQ(escaped("a\r\nb\tc"), R"(a\r\nb\tc)");
    EXPECT_EQ(escaped(std::string_view{"\0\x1b\x7f", 3}), R"(\u0000\u001b\u007f)");
}

TEST(escape, escapes_what_terminals_and_viewers_obey) {
    EXPECT_EQ(escaped("\xC2\x9B[2J"), R"(\u009b[2J)");      // a C1 control
    EXPECT_EQ(escaped("a\xE2\x80\xA8z"), R"(a\u2028z)");    // a line separator
    EXPECT_EQ(escaped("a\xE2\x80\xAEz"), R"(a\u202ez)");    // right-to-left override
    EXPECT_EQ(escaped("a\xE2\x81\xA6z"), R"(a\u2066z)");    // left-to-right isolate
    EXPECT_EQ(escaped("a\xE2\x80\xA7z"), "a\xE2\x80\xA7z"); // their neighbours are harmless
    EXPECT_EQ(escaped("a\xC2\xA0z"), "a\xC2\xA0z");
}

TEST(escape, escapes_what_nobody_sees) {
    EXPECT_EQ(escaped("a\xE2\x80\x8Bz"), R"(a\u200bz)");            // zero-width space
    EXPECT_EQ(escaped("a\xE2\x80\x8Fz"), R"(a\u200fz)");            // right-to-left mark
    EXPECT_EQ(escaped("a\xD8\x9Cz"), R"(a\u061cz)");                // Arabic letter mark
    EXPECT_EQ(escaped("a\xC2\xADz"), R"(a\u00adz)");                // soft hyphen
    EXPECT_EQ(escaped("a\xE2\x81\xA0z"), R"(a\u2060z)");            // word joiner
    EXPECT_EQ(escaped("a\xEF\xBB\xBFz"), R"(a\ufeffz)");            // byte order mark
    EXPECT_EQ(escaped("a\xF3\xA0\x81\x81z"), R"(a\udb40\udc41z)");  // a tag
    EXPECT_EQ(escaped("a\xE2\x80\x90z"), "a\xE2\x80\x90z");         // a hyphen is seen
    EXPECT_EQ(escaped("a\xF0\x9F\x98\x80z"), "a\xF0\x9F\x98\x80z"); // so is a face
}

TEST(escape, changes_nothing_else_of_a_json_document) {
    EXPECT_EQ(escape_unseen("{\"a\":\"b\\n\xE2\x80\xAE\xE2\x82\xAC\"}"),
              "{\"a\":\"b\\n\\u202e\xE2\x82\xAC\"}");
    EXPECT_EQ(write_json(nlohmann::json{{"a", "\xE2\x80\x8B\n"}}), R"({"a":"\u200b\n"})");
    EXPECT_EQ(escape_unseen("[\n\t1 ]"), "[\n\t1 ]");
}

TEST(beginning_of, cuts_no_character_in_two) {
    std::string const euros = "\xE2\x82\xAC\xE2\x82\xAC";
    for (std::size_t limit = 0; limit <= 7; ++limit)
        EXPECT_EQ(beginning_of(euros, limit).size(), std::min<std::size_t>(limit / 3 * 3, 6));
}

TEST(escape, replaces_each_byte_of_invalid_utf8) {
    std::string const bad = "\xEF\xBF\xBD";
    EXPECT_EQ(escaped("a\xFFz"), "a" + bad + "z");
    EXPECT_EQ(escaped("\x80"), bad);
    EXPECT_EQ(escaped("\xC3"), bad);                               // cut short
    EXPECT_EQ(escaped("\xE2\x82z"), bad + bad + "z");              // cut short before another
    EXPECT_EQ(escaped("\xC0\xAF"), bad + bad);                     // overlong
    EXPECT_EQ(escaped("\xE0\x80\xAF"), bad + bad + bad);           // overlong
    EXPECT_EQ(escaped("\xED\xA0\x80"), bad + bad + bad);           // a surrogate
    EXPECT_EQ(escaped("\xF4\x90\x80\x80"), bad + bad + bad + bad); // past U+10FFFF
    EXPECT_EQ(escaped("\xF8\x88\x80\x80\x80").size(), 5 * bad.size());
}

TEST(escape, yields_json_that_reads_back_as_the_same_for_every_code_point) {
    for (std::uint32_t c = 0; c <= 0x10ffff; c += c < 0x3000 ? 1 : 251) {
        if (c >= 0xd800 && c < 0xe000)
            continue;
        auto const text = encode(c);
        auto const json = nlohmann::json::parse("\"" + escaped(text) + "\"", nullptr, false);
        ASSERT_TRUE(json.is_string()) << std::hex << c;
        ASSERT_EQ(json.get<std::string>(), text) << std::hex << c;
    }
}

TEST(escape, yields_valid_json_for_every_pair_of_bytes) {
    for (int first = 0; first < 256; ++first)
        for (int second = 0; second < 256; ++second) {
            std::string const text{static_cast<char>(first), static_cast<char>(second)};
            auto const json = nlohmann::json::parse("\"" + escaped(text) + "\"", nullptr, false);
            ASSERT_TRUE(json.is_string()) << first << ' ' << second;
        }
}

TEST(escape, knows_what_needs_no_escape_at_every_position) {
    EXPECT_TRUE(is_plain(""));
    for (std::size_t const size : {1U, 7U, 8U, 9U, 17U})
        for (std::size_t at = 0; at < size; ++at)
            for (int c = 0; c < 256; ++c) {
                std::string text(size, '~');
                text[at] = static_cast<char>(c);
                bool const ascii = c < 0x80;
                ASSERT_EQ(is_plain(text), ascii && escaped(text) == text)
                    << size << " " << at << " " << c;
            }
}

TEST(escape, knows_a_bare_word) {
    EXPECT_TRUE(is_bare_word("/v1/chat/completions"));
    EXPECT_TRUE(is_bare_word(""));
    for (std::string const text : {"a b", "a=b", "a\"b", "a\\b", "a\nb", "\x7f", "\xC3\xBC"})
        EXPECT_FALSE(is_bare_word(text)) << text;
}

TEST(escape, cuts_a_long_text_between_characters) {
    EXPECT_EQ(in_quotes("abc", 3), R"("abc")");
    EXPECT_EQ(in_quotes("abcd", 3), R"("abc...")");
    EXPECT_EQ(in_quotes("ab\xE2\x82\xAC!", 4), R"("ab...")");
    EXPECT_EQ(in_quotes("\x80\x80\x80\x80", 2), R"("...")");
    EXPECT_EQ(in_quotes("a\"b"), R"("a\"b")");
}

TEST(escape, knows_utf8_from_other_bytes) {
    for (std::uint32_t const c :
         {0x0U, 0x7fU, 0x80U, 0x7ffU, 0x800U, 0xd7ffU, 0xe000U, 0xffffU, 0x10000U, 0x10ffffU})
        EXPECT_TRUE(is_utf8("a" + encode(c) + "b")) << c;
    EXPECT_TRUE(is_utf8(""));
    for (std::string_view const text :
         {"\x80", "a\xC3", "\xC3(", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\xAF",
          "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF"})
        EXPECT_FALSE(is_utf8(text)) << escaped(text);
}

} // namespace
} // namespace secondwind
