#include <secondwind/lmstudio/list_merge.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace secondwind::lmstudio {
namespace list_merge_test {

std::string merged(list_api api, std::vector<std::string> const& bodies, std::size_t good) {
    list_merge merge{api};
    for (auto const& each : bodies)
        merge.add(each);
    EXPECT_EQ(merge.size(), good);
    return merge.body();
}

std::string merged(list_api api, std::vector<std::string> const& bodies) {
    return merged(api, bodies, bodies.size());
}

// As LM Studio writes them: indented by two spaces.
constexpr char const* rtx_openai = R"({
  "data": [
    {
      "id": "qwen/qwen3-8b",
      "object": "model",
      "owned_by": "organization_owner"
    },
    {
      "id": "text-embedding-nomic-embed-text-v1.5",
      "object": "model",
      "owned_by": "organization_owner"
    }
  ],
  "object": "list"
})";

TEST(list_merge, joins_the_lists_of_openai_as_the_first_is_laid_out) {
    std::string const mac = R"({
  "data": [
    {
      "id": "openai/gpt-oss-20b",
      "object": "model",
      "owned_by": "organization_owner"
    },
    {
      "id": "qwen/qwen3-8b",
      "object": "model",
      "owned_by": "somebody_else"
    }
  ],
  "object": "list"
})";
    EXPECT_EQ(merged(list_api::openai, {rtx_openai, mac}), R"({
  "data": [
    {
      "id": "qwen/qwen3-8b",
      "object": "model",
      "owned_by": "organization_owner"
    },
    {
      "id": "text-embedding-nomic-embed-text-v1.5",
      "object": "model",
      "owned_by": "organization_owner"
    },
    {
      "id": "openai/gpt-oss-20b",
      "object": "model",
      "owned_by": "organization_owner"
    }
  ],
  "object": "list"
})");
}

TEST(list_merge, takes_a_loaded_model_of_rest_v0_over_one_that_is_not) {
    std::string const one =
        R"({"object":"list","data":[{"id":"a","state":"not-loaded","max_context_length":1},)"
        R"({"id":"b","state":"loading"},{"id":"c","state":"loaded","arch":"x"}]})";
    std::string const other =
        R"({"object":"list","data":[{"id":"c","state":"not-loaded"},{"id":"b","state":"loaded"},)"
        R"({"id":"a","state":"loaded","loaded_context_length":4096}]})";
    EXPECT_EQ(
        merged(list_api::rest_v0, {one, other}),
        R"({"object":"list","data":[{"id":"a","state":"loaded","loaded_context_length":4096},)"
        R"({"id":"b","state":"loaded"},{"id":"c","state":"loaded","arch":"x"}]})");
}

TEST(list_merge, joins_the_instances_of_rest_v1_one_for_each_id) {
    std::string const one = R"({
  "models": [
    {
      "key": "a",
      "loaded_instances": [
        {
          "id": "a"
        }
      ],
      "size_bytes": 7
    },
    {
      "key": "b",
      "loaded_instances": []
    }
  ]
})";
    std::string const other =
        R"({"models":[{"key":"b","loaded_instances":[{"id":"mine"}],"format":"mlx"},)"
        R"({"key":"a","loaded_instances":[{"id":"a","config":{}},{"id":"a:2"}],"size_bytes":8}]})";
    std::string const last =
        R"({"models":[{"key":"a","loaded_instances":[{"id":"a:2"},{"id":"a:3"},{"x":1},7]}]})";
    EXPECT_EQ(merged(list_api::rest_v1, {one, other, last}), R"({
  "models": [
    {
      "key": "a",
      "loaded_instances": [
        {
          "id": "a"
        },
        {"id":"a:2"},
        {"id":"a:3"}
      ],
      "size_bytes": 7
    },
    {"key":"b","loaded_instances":[{"id":"mine"}],"format":"mlx"}
  ]
})");
}

