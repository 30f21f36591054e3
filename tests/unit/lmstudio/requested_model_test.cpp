#include <secondwind/lmstudio/requested_model.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace secondwind::lmstudio {
namespace {

std::string const megabyte(1'000'000, 'u');

TEST(requested_model, is_the_top_level_name) {
    for (auto const* text :
         {R"({"model":"a"})", R"({"messages":[{"model":"b"}],"x":{"model":"c"},"model":"a"})",
          R"({"model":"a","model":"b"})", R"({"instance_id":"x","model":"a"})",
          R"({"model":"a","messages": cut off)", "\xEF\xBB\xBF{\"model\":\"a\"}",
          "\n{ \"n\" : [ 1 , -2.5e3, true, null ]\t,\r\n \"model\" \n:\t\"a\" }",
          R"({"":"","s":"model","t":"\"model\":\"b\"","u":["{","[","\\"],"model":"a"})"}) {
        requested_model const model{text};
        EXPECT_EQ(model.name(), "a") << text;
        EXPECT_FALSE(model.unnamed()) << text;
    }
}

TEST(requested_model, is_seen_at_a_glance_where_the_body_begins_with_it) {
    auto const read = requested_model::bytes_read();
    EXPECT_EQ(requested_model{R"({"model":"qwen/qwen3-8b","messages":[]})"}.glance(),
              "qwen/qwen3-8b");
    EXPECT_EQ(requested_model{R"({"model": "a","messages":[]})"}.glance(), "a");
    for (auto const* other :
         {"", "{", R"({"model")", R"({"model":)", R"({"model":")", R"({"model":"a)",
          R"({"model":null})", R"({"messages":[],"model":"a"})", R"({"model":"a\/b"})",
          "{\"model\":\"a\nb\"}", "{\"model\":\"\xC3\xA4\"}", "{\"model\":\"12345678\x1f\"}"})
        EXPECT_EQ(requested_model{other}.glance(), "") << other;
    auto const long_name = R"({"model":")" + std::string(300, 'm') + R"("})";
    EXPECT_EQ(requested_model{long_name}.glance(), "");
    EXPECT_EQ(requested_model::bytes_read(), read);
    requested_model const last{R"({"messages":[],"model":"a"})"};
    EXPECT_EQ(last.name(), "a");
    EXPECT_EQ(last.glance(), "a") << "it is known by now";
}

TEST(requested_model, may_be_written_with_escapes) {
    EXPECT_EQ(requested_model{R"({"m\u006fdel":"a"})"}.name(), "a");
    EXPECT_EQ(requested_model{R"({"\u006d\u006F\u0064\u0065\u006c":"a"})"}.name(), "a");
    EXPECT_EQ(requested_model{R"({"model":"a\/b\u002d\"c\"\\"})"}.name(), R"(a/b-"c"\)");
    EXPECT_EQ(requested_model{"{\"model\":\"\xC3\xA4\\ud83d\\ude00\"}"}.name(),
              "\xC3\xA4\xF0\x9F\x98\x80");
    EXPECT_FALSE(requested_model{R"({"instance\u005fid":"a"})"}.unnamed());
}

TEST(requested_model, may_be_any_where_an_object_names_none) {
    for (auto const* text :
         {"{}", R"({"messages":[]})", R"({"model":null})", R"({"model":7})", R"({"model":""})",
          R"({"model":{"model":"a"}})", R"({"model":["a"]})", R"({"x":{"model":"a"}})",
          R"({"x":{"instance_id":"a"}})", R"({"Model":"a"})", R"({"models":"a"})",
          R"({"x":"model"})", R"({"x":["model"]})", R"({"model":null,"model":"a"})",
          R"({"model":null,"instance_id":"a"})", "{\"model\":\"\xFF\"}", "{\"model\":\"a\nb\"}",
          R"({"model":"\ud83d"})", R"({"model":"\x"})"}) {
        requested_model const model{text};
        EXPECT_TRUE(model.unnamed()) << text;
        EXPECT_EQ(model.name(), "") << text;
    }
}

TEST(requested_model, is_none_where_the_body_is_no_object_or_asks_to_unload) {
    for (auto const* text :
         {"", " ", "[]", R"(["model","a"])", R"([{"model":"a"}])", "null", "\"model\"", "model=a",
          R"({"instance_id":"a"})", R"({"instance_id":7})", R"({"instance_id":1,"model":null})"}) {
        requested_model const model{text};
        EXPECT_EQ(model.name(), "") << text;
        EXPECT_FALSE(model.unnamed()) << text;
    }
    EXPECT_FALSE(requested_model{}.unnamed());
}

TEST(requested_model, may_be_any_where_not_all_of_the_body_was_kept) {
    for (auto const* text : {"", "[1", R"({"instance_id":"a")", R"({"messages":[)"})
        EXPECT_TRUE((requested_model{text, false}.unnamed())) << text;
    requested_model const named{R"({"model":"a","messages":[)", false};
    EXPECT_EQ(named.name(), "a");
    EXPECT_FALSE(named.unnamed());
}

TEST(requested_model, is_kept_up_to_256_bytes) {
    auto const body = R"({"model":")" + std::string(5'000'000, 'm') + R"("})";
    EXPECT_EQ(requested_model{body}.name(), std::string(256, 'm'));
    auto const euros = R"({"model":"m\u20ac)" + std::string(300, 'm') + R"("})";
    EXPECT_EQ(requested_model{euros}.name(), "m\xE2\x82\xAC" + std::string(252, 'm'));
}

TEST(requested_model, is_possible_wherever_there_is_a_body) {
    auto const before = requested_model::bytes_read();
    EXPECT_FALSE(requested_model{}.possible());
    EXPECT_FALSE(requested_model{""}.possible());
    EXPECT_TRUE((requested_model{"", false}.possible()));
    EXPECT_TRUE(requested_model{"x"}.possible());
    EXPECT_EQ(requested_model::bytes_read(), before);
}

TEST(requested_model, stays_as_it_is_when_its_body_is_let_go) {
    requested_model one{R"({"model":"a"})"};
    one.let_go();
    EXPECT_EQ(one.name(), "a");
    EXPECT_FALSE(one.unnamed());
    EXPECT_TRUE(one.possible());
    EXPECT_EQ(one.size(), 0U);
    requested_model none{""};
    none.let_go();
    EXPECT_FALSE(none.possible());
}

// LM Studio's parser takes lone surrogates, which strict parsers refuse.
TEST(requested_model, is_found_after_what_strict_parsers_refuse) {
    EXPECT_EQ(requested_model{R"({"input":"\ud83d","model":"a"})"}.name(), "a");
    EXPECT_EQ(requested_model{"{\"input\":\"\xFF\",\"model\":\"a\"}"}.name(), "a");
}

TEST(requested_model, survives_every_end_of_its_body) {
    std::string const body =
        R"( {"m":[{"a":"b\\"},"\"",{}],"instance_id" : "\u0041","model": "a\u0062c" , "x":1})";
    auto const complete = body.find(" , ");
    for (std::size_t length = 0; length <= body.size(); ++length) {
        requested_model const model{std::string_view{body}.substr(0, length)};
        EXPECT_EQ(model.name(), length >= complete ? "abc" : "") << length;
    }
}

