#include <secondwind/config/builder.hpp>
#include <secondwind/config/keys.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace secondwind::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using named = std::map<std::string, std::string>;

constexpr auto variable = "SECONDWIND_UPSTREAM_API_TOKEN";
constexpr auto file_variable = "SECONDWIND_UPSTREAM_API_TOKEN_FILE";

// They outlive what is looked up in it.
auto look_up(named const& all) {
    return [&all](std::string const& name) -> std::optional<std::string> {
        auto const found = all.find(name);
        return found == all.end() ? std::nullopt : std::optional{found->second};
    };
}

file_reader reader_of(named const& all) {
    return [&all](std::string const& name) -> file_content {
        auto const found = all.find(name);
        if (found == all.end())
            return std::make_error_code(std::errc::permission_denied);
        return found->second;
    };
}

// What surrounds a builder: one configuration file, the environment, and the files they name.
struct world {
    std::string file = "{}";
    named environment{};
    named files{};

    builder build() const {
        builder b;
        b.add_file(file, "f.json", reader_of(files));
        std::vector<std::string> names;
        for (auto const& [name, value] : environment)
            names.push_back(name);
        b.add_environment(names, look_up(environment), reader_of(files));
        return b;
    }

    std::string token() const { return build().value().upstreams.front().api_token; }

    std::string fault() const {
        try {
            build();
            return "none";
        } catch (config_error const& e) {
            return e.what();
        }
    }
};

std::string upstream_with(std::string const& members) {
    return R"({"upstreams": [{"url": "http://h:1", )" + members + "}]}";
}

builder::entry row(builder const& b) {
    auto const all = b.effective();
    return *std::ranges::find(all, "upstreams[].api_token", &builder::entry::key);
}

TEST(api_token, stands_in_the_file_or_in_a_file_of_its_own) {
    EXPECT_EQ(world{}.token(), "");
    EXPECT_EQ((world{.file = upstream_with(R"("api_token": "sk-1")")}.token()), "sk-1");
    for (std::string const content : {"sk-2", "sk-2\n", "sk-2\r\n", "sk-2\nmore\n"})
        EXPECT_EQ(
            (world{.file = upstream_with(R"("api_token_file": "t")"), .files = {{"t", content}}}
                 .token()),
            "sk-2");
}

TEST(api_token, is_none_where_it_is_empty) {
    world const w{.file = upstream_with(R"("api_token": "", "api_token_file": "")"),
                  .environment = {{variable, ""}, {file_variable, ""}}};
    EXPECT_EQ(w.token(), "");
    EXPECT_EQ(row(w.build()).source, "default");
    EXPECT_EQ(row(w.build()).value, "");
    EXPECT_EQ((world{.file = upstream_with(R"("api_token": "", "api_token_file": "t")"),
                     .files = {{"t", "sk"}}}
                   .token()),
              "sk");
}

TEST(api_token, of_the_environment_is_for_upstreams_without_one) {
    world w{.environment = {{variable, "sk-env"}}};
    EXPECT_EQ(w.token(), "sk-env");
    EXPECT_EQ(row(w.build()).source, variable);
    w.file = upstream_with(R"("name": "n")");
    EXPECT_EQ(w.build().value().upstreams, (std::vector{upstream{"n", "h", 1, "sk-env"}}));
    w.file = upstream_with(R"("api_token": "sk-own")");
    EXPECT_EQ(w.token(), "sk-own");
    EXPECT_EQ(row(w.build()).source, "f.json:1");
    w = {.environment = {{file_variable, "t"}}, .files = {{"t", "sk-file\n"}}};
    EXPECT_EQ(w.token(), "sk-file");
    EXPECT_EQ(row(w.build()).source, file_variable);
}

TEST(api_token, of_the_environment_reaches_an_upstream_that_a_later_layer_names) {
    // Variables come in any order.
    for (auto const* order : {"ab", "ba"}) {
        named const all{{variable, "sk-env"}, {"SECONDWIND_UPSTREAM", "n=http://i:2"}};
        std::vector<std::string> names{variable, "SECONDWIND_UPSTREAM"};
        if (*order == 'b')
            std::ranges::reverse(names);
        builder b;
        b.add_file(upstream_with(R"("api_token": "sk-own")"), "f.json");
        b.add_environment(names, look_up(all));
        EXPECT_EQ(b.value().upstreams, (std::vector{upstream{"n", "i", 2, "sk-env"}})) << order;
        EXPECT_EQ(row(b).source, variable);
        b.add_flag("upstreams", "http://j:3", "--upstream");
        EXPECT_EQ(b.value().upstreams, (std::vector{upstream{"default", "j", 3, "sk-env"}}));
        EXPECT_EQ(row(b).source, variable);
    }
}

