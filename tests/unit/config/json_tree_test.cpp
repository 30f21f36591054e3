#include "config/json_tree.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace secondwind::config {
namespace {

// The tree with every offset, to compare at one glance.
void show(std::ostream& out, json_node const& node) {
    out << '@' << node.offset << ' ';
    switch (node.type) {
    case json_node::kind::object:
        out << '{';
        for (auto const& m : node.members) {
            out << m.key << '@' << m.key_offset << ':';
            show(out, m.value);
        }
        out << '}';
        return;
    case json_node::kind::array:
        out << '[';
        for (auto const& m : node.members)
            show(out, m.value);
        out << ']';
        return;
    case json_node::kind::string:
        out << '\'' << node.text << '\'';
        return;
    case json_node::kind::number:
    case json_node::kind::literal:
        out << node.text;
    }
}

std::string tree_of(std::string_view text) {
    std::ostringstream out;
    show(out, parse_json_tree(text));
    return out.str();
}

std::string fault_in(std::string_view text) {
    try {
        parse_json_tree(text);
        return "none";
    } catch (json_error const& e) {
        return std::to_string(e.offset()) + " " + e.what();
    }
}

TEST(json_tree, knows_where_everything_stands) {
    EXPECT_EQ(tree_of(R"({"a": 1, "b":[true,null,"x"],"c" : {}})"),
              "@0 {a@1:@6 1b@9:@13 [@14 true@19 null@24 'x']c@29:@35 {}}");
}

TEST(json_tree, knows_it_with_white_space_and_comments_around_every_token) {
    std::vector<std::string> const tokens{"{",     R"("k\"\\")", ":", "-1.5e3", ",", R"("l")", ":",
                                          "[",     "0",          ",", "false",  ",", "12",     ",",
                                          R"("")", "]",          ",", R"("m")", ":", "7",      "}"};
    for (std::string const gap :
         {"", " ", "\t\r\n", "/**/", "/* , : \" { */", "// \" ] }\n", "//\r", " /*/**/ //x\n "}) {
        std::string text;
        std::vector<std::size_t> at;
        for (auto const& token : tokens) {
            text += gap;
            at.push_back(text.size());
            text += token;
        }
        text += gap;
        std::ostringstream expected;
        expected << '@' << at[0] << " {k\"\\@" << at[1] << ":@" << at[3] << " -1.5e3l@" << at[5]
                 << ":@" << at[7] << " [@" << at[8] << " 0@" << at[10] << " false@" << at[12]
                 << " 12@" << at[14] << " '']m@" << at[17] << ":@" << at[19] << " 7}";
        EXPECT_EQ(tree_of(text), expected.str()) << text;
        EXPECT_EQ(tree_of("\xEF\xBB\xBF" + text).substr(0, 2),
                  "@" + std::to_string(at[0] + 3).substr(0, 1));
    }
}

TEST(json_tree, allows_a_comma_after_the_last_member) {
    EXPECT_EQ(tree_of("[1,]"), "@0 [@1 1]");
    EXPECT_EQ(tree_of("[[{},],]"), "@0 [@1 [@2 {}]]");
    EXPECT_EQ(tree_of("{\"k\": \",]\" , // ,\n /* } */ }"), tree_of("{\"k\": \",]\"  }"));
    EXPECT_EQ(tree_of("[\"\\\",]\",]"), tree_of("[\"\\\",]\"]"));
}

TEST(json_tree, takes_any_value_for_a_root) {
    EXPECT_EQ(tree_of("1"), "@0 1");
    EXPECT_EQ(tree_of(" \"s\" "), "@1 's'");
    EXPECT_EQ(tree_of("[[],{}]"), "@0 [@1 []@4 {}]");
}