TEST(requested_model, survives_nesting_as_deep_as_the_body_is_long) {
    for (std::string_view const open : {"[", R"({"a":)"}) {
        std::string body = R"({"x":)";
        for (int i = 0; i < 300'000; ++i)
            body += open;
        EXPECT_EQ(requested_model{body}.name(), "");
        body += "0";
        for (int i = 0; i < 300'000; ++i)
            body += open == "[" ? ']' : '}';
        EXPECT_EQ(requested_model{body + R"(,"model":"a"})"}.name(), "a");
    }
}

TEST(requested_model, is_read_once_and_no_further_than_the_name) {
    auto const first = R"({"model":"a","user":")" + megabyte + R"("})";
    auto const last = R"({"user":")" + megabyte + R"(","model":"a"})";
    auto before = requested_model::bytes_read();
    requested_model const in_front{first};
    EXPECT_EQ(requested_model::bytes_read(), before);
    EXPECT_EQ(in_front.name(), "a");
    EXPECT_LE(requested_model::bytes_read() - before, 20U);

    before = requested_model::bytes_read();
    requested_model const behind{last};
    EXPECT_EQ(behind.name(), "a");
    EXPECT_FALSE(behind.unnamed());
    EXPECT_EQ(behind.name(), "a");
    EXPECT_GE(requested_model::bytes_read() - before, megabyte.size());
    EXPECT_LE(requested_model::bytes_read() - before, last.size());
}

} // namespace
} // namespace secondwind::lmstudio