TEST(api_token, does_not_pass_to_another_upstream) {
    builder b;
    b.add_file(upstream_with("\n\"api_token\": \"sk-own\""), "f.json");
    EXPECT_EQ(row(b).source, "f.json:2");
    b.add_flag("upstreams", "http://j:3", "--upstream");
    EXPECT_EQ(b.value().upstreams.front().api_token, "");
    EXPECT_EQ(row(b).source, "default");
}

TEST(api_token, is_shown_nowhere) {
    auto const b = world{.file = upstream_with(R"("api_token": "sk-own")")}.build();
    EXPECT_EQ(row(b).value, "***");
    for (auto const& entry : b.effective())
        EXPECT_THAT(entry.value, Not(HasSubstr("sk-own"))) << entry.key;
}

TEST(api_token, that_cannot_be_sent_is_refused_without_being_shown) {
    std::map<std::string, std::string> const refused{
        {"sk secret", "a space"},
        {"sk\tsecret", "a control character"},
        {"sk\x7fsecret", "a control character"},
        {"sk\u00e9secret", "a character that is not ASCII"},
        {"sk" + std::string(4095, 'x'), "4096"}};
    for (auto const& [token, why] : refused)
        for (auto const& w :
             {world{.environment = {{variable, token}}},
              world{.environment = {{file_variable, "t"}}, .files = {{"t", token}}},
              world{.file = upstream_with(R"("api_token_file": "t")"), .files = {{"t", token}}}}) {
            EXPECT_THAT(w.fault(), HasSubstr("visible ASCII characters, but it has " +
                                             std::string{why == "4096" ? "more than " : ""} + why));
            EXPECT_THAT(w.fault(), Not(HasSubstr("sk")));
        }
    EXPECT_EQ((world{.file = upstream_with(R"("api_token": "sk secret")")}.fault()),
              "f.json:1:51: upstreams[0].api_token: expected a token of visible ASCII characters, "
              "but it has a space");
    // A number in a token's place may be one.
    EXPECT_EQ((world{.file = upstream_with(R"("api_token": 4711)")}.fault()),
              "f.json:1:51: upstreams[0].api_token: expected a string");
    EXPECT_EQ((world{.environment = {{variable, std::string(4096, 'x')}}}.fault()), "none");
}

TEST(api_token, file_that_gives_none_is_named_by_its_place_alone) {
    auto const in_file = upstream_with(R"("api_token_file": "sk-lm-in-a-wrong-place")");
    EXPECT_EQ((world{.file = in_file}.fault()),
              "f.json:1:56: upstreams[0].api_token_file: the file that this names cannot be read: "
              "Permission denied");
    EXPECT_EQ((world{.environment = {{file_variable, "sk-lm-in-a-wrong-place"}}}.fault()),
              "SECONDWIND_UPSTREAM_API_TOKEN_FILE: the file that this names cannot be read: "
              "Permission denied");
    for (std::string const content : {"", "\n", "\r\n", "\nsk-lm\n"}) {
        EXPECT_EQ(
            (world{.environment = {{file_variable, "t"}}, .files = {{"t", content}}}.fault()),
            "SECONDWIND_UPSTREAM_API_TOKEN_FILE: the first line of the file that this names is "
            "empty");
    }
    builder without_files;
    EXPECT_THROW(without_files.add_file(in_file, "f.json"), config_error);
}

TEST(api_token, is_given_in_one_way_only) {
    EXPECT_EQ(
        (world{.file = upstream_with(R"("api_token": "sk-lm", "api_token_file": "t")"),
               .files = {{"t", "sk-lm"}}}
             .fault()),
        "f.json:1:78: upstreams[0].api_token_file: \"api_token\" is also given: give only one");
    EXPECT_EQ((world{.environment = {{variable, "sk-lm"}, {file_variable, "t"}},
                     .files = {{"t", "sk-lm"}}}
                   .fault()),
              "SECONDWIND_UPSTREAM_API_TOKEN_FILE: SECONDWIND_UPSTREAM_API_TOKEN is also given: "
              "give only one");
}

TEST(api_token, variables_are_known_to_whoever_mistypes_them) {
    EXPECT_EQ((world{.environment = {{"SECONDWIND_UPSTREAM_API_TOKEN_FIEL", "sk-lm"}}}.fault()),
              "\"SECONDWIND_UPSTREAM_API_TOKEN_FIEL\": there is no such setting: did you mean "
              "SECONDWIND_UPSTREAM_API_TOKEN_FILE?");
    // Only secrets have such a sister.
    EXPECT_NE((world{.environment = {{"SECONDWIND_LISTEN_FILE", "x"}}}.fault()), "none");
}

} // namespace
} // namespace secondwind::config