TEST(json_tree, points_at_the_culprit) {
    EXPECT_EQ(fault_in(""), "0 unexpected end of input; expected '[', '{', or a literal");
    EXPECT_EQ(fault_in("{,}"), "1 unexpected ','; expected string literal");
    EXPECT_EQ(fault_in("{\"a\":1,,}"), "7 unexpected ','; expected string literal");
    EXPECT_EQ(fault_in("[,]"), "1 unexpected ','; expected '[', '{', or a literal");
    EXPECT_EQ(fault_in("{\"a\":1,,\"b\":2}"), "7 unexpected ','; expected string literal");
    EXPECT_EQ(fault_in("{\"a\" 1}"), "5 unexpected number literal; expected ':'");
    EXPECT_EQ(fault_in("{\"a\":1 \"b\":2}"), "7 unexpected string literal; expected '}'");
    EXPECT_EQ(fault_in("{\"a\":1"), "6 unexpected end of input; expected '}'");
    EXPECT_EQ(fault_in("{\"a\":1,"), "7 unexpected end of input; expected string literal");
    EXPECT_EQ(fault_in("{\"a\":1}}"), "7 unexpected '}'; expected end of input");
    EXPECT_EQ(fault_in("[1,,2]"), "3 unexpected ','; expected '[', '{', or a literal");
    EXPECT_EQ(fault_in("[1 2]"), "3 unexpected number literal; expected ']'");
    EXPECT_EQ(fault_in("{ foo: 1}"), "2 invalid literal; expected string literal");
}

TEST(json_tree, points_at_the_start_of_a_token_or_comment_that_is_malformed) {
    EXPECT_TRUE(
        fault_in("{\"a\": \"never ended").starts_with("6 invalid string: missing closing quote"));
    EXPECT_TRUE(fault_in("{\"a\": 1 /* never ended").starts_with("8 invalid comment"));
    EXPECT_TRUE(fault_in("{\"a\": 01}").starts_with("7 unexpected number literal"));
    EXPECT_TRUE(
        fault_in("{\"a\": \"\xFF\"}").starts_with("6 invalid string: ill-formed UTF-8 byte"));
    EXPECT_EQ(fault_in("{\"a\": 1e999}"), "6 number overflow");
    EXPECT_TRUE(fault_in("{\"a\": 1e}").starts_with("6 invalid number"));
}

TEST(json_tree, does_not_take_a_nul_for_the_end) {
    using namespace std::string_view_literals;
    EXPECT_EQ(fault_in("{}\0 anything"sv), "2 a NUL byte");
    EXPECT_EQ(fault_in("{//\0\n}"sv), "3 a NUL byte");
}

TEST(json_tree, has_a_bottom) {
    auto const nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_EQ(fault_in(nested(16)), "none");
    EXPECT_EQ(fault_in(nested(17)), "16 nested too deeply");
    EXPECT_EQ(fault_in(std::string(1'000'000, '[')), "16 nested too deeply");
}

TEST(json_tree, ends_every_truncated_text_in_an_error_within_it) {
    std::string const text =
        "{\"a\": [1, 2.5, true, \"x\\n\"], /* c */ \"b\": {\"c\": null} // d\n}";
    for (std::size_t n = 0; n < text.size(); ++n) {
        auto const cut = text.substr(0, n);
        try {
            parse_json_tree(cut);
            ADD_FAILURE() << cut;
        } catch (json_error const& e) {
            EXPECT_LE(e.offset(), n) << cut;
            EXPECT_FALSE(std::string_view{e.what()}.empty());
        }
    }
    EXPECT_EQ(fault_in(text), "none");
}

TEST(text_position, counts_lines_and_characters_from_one) {
    auto const at = [](std::string_view text, std::size_t offset) {
        auto const p = position_of(text, offset);
        return std::to_string(p.line) + ":" + std::to_string(p.column);
    };
    EXPECT_EQ(at("", 0), "1:1");
    EXPECT_EQ(at("abc", 2), "1:3");
    EXPECT_EQ(at("a\nbc", 2), "2:1");
    EXPECT_EQ(at("a\r\nbc", 4), "2:2");
    EXPECT_EQ(at("a\n\n", 3), "3:1");
    EXPECT_EQ(at("\xC3\xBC\xE2\x82\xACx", 5), "1:3"); // characters, not bytes
    EXPECT_EQ(at("\xEF\xBB\xBF{", 3), "1:1");         // the byte order mark is none
    EXPECT_EQ(at("abc", 99), "1:4");
}

} // namespace
} // namespace secondwind::config
