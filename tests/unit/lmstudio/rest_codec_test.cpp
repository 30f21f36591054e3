#include <secondwind/lmstudio/rest_codec.hpp>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace secondwind::lmstudio {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

lmstudio::instance loaded(std::string id, std::string model, std::uint64_t size,
                          model_kind kind = model_kind::unknown) {
    return {std::move(id), std::move(model), size, 0, lmstudio::activity::unknown, kind};
}

TEST(parse_models, lists_every_loaded_instance) {
    auto const found = parse_models(R"({"models":[
        {"type":"llm","key":"a","size_bytes":4683073184,"loaded_instances":[
            {"id":"a","config":{"context_length":4096}},{"id":"a:2","config":{}}]},
        {"type":"llm","key":"unloaded","size_bytes":1,"loaded_instances":[]},
        {"type":"embedding","key":"e","loaded_instances":[{"id":"mine"}]}]})");
    ASSERT_TRUE(found);
    EXPECT_THAT(found->loaded, ElementsAre(loaded("a", "a", 4683073184, model_kind::llm),
                                           loaded("a:2", "a", 4683073184, model_kind::llm),
                                           loaded("mine", "e", 0, model_kind::embedding)));
    EXPECT_THAT(found->unloaded, ElementsAre(model_on_disk{"unloaded", 1, model_kind::llm}));
}

TEST(parse_models, reads_the_kind_of_each_model) {
    auto const kind_of = [](std::string const& type) {
        auto const found =
            parse_models(R"({"models":[{"key":"a","loaded_instances":[],"type":)" + type + "}]}");
        return found->unloaded.front().kind;
    };
    for (auto const* type : {R"("llm")", R"("vlm")"})
        EXPECT_EQ(kind_of(type), model_kind::llm) << type;
    for (auto const* type : {R"("embedding")", R"("embeddings")"})
        EXPECT_EQ(kind_of(type), model_kind::embedding) << type;
    for (auto const* type : {R"("LLM")", R"("")", "null", "7", R"(["llm"])", R"("tts")"})
        EXPECT_EQ(kind_of(type), model_kind::unknown) << type;
}

TEST(parse_models, reads_the_variants_of_loaded_and_unloaded_models) {
    auto const found = parse_models(R"({"models":[
        {"key":"a","loaded_instances":[{"id":"a"},{"id":"b"}],"selected_variant":"a@q8",
         "variants":["a@q4",7,{"key":"a@q5"},{"name":"a@q6"},"a","","a@q4",null,{"id":"x"}]},
        {"key":"c","loaded_instances":[],"variants":["c@q4"],"selected_variant":"c@q4"},
        {"key":"d","loaded_instances":[],"variants":{"d":1},"selected_variant":{"key":"d@q4"}},
        {"key":"e","loaded_instances":[],"variants":null,"selected_variant":null}]})");
    ASSERT_TRUE(found);
    for (auto const& i : found->loaded)
        EXPECT_THAT(i.variants, ElementsAre("a@q4", "a@q5", "a@q6", "a@q8")) << i.id;
    ASSERT_EQ(found->unloaded.size(), 3U);
    EXPECT_THAT(found->unloaded[0].variants, ElementsAre("c@q4"));
    EXPECT_THAT(found->unloaded[1].variants, ElementsAre("d@q4"));
    EXPECT_THAT(found->unloaded[2].variants, IsEmpty());
}

TEST(parse_models, takes_an_instance_with_a_time_to_live_for_loaded_by_a_request) {
    auto const found = parse_models(R"({"models":[{"key":"a","loaded_instances":[
        {"id":"1","remaining_ttl_seconds":3600},{"id":"2","remaining_ttl_seconds":0.5},{"id":"3"},
        {"id":"4","remaining_ttl_seconds":null},{"id":"5","remaining_ttl_seconds":"60"}]}]})");
    ASSERT_TRUE(found);
    for (auto const& i : found->loaded)
        EXPECT_EQ(i.jit, i.id == "1" || i.id == "2") << i.id;
}

TEST(parse_models, reads_how_many_requests_each_instance_serves_at_once) {
    auto const parallel = [](std::string const& entry) {
        auto const found = parse_models(R"({"models":[{"key":"a","loaded_instances":[{"id":"a")" +
                                        entry + "}]}]}");
        return found->loaded.front().parallel;
    };
    EXPECT_EQ(parallel(R"(,"config":{"context_length":4096,"parallel":4})"), 4U);
    EXPECT_EQ(parallel(R"(,"config":{"parallel":4294967295})"), 4'294'967'295U);
    for (auto const* unsaid :
         {"", R"(,"config":null)", R"(,"config":{})", R"(,"config":[4])", R"(,"parallel":4)",
          R"(,"config":{"parallel":null})", R"(,"config":{"parallel":"4"})",
          R"(,"config":{"parallel":-4})", R"(,"config":{"parallel":1.5})",
          R"(,"config":{"parallel":0})", R"(,"config":{"parallel":4294967296})"})
        EXPECT_EQ(parallel(unsaid), 0U) << unsaid;
    auto const two = parse_models(R"({"models":[{"key":"a","loaded_instances":[
        {"id":"a","config":{"parallel":1}},{"id":"a:2","config":{"parallel":8}}]}]})");
    ASSERT_TRUE(two);
    ASSERT_EQ(two->loaded.size(), 2U);
    EXPECT_EQ(two->loaded[0].parallel, 1U);
    EXPECT_EQ(two->loaded[1].parallel, 8U);
}

