#include "admin/action_requests.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::admin;
using testing::HasSubstr;
using testing::StartsWith;

namespace action_requests_test {

template<class Request>
std::string error_of(std::string_view body) {
    Request request;
    return read_action(body, request);
}

TEST(action_requests, name_an_instance_or_all) {
    unload_request request;
    EXPECT_EQ(read_action(R"({"instance_id":"qwen/qwen3-8b:2"})", request), "");
    EXPECT_EQ(request.instance_id, "qwen/qwen3-8b:2");
    unload_request all;
    EXPECT_EQ(read_action(R"( {"all" : true} )", all), "");
    EXPECT_EQ(all.instance_id, "");
}

TEST(action_requests, to_unload_are_read_strictly) {
    using testing::AllOf;
    auto const says = [](char const* problem) {
        return AllOf(StartsWith(R"(The body must be {"instance_id":"..."} or {"all":true}, but )"),
                     HasSubstr(problem));
    };
    EXPECT_THAT(error_of<unload_request>(""), says("it is empty"));
    EXPECT_THAT(error_of<unload_request>("{}"), says("has no members"));
    EXPECT_THAT(error_of<unload_request>("instance_id=x"), says("is not JSON"));
    EXPECT_THAT(error_of<unload_request>(R"({"all":true)"), says("is not JSON"));
    EXPECT_THAT(error_of<unload_request>(R"({"all":true}{})"), says("is not JSON"));
    EXPECT_THAT(error_of<unload_request>(std::string_view{"{\"all\":true}\0x", 14}),
                says("is not JSON"));
    EXPECT_THAT(error_of<unload_request>("[true]"), says("is not an object"));
    EXPECT_THAT(error_of<unload_request>(R"("all")"), says("is not an object"));
    EXPECT_THAT(error_of<unload_request>(R"({"all":false})"), says("\"all\" is not true"));
    EXPECT_THAT(error_of<unload_request>(R"({"all":1})"), says("\"all\" is not true"));
    EXPECT_THAT(error_of<unload_request>(R"({"all":"true"})"), says("\"all\" is not true"));
    EXPECT_THAT(error_of<unload_request>(R"({"instance_id":7})"), says("is not the id"));
    EXPECT_THAT(error_of<unload_request>(R"({"instance_id":""})"), says("is not the id"));
    EXPECT_THAT(error_of<unload_request>(R"({"instance_id":null})"), says("is not the id"));
    EXPECT_THAT(error_of<unload_request>(R"({"instance_id":"a","all":true})"),
                says("has both members"));
    EXPECT_THAT(error_of<unload_request>(R"({"all":true,"force":true})"),
                says(R"(unknown member "force")"));
    EXPECT_THAT(error_of<unload_request>(R"({"instance_id":"a","instance_id":"b"})"),
                says(R"(has "instance_id" twice)"));
}

TEST(action_requests, ignore_nested_members) {
    EXPECT_THAT(error_of<unload_request>(R"({"instance_id":{"force":1}})"),
                HasSubstr("is not the id"));
}

TEST(action_requests, name_each_mode) {
    mode_request request;
    EXPECT_EQ(read_action(R"({"mode":"observe"})", request), "");
    EXPECT_EQ(request.mode, config::recovery_mode::observe);
    EXPECT_EQ(read_action(R"({"mode":"off"})", request), "");
    EXPECT_EQ(request.mode, config::recovery_mode::off);
    EXPECT_EQ(read_action(R"({"mode":"on"})", request), "");
    EXPECT_EQ(request.mode, config::recovery_mode::on);
}

TEST(action_requests, to_set_the_mode_are_read_strictly) {
    EXPECT_THAT(error_of<mode_request>(R"({"mode":"maybe"})"), HasSubstr(R"("maybe")"));
    EXPECT_THAT(error_of<mode_request>(R"({"mode":true})"), HasSubstr("is not a string"));
    EXPECT_THAT(error_of<mode_request>("{}"), HasSubstr("has no members"));
    EXPECT_THAT(error_of<mode_request>(R"({"Mode":"on"})"), HasSubstr(R"("Mode")"));
    EXPECT_THAT(error_of<mode_request>("null"), HasSubstr("is not an object"));
}

TEST(action_requests, name_what_is_unloaded) {
    evict_request request;
    EXPECT_EQ(read_action(R"({"evict":"all"})", request), "");
    EXPECT_EQ(request.evict, policy::evict::all);
    EXPECT_THAT(error_of<evict_request>(R"({"evict":"some"})"), HasSubstr(R"("some")"));
    EXPECT_THAT(error_of<evict_request>(R"({"evict":1})"), HasSubstr("is not a string"));
    EXPECT_THAT(error_of<evict_request>("{}"), HasSubstr("has no members"));
}

TEST(action_requests, name_a_model_to_pin) {
    pin_request request;
    EXPECT_EQ(read_action(R"({"model":"qwen/*"})", request), "");
    EXPECT_EQ(request.model, "qwen/*");
    EXPECT_THAT(error_of<pin_request>("{}"), HasSubstr("is not the key of a model"));
    EXPECT_THAT(error_of<pin_request>(R"({"model":""})"), HasSubstr("is not the key of a model"));
    EXPECT_THAT(error_of<pin_request>(R"({"model":["a"]})"), HasSubstr("is not the key"));
    EXPECT_THAT(error_of<pin_request>(R"({"model":")" + std::string(513, 'x') + R"("})"),
                HasSubstr("is too long"));
}

TEST(action_requests, to_load_a_model_may_have_a_context) {
    load_request request;
    EXPECT_EQ(read_action(R"({"model":"a/b"})", request), "");
    EXPECT_EQ(request.context_length, 0U);
    EXPECT_EQ(read_action(R"({"model":"a/b","context_length":8192})", request), "");
    EXPECT_EQ(request.model, "a/b");
    EXPECT_EQ(request.context_length, 8192U);
    for (auto const* context : {"0", "-1", "1.5", "\"8192\"", "100000001", "null"})
        EXPECT_THAT(error_of<load_request>(std::string{R"({"model":"a","context_length":)"} +
                                           context + "}"),
                    HasSubstr("is not a whole number of tokens"))
            << context;
    EXPECT_THAT(error_of<load_request>(R"({"context_length":1})"), HasSubstr("is not the key"));
}

TEST(action_requests, to_try_a_model_have_one_message) {
    try_request request;
    EXPECT_EQ(read_action(R"({"model":"a/b","prompt":"Hi"})", request), "");
    EXPECT_EQ(request.model, "a/b");
    EXPECT_EQ(request.prompt, "Hi");
    EXPECT_THAT(error_of<try_request>(R"({"model":"a"})"), HasSubstr("\"prompt\""));
    EXPECT_THAT(error_of<try_request>(R"({"prompt":"Hi"})"), HasSubstr("\"model\""));
    EXPECT_THAT(error_of<try_request>(R"({"model":"a","prompt":"Hi","n":1})"), HasSubstr("\"n\""));
}

TEST(action_requests, without_parameters_are_an_empty_object) {
    EXPECT_EQ(read_empty_action("{}"), "");
    EXPECT_EQ(read_empty_action(" { } \n"), "");
    EXPECT_THAT(read_empty_action(""), HasSubstr("it is empty"));
    EXPECT_THAT(read_empty_action(R"({"force":true})"), HasSubstr(R"("force")"));
    EXPECT_THAT(read_empty_action("[]"), HasSubstr("is not an object"));
}

TEST(action_requests, survive_deep_nesting) {
    EXPECT_THAT(read_empty_action(std::string(60'000, '[')), HasSubstr("is not JSON"));
    std::string deep(30'000, '[');
    deep.append(30'000, ']');
    EXPECT_THAT(read_empty_action(deep), HasSubstr("is not an object"));
}

} // namespace action_requests_test