TEST(list_merge, returns_a_single_body_as_it_came) {
    std::string const odd = R"( {"x":1, "data" : [ 7, {"id":"a"} , {"id":"a"} ] } )";
    EXPECT_EQ(merged(list_api::openai, {odd}), odd);
    EXPECT_EQ(merged(list_api::openai, {"{}", odd, "<html>"}, 1), odd);
    EXPECT_EQ(merged(list_api::openai, {}), "");
    EXPECT_EQ(merged(list_api::openai, {"nonsense"}, 0), "");
}

TEST(list_merge, leaves_out_bodies_of_another_shape) {
    std::vector<std::string> const others{"",
                                          "[]",
                                          "null",
                                          "{}",
                                          "{\"error\":\"Unexpected endpoint or method. (GET /x)\"}",
                                          R"({"data":{"id":"a"}})",
                                          R"({"data":[7,"a",{"key":"a"},{"id":7},{"id":""}]})",
                                          R"({"data":[{"id":"a"})",
                                          R"({"models":[{"key":"a"}]})",
                                          "{\"data\":[{\"id\":\"\xFF\"}]}",
                                          std::string{"{\"data\":[]}\0x", 13}};
    for (auto const& other : others) {
        list_merge merge{list_api::openai};
        EXPECT_FALSE(merge.add(other)) << other;
        EXPECT_EQ(merge.size(), 0U) << other;
    }
    list_merge v1{list_api::rest_v1};
    EXPECT_FALSE(v1.add(R"({"data":[{"id":"a"}],"object":"list"})"));
    EXPECT_TRUE(v1.add(R"({"models":[{"key":"a"}]})"));
}

TEST(list_merge, leaves_out_entries_that_name_no_model) {
    EXPECT_EQ(
        merged(list_api::openai, {R"({"data":[{"id":"a"},7]})", R"({"data":[{},{"id":"b"}]})"}),
        R"({"data":[{"id":"a"},{"id":"b"}]})");
}

TEST(list_merge, joins_with_hosts_that_have_no_model) {
    EXPECT_EQ(
        merged(list_api::openai, {R"({"data":[ ],"object":"list"})", R"({"data":[{"id":"b"}]})"}),
        R"({"data":[{"id":"b"}],"object":"list"})");
    EXPECT_EQ(merged(list_api::openai, {R"({"data":[{"id":"b"}]})", R"({"data":[]})"}),
              R"({"data":[{"id":"b"}]})");
    EXPECT_EQ(merged(list_api::openai, {R"({"data":[]})", R"({ "data":[]})"}), R"({"data":[]})");
}

TEST(list_merge, reads_names_and_structure_as_a_parser_does) {
    // Escapes in names and ids; brackets and quotes in strings; the last of two equal members.
    EXPECT_EQ(merged(list_api::openai,
                     {R"({"data":7,"d\u0061ta":[{"id":"qwen\/a","x":"]}\"\\"},{"id":"b"}]})",
                      R"({"data":[{"id":"x","id":"qwen/a"},{"id":"c","y":[{"id":"z"}]}]})"}),
              R"({"data":7,"d\u0061ta":[{"id":"qwen\/a","x":"]}\"\\"},{"id":"b"},)"
              R"({"id":"c","y":[{"id":"z"}]}]})");
    std::string const deep = R"({"data":[{"id":"a","x":)" + std::string(100'000, '[') +
                             std::string(100'000, ']') + "}]}";
    auto const both = merged(list_api::openai, {deep, R"({"data":[{"id":"b"}]})"});
    EXPECT_EQ(both.size(), deep.size() + std::string{R"(,{"id":"b"})"}.size());
}

TEST(list_at, knows_the_three_lists_and_no_other_path) {
    EXPECT_EQ(list_at("/v1/models"), list_api::openai);
    EXPECT_EQ(list_at("/api/v0/models"), list_api::rest_v0);
    EXPECT_EQ(list_at("/api/v1/models"), list_api::rest_v1);
    for (auto const* other : {"", "/", "/v1/models/", "/v1/models/a", "/api/v0/models/a",
                              "/api/v1/models/load", "/api/v2/models", "/V1/models"})
        EXPECT_FALSE(list_at(other)) << other;
}

} // namespace list_merge_test
} // namespace secondwind::lmstudio
