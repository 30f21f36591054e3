#include <secondwind/lmstudio/requested_model.hpp>
#include <secondwind/lmstudio/sdk_parameter.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::lmstudio {
namespace sdk_parameters {

std::string create(std::string const& parameter) {
    return R"({"type":"channelCreate","endpoint":"x","channelId":1,"creationParameter":)" +
           parameter + "}";
}

TEST(sdk_parameter, names_the_model_that_is_to_be_loaded) {
    EXPECT_EQ(read_sdk_model(
                  create(R"({"identifier":"a/b","loadTtlMs":1,"loadConfigStack":{"layers":[]}})")),
              (sdk_model{"a/b", ""}));
    EXPECT_EQ(read_sdk_model(create(R"({"modelKey":"key","identifier":"mine"})")),
              (sdk_model{"key", ""}));
    EXPECT_EQ(read_sdk_model(create(R"({"identifier":"mine","modelKey":"key"})")),
              (sdk_model{"key", ""}));
}

TEST(sdk_parameter, names_what_a_handle_refers_to) {
    EXPECT_EQ(read_sdk_model(create(
                  R"({"modelSpecifier":{"type":"instanceReference","instanceReference":"r1"},)"
                  R"("history":{"messages":[]}})")),
              (sdk_model{"", "r1"}));
    EXPECT_EQ(
        read_sdk_model(create(
            R"({"history":{"identifier":"no","modelSpecifier":{"query":{"identifier":"no"}}},)"
            R"("modelSpecifier":{"type":"query","query":{"path":"p","identifier":"i"}}})")),
        (sdk_model{"i", ""}));
    EXPECT_EQ(read_sdk_model(create(R"({"modelSpecifier":{"type":"query","query":{"path":"p"}}})")),
              (sdk_model{"p", ""}));
    EXPECT_EQ(read_sdk_model(R"({"type":"rpcCall","endpoint":"tokenize","callId":1,"parameter":)"
                             R"({"inputString":"modelSpecifier","specifier":{"type":"query",)"
                             R"("query":{"identifier":"i"}}}})"),
              (sdk_model{"i", ""}));
}

TEST(sdk_parameter, may_name_none) {
    for (auto const& text :
         {std::string{}, std::string{"{}"}, create("{}"), create("null"), create("[]"),
          create(R"({"modelSpecifier":{"type":"query","query":{}}})"),
          create(R"({"modelSpecifier":{"type":"query"}})"), create(R"({"identifier":7})"),
          create(R"("{\"identifier\":\"a\"}")"), std::string{R"({"identifier":"a"})"}})
        EXPECT_EQ(read_sdk_model(text), sdk_model{}) << text;
}

TEST(sdk_parameter, can_name_another_instance_by_its_reference) {
    auto const text = [](std::string const& reference) {
        return create(R"({"history":"\"instanceReference\":\"r1\"","modelSpecifier":{"type":)"
                      R"("instanceReference", "instanceReference" : ")" +
                      reference + R"("},"x":1})");
    };
    EXPECT_EQ(with_reference(text("r1"), "another"), text("another"));
    EXPECT_EQ(with_reference(text("r1"), "r1"), text("r1"));
    EXPECT_EQ(with_reference(text(""), "r1"), text("r1"));
    EXPECT_EQ(with_reference(text(R"(r\u0031)"), "r2"), "");
    EXPECT_EQ(with_reference(text(std::string(4096, 'r')), "r2"), "");
    auto const call = std::string{R"({"type":"rpcCall","endpoint":"tokenize","callId":1,)"
                                  R"("parameter":{"specifier":{"instanceReference":"r1"}}})"};
    EXPECT_EQ(read_sdk_model(with_reference(call, "r2")).reference, "r2");
    for (auto const& other :
         {std::string{}, std::string{"{}"}, create("{}"), create(R"({"modelSpecifier":"r1"})"),
          create(R"({"modelSpecifier":{"type":"query","query":{"identifier":"a"}}})"),
          create(R"({"modelSpecifier":{"instanceReference":7}})"),
          create(R"({"modelSpecifier":{"instanceReference":"r1)")})
        EXPECT_EQ(with_reference(other, "r2"), "") << other;
}

TEST(sdk_parameter, names_what_is_to_be_unloaded) {
    EXPECT_EQ(read_unloaded(R"({"type":"rpcCall","endpoint":"unloadModel","callId":1,)"
                            R"("parameter":{"identifier":"mine"}})"),
              "mine");
    EXPECT_EQ(read_unloaded("{}"), "");
    EXPECT_EQ(read_unloaded(create(R"({"identifier":7})")), "");
}

TEST(sdk_parameter, is_what_an_operation_asks_for) {
    auto const text = create(R"({"identifier":"a"})");
    EXPECT_EQ(requested_model::of_operation(text, true).name(), "a");
    EXPECT_TRUE(requested_model::of_operation(text, true).possible());
    auto const by_reference =
        create(R"({"modelSpecifier":{"type":"instanceReference","instanceReference":"r1"}})");
    EXPECT_EQ(requested_model::of_operation(by_reference, true).name(), "r1");
    auto const unnamed = requested_model::of_operation(create("{}"), true);
    EXPECT_EQ(unnamed.name(), "");
    EXPECT_TRUE(unnamed.unnamed());
    // A body of HTTP with such members names nothing.
    EXPECT_EQ(requested_model{text}.name(), "");
    auto const lost = requested_model::of_operation({}, false);
    EXPECT_TRUE(lost.possible() && lost.unnamed());
}

} // namespace sdk_parameters
} // namespace secondwind::lmstudio
