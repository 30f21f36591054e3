#include <secondwind/policy/request_facts.hpp>

#include <support/encoded.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace secondwind::policy {
namespace request_facts_test {

constexpr std::string_view chat_path = "/v1/chat/completions";

request_facts post(std::string_view target, std::string_view body,
                   std::string_view type = "application/json", std::string_view encoding = {}) {
    return read_facts({.method = "POST",
                       .target = target,
                       .content_type = type,
                       .content_encoding = encoding,
                       .body = body});
}

request_facts get(std::string_view target) {
    return read_facts({.method = "GET", .target = target});
}

TEST(request_facts, know_the_kind_of_a_request_by_its_method_and_path) {
    for (auto const* path :
         {"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses",
          "/v1/messages", "/api/v0/chat/completions", "/api/v0/completions", "/api/v0/embeddings",
          "/api/v1/chat", "/v1/chat/completions?a=b", "/v1/messages/", "/v1/messages/?beta=true"})
        EXPECT_EQ(traffic_of("POST", path, false), traffic::completion) << path;
    for (auto const* path : {"/v1/models", "/api/v0/models", "/api/v1/models", "/v1/models?x=1",
                             "/v1/models/", "/api/v0/models/"})
        EXPECT_EQ(traffic_of("GET", path, false), traffic::list) << path;
    EXPECT_EQ(traffic_of("GET", "/api/v0/models/a", false), traffic::model_details);
    EXPECT_EQ(traffic_of("POST", "/api/v1/models/load", false), traffic::load);
    EXPECT_EQ(traffic_of("POST", "/api/v1/models/unload", false), traffic::unload);
    EXPECT_EQ(traffic_of("POST", "/api/v1/models/download", false), traffic::download);
    EXPECT_EQ(traffic_of("GET", "/api/v1/models/download/status/7", false),
              traffic::download_status);
}

TEST(request_facts, know_which_kind_of_model_is_used) {
    for (auto const* path : {"/v1/embeddings", "/api/v0/embeddings", "/v1/embeddings/?a=b"})
        EXPECT_EQ(post(path, {}).kind, lmstudio::model_kind::embedding) << path;
    for (auto const* path : {"/v1/chat/completions", "/v1/messages", "/api/v1/models/load"})
        EXPECT_EQ(post(path, {}).kind, lmstudio::model_kind::llm) << path;
}

TEST(request_facts, know_nothing_of_other_traffic) {
    for (auto const* path :
         {"/", "*", "", "/lmstudio-greeting", "/llm", "/v1", "/v1/chat", "/v1/audio/speech",
          "/v1/chat/completions/x", "//v1/chat/completions", "/V1/chat/completions",
          "/v1/models?/v1/messages", "/api/v1/models/load/x", "/v1/messages//"})
        EXPECT_EQ(traffic_of("POST", path, false), traffic::other) << path;
    for (auto const* method : {"GET", "OPTIONS", "HEAD", "PUT", "post"})
        EXPECT_EQ(traffic_of(method, chat_path, false), traffic::other) << method;
    for (auto const* path : {"/v1/models/a", "/api/v1/models/a", "/api/v1/models/download/status/"})
        EXPECT_EQ(traffic_of("GET", path, false), traffic::other) << path;
    EXPECT_EQ(traffic_of("POST", chat_path, true), traffic::other);

    auto const facts = post("/v1/audio/speech", R"({"model":"a"})");
    EXPECT_FALSE(facts.named());
    EXPECT_FALSE(facts.read);
}

TEST(request_facts, have_a_word_for_each_kind) {
    EXPECT_EQ(to_string(traffic::completion), "completion");
    EXPECT_EQ(to_string(traffic::list), "list");
    EXPECT_EQ(to_string(traffic::model_details), "model_details");
    EXPECT_EQ(to_string(traffic::load), "load");
    EXPECT_EQ(to_string(traffic::unload), "unload");
    EXPECT_EQ(to_string(traffic::download), "download");
    EXPECT_EQ(to_string(traffic::download_status), "download_status");
    EXPECT_EQ(to_string(traffic::other), "other");
}

TEST(request_facts, name_the_model_of_a_completion) {
    auto const facts = post(chat_path, R"({"model":"qwen\/qwen3-8b","messages":[]})");
    EXPECT_EQ(facts.traffic, traffic::completion);
    EXPECT_EQ(facts.model, "qwen/qwen3-8b");
    EXPECT_EQ(facts.model_end, 25U);
    EXPECT_TRUE(facts.read);
    EXPECT_TRUE(facts.is_object);
    EXPECT_EQ(post(chat_path, R"({"messages":[{"model":"b"}],"model":"a","model":"c"})").model,
              "a");
    EXPECT_EQ(post(chat_path, R"({"model":"a","messages":[{"content":"cut)").model, "a");
}

TEST(request_facts, name_no_model_where_none_can_be_read) {
    for (std::string const& body :
         {std::string{"{}"}, std::string{R"({"model":""})"}, std::string{R"({"model":null})"},
          std::string{R"({"model":7})"}, std::string{R"({"model":["a"]})"},
          std::string{"{\"model\":\"\xFF\"}"}, std::string{R"({"model":"a)"},
          R"({"model":")" + std::string(513, 'm') + R"("})"}) {
        auto const facts = post(chat_path, body);
        EXPECT_FALSE(facts.named()) << body;
        EXPECT_TRUE(facts.read && facts.is_object) << body;
        EXPECT_EQ(facts.model_end, 0U) << body;
    }
    for (auto const* body : {"[1]", "model=a", "\"model\""}) {
        auto const facts = post(chat_path, body);
        EXPECT_FALSE(facts.named() || facts.is_object) << body;
        EXPECT_TRUE(facts.read) << body;
    }
    EXPECT_FALSE(post(chat_path, "").read);
    EXPECT_EQ(post(chat_path, R"({"model":")" + std::string(512, 'm') + R"("})").model,
              std::string(512, 'm'));
}

TEST(request_facts, read_json_only) {
    constexpr std::string_view body = R"({"model":"a"})";
    for (auto const* type : {"", "application/json", "Application/JSON; charset=utf-8", "text/json",
                             "application/json ;x", "application/vnd.api+json"})
        EXPECT_EQ(post(chat_path, body, type).model, "a") << type;
    auto const before = lmstudio::requested_model::bytes_read();
    for (auto const* type : {"multipart/form-data; boundary=x", "text/plain", "+json", "json",
                             "application/x-www-form-urlencoded", "application/jsonl"}) {
        auto const facts = post(chat_path, body, type);
        EXPECT_FALSE(facts.named() || facts.read) << type;
    }
    EXPECT_EQ(lmstudio::requested_model::bytes_read(), before);
}

TEST(request_facts, have_the_response_that_a_request_goes_on_from) {
    constexpr std::string_view body =
        R"({"model":"a","input":"x","previous_response_id":"resp_1","context_length":8192})";
    auto const response = post("/v1/responses", body);
    EXPECT_EQ(response.model, "a");
    EXPECT_EQ(response.previous_response_id, "resp_1");
    EXPECT_FALSE(response.context_length);
    auto const chat = post("/api/v1/chat", body);
    EXPECT_EQ(chat.previous_response_id, "resp_1");
    EXPECT_EQ(chat.context_length, 8192U);
    EXPECT_EQ(chat.model_end, 12U);
    EXPECT_EQ(post(chat_path, body).previous_response_id, "");
}

TEST(request_facts, have_what_loads_and_unloads_are_about) {
    auto const load = post("/api/v1/models/load", R"({"context_length":4096,"model":"a"})");
    EXPECT_EQ(load.traffic, traffic::load);
    EXPECT_EQ(load.model, "a");
    EXPECT_EQ(load.context_length, 4096U);
    for (auto const* value :
         {"-1", "8192.0", "1e3", "true", "\"8192\"", "99999999999999999999", "[1]"}) {
        auto const body = R"({"model":"a","context_length":)" + std::string{value} + "}";
        EXPECT_FALSE(post("/api/v1/models/load", body).context_length) << value;
    }
    auto const unload = post("/api/v1/models/unload", R"({"model":"a","instance_id":"a:2"})");
    EXPECT_EQ(unload.traffic, traffic::unload);
    EXPECT_EQ(unload.instance_id, "a:2");
    EXPECT_FALSE(unload.named());
}

TEST(request_facts, take_names_from_paths) {
    EXPECT_EQ(get("/api/v0/models/qwen/qwen3-8b?x=/y").model, "qwen/qwen3-8b");
    EXPECT_EQ(get("/api/v0/models/qwen%2Fqwen3%2d8b%40q4").model, "qwen/qwen3-8b@q4");
    for (auto const* name : {"%", "%2", "%zz", "a%FF"})
        EXPECT_FALSE(get("/api/v0/models/" + std::string{name}).named()) << name;
    EXPECT_FALSE(get("/api/v0/models/" + std::string(513, 'm')).named());
    EXPECT_FALSE(get("/v1/models?model=a").named());
    EXPECT_EQ(get("/api/v1/models/download/status/job%201").job_id, "job 1");
}

TEST(request_facts, read_encoded_bodies_up_to_a_bound) {
    auto const with = [](std::size_t filling) {
        return R"({"x":")" + std::string(filling, 'x') + R"(","model":"a"})";
    };
    using test::coding;
    using test::encoded;
    for (auto const& [name, how] :
         {std::pair{"gzip", coding::gzip}, {"X-Gzip", coding::gzip}, {"deflate", coding::zlib}}) {
        auto const facts = post(chat_path, encoded(with(200'000), how), "application/json", name);
        EXPECT_EQ(facts.model, "a") << name;
        EXPECT_TRUE(facts.read && facts.is_object) << name;
        EXPECT_EQ(facts.model_end, 0U) << "the bytes are other ones";
    }
    EXPECT_EQ(post(chat_path, with(9), "", "identity").model, "a");
    auto const late = post(chat_path, encoded(with(300'000)), "", "gzip");
    EXPECT_FALSE(late.named());
    EXPECT_TRUE(late.read);
    EXPECT_FALSE(post(chat_path, with(9), "", "gzip").named());
    for (auto const* unknown : {"br", "zstd", "gzip, gzip"})
        EXPECT_FALSE(post(chat_path, with(9), "", unknown).read) << unknown;
}

TEST(request_facts, spare_recoveries_another_look_at_the_body) {
    constexpr std::string_view body = R"({"messages":[],"model":"a","stream":true})";
    auto const long_body = R"({"model":")" + std::string(500, 'm') + R"("})";
    auto const of_body = post(chat_path, body);
    auto const of_long = post(chat_path, long_body);
    auto const of_object = post(chat_path, "{}");
    auto const of_array = post(chat_path, "[]");
    auto const before = lmstudio::requested_model::bytes_read();
    auto const model = requested_model_of(of_body, body, true);
    EXPECT_EQ(model.name(), "a");
    EXPECT_FALSE(model.unnamed());
    EXPECT_EQ(model.prefix(), R"({"messages":[],"model":"a")");
    EXPECT_TRUE(model.is_read());
    EXPECT_EQ(requested_model_of(of_long, long_body, true).name(), std::string(256, 'm'));
    EXPECT_TRUE(requested_model_of(of_object, "{}", true).unnamed());
    EXPECT_FALSE(requested_model_of(of_array, "[]", true).unnamed());
    EXPECT_TRUE(requested_model_of(of_array, "[]", false).unnamed());
    EXPECT_EQ(lmstudio::requested_model::bytes_read(), before);
}

TEST(request_facts, leave_bodies_that_they_do_not_read_to_recoveries) {
    constexpr std::string_view body = R"({"model":"a"})";
    for (auto const& facts : {post("/v1/other", body), post(chat_path, body, "text/plain"),
                              post("/api/v1/models/unload", body)}) {
        auto const model = requested_model_of(facts, body, true);
        EXPECT_FALSE(model.is_read());
        EXPECT_EQ(model.name(), "a");
    }
}

} // namespace request_facts_test
} // namespace secondwind::policy