TEST(parse_models, tells_an_empty_list_from_none) {
    auto const nothing = parse_models(R"({"models":[]})");
    ASSERT_TRUE(nothing);
    EXPECT_THAT(nothing->loaded, IsEmpty());
    EXPECT_THAT(nothing->unloaded, IsEmpty());
    auto const unloaded = parse_models(R"({"models":[{"key":"a","loaded_instances":[]}]})");
    ASSERT_TRUE(unloaded);
    EXPECT_THAT(unloaded->loaded, IsEmpty());
    EXPECT_THAT(unloaded->unloaded, ElementsAre(model_on_disk{"a", 0}));
}

TEST(parse_models, refuses_every_other_shape) {
    for (auto const* text :
         {"", "{", "[]", "null", "{}", R"({"models":{}})", R"({"models":null})",
          R"({"models":[1]})", R"({"models":[{"name":"llama3:latest"}]})",
          R"({"models":[{"key":"a"}]})", R"({"models":[{"key":"a","loaded_instances":null}]})",
          R"({"data":[],"object":"list"})",
          R"x({"error":"Unexpected endpoint or method. (GET /api/v1/models)"})x",
          R"({"models":[]} and more)"})
        EXPECT_FALSE(parse_models(text)) << text;
}

TEST(parse_models, skips_single_odd_entries) {
    auto const found = parse_models(R"({"models":[7,{"key":5,"loaded_instances":[{"id":"x"}]},
        {"key":"a","size_bytes":-1,"loaded_instances":[1,{},{"id":null},{"id":""},{"id":"a"}]},
        {"key":"b","size_bytes":1.5,"loaded_instances":[{"id":"b"}]},
        {"key":"odd","loaded_instances":[7,{"id":""}]},
        {"key":"","loaded_instances":[]},{"key":"c"},{"key":"d","loaded_instances":[]}]})");
    ASSERT_TRUE(found);
    EXPECT_THAT(found->loaded, ElementsAre(loaded("a", "a", 0), loaded("b", "b", 0)));
    EXPECT_THAT(found->unloaded, ElementsAre(model_on_disk{"odd", 0}, model_on_disk{"d", 0}));
}

TEST(parse_models, never_reads_a_cut_document) {
    std::string const text = R"({"models":[{"key":"a","loaded_instances":[{"id":"a"}]}]})";
    for (std::size_t i = 0; i < text.size(); ++i)
        EXPECT_FALSE(parse_models(std::string_view{text}.substr(0, i))) << i;
    EXPECT_TRUE(parse_models(text));
}

TEST(rest_codec, survives_nesting_as_deep_as_the_text_is_long) {
    for (auto const& [opening, closing] :
         {std::pair{"[", "]"}, std::pair{R"({"a":)", "}"}, std::pair{R"({"error":)", "}"}}) {
        std::string bomb;
        for (int i = 0; i < 300'000; ++i)
            bomb += opening;
        auto closed = bomb + "0";
        for (int i = 0; i < 300'000; ++i)
            closed += closing;
        for (auto const& text : {bomb, closed}) {
            EXPECT_FALSE(parse_models(text));
            EXPECT_EQ(parse_unload(400, text, "a"), unload_result::refused);
        }
    }
}

TEST(unload_body, names_the_instance) {
    EXPECT_EQ(unload_body("a/b:2"), R"({"instance_id":"a/b:2"})");
    for (std::string_view const id : {"", "with \"quotes\"\\", "line\nend", "\xC3\xA4"})
        EXPECT_EQ(nlohmann::json::parse(unload_body(id))["instance_id"], id);
    EXPECT_EQ(unload_body("\xFF"), "{\"instance_id\":\"\xEF\xBF\xBD\"}");
}

TEST(parse_unload, counts_as_done_only_what_bears_the_id) {
    EXPECT_EQ(parse_unload(200, R"({"instance_id":"a"})", "a"), unload_result::unloaded);
    EXPECT_EQ(parse_unload(200, R"({"instance_id":"b"})", "a"), unload_result::refused);
    EXPECT_EQ(parse_unload(200, R"({"instance_id":""})", ""), unload_result::refused);
    EXPECT_EQ(parse_unload(500, R"({"instance_id":"a"})", "a"), unload_result::refused);
    for (auto const* text :
         {"", "{}", "[]", R"({"instance_id":1})", R"({"error":{}})", "{\"instance_id\""})
        EXPECT_EQ(parse_unload(200, text, "a"), unload_result::refused) << text;
}

TEST(parse_unload, knows_an_instance_that_is_gone_already) {
    for (auto const* text : {R"({"error":{"message":"x","code":"model_not_found"}})",
                             R"({"error":{"type":"model_not_found"}})",
                             R"({"error":{"message":"No model found that fits the query"}})",
                             R"({"error":"Instance 'a' not found"})",
                             R"({"error":{"message":"Model a is not loaded."}})",
                             R"({"error":{"message":"No models loaded. Please load a model"}})"})
        for (int const status : {200, 400, 404})
            EXPECT_EQ(parse_unload(status, text, "a"), unload_result::not_found) << text;
}

TEST(parse_unload, does_not_take_an_unknown_path_or_a_refusal_for_it) {
    for (auto const* text :
         {R"x({"error":"Unexpected endpoint or method. (POST /api/v1/models/unload)"})x",
          R"x({"error":"Unexpected endpoint or method. (POST /not found)"})x",
          R"({"error":{"message":"Missing required field 'instance_id'","type":"invalid_request",)"
          R"("code":"missing_required_parameter","param":"instance_id"}})",
          R"({"error":{"message":"An LM Studio API token is required","code":"invalid_api_key"}})",
          R"({"message":"not found"})", "not found"})
        for (int const status : {200, 400, 404, 500})
            EXPECT_EQ(parse_unload(status, text, "a"), unload_result::refused) << text;
}

} // namespace
} // namespace secondwind::lmstudio
