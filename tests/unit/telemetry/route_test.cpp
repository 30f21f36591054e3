#include <secondwind/telemetry/route.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

namespace secondwind::telemetry {
namespace {

void expect_routes(std::initializer_list<std::pair<char const*, route>> cases) {
    for (auto const& [path, expected] : cases)
        EXPECT_EQ(to_string(route_of(path)), to_string(expected)) << path;
}

TEST(route, knows_the_paths_that_openai_s_clients_ask_for) {
    expect_routes({{"/v1/chat/completions", route::chat_completions},
                   {"/v1/completions", route::completions},
                   {"/v1/responses", route::responses},
                   {"/v1/embeddings", route::embeddings},
                   {"/v1/models", route::models},
                   {"/v1/models/qwen/qwen3-8b", route::models}});
}

TEST(route, knows_the_path_that_anthropic_s_clients_ask_for) {
    expect_routes({{"/v1/messages", route::messages}});
}

TEST(route, knows_the_paths_of_lm_studio_s_first_own_interface) {
    expect_routes({{"/api/v0/models", route::models},
                   {"/api/v0/models/qwen/qwen3-8b", route::models},
                   {"/api/v0/chat/completions", route::chat_completions},
                   {"/api/v0/completions", route::completions},
                   {"/api/v0/embeddings", route::embeddings}});
}

TEST(route, knows_the_paths_of_lm_studio_s_second_own_interface) {
    expect_routes({{"/api/v1/chat", route::chat},
                   {"/api/v1/models", route::models},
                   {"/api/v1/models/load", route::models},
                   {"/api/v1/models/unload", route::models},
                   {"/api/v1/models/download", route::models},
                   {"/api/v1/models/download/status/job-7", route::models}});
}

TEST(route, counts_what_nobody_documents_together) {
    expect_routes({{"", route::other},
                   {"/", route::other},
                   {"/v1", route::other},
                   {"/v1/", route::other},
                   {"/v1/chat", route::other},
                   {"/v1/models2", route::other},
                   {"/v1/completions/", route::other},
                   {"/V1/completions", route::other},
                   {"/v2/completions", route::other},
                   {"/api/v1", route::other},
                   {"/api/v1/", route::other},
                   {"/api/v1/messages", route::other},
                   {"/api/v1/responses", route::other},
                   {"/api/v2/models", route::other},
                   {"/lmstudio-greeting", route::other},
                   {"/llm", route::other},
                   {"*", route::other},
                   {"http://x/v1/models", route::other}});
}

TEST(route, names_each_kind_differently) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < routes; ++i)
        names.emplace(to_string(static_cast<route>(i)));
    EXPECT_EQ(names.size(), routes);
    EXPECT_EQ(to_string(static_cast<route>(routes - 1)), "other"); // and there is none behind it
}

TEST(method, is_one_of_a_few) {
    EXPECT_EQ(method_of("GET"), method::get);
    EXPECT_EQ(method_of("HEAD"), method::head);
    EXPECT_EQ(method_of("POST"), method::post);
    EXPECT_EQ(method_of("PUT"), method::put);
    EXPECT_EQ(method_of("DELETE"), method::del);
    EXPECT_EQ(method_of("OPTIONS"), method::options);
    for (auto const* made_up : {"", "get", "Post", "PATCH", "POSTS", "CONNECT", "X-1"})
        EXPECT_EQ(method_of(made_up), method::other) << made_up;
}

TEST(method, is_shown_as_it_is_sent) {
    for (auto const* name : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
        EXPECT_EQ(to_string(method_of(name)), name);
    EXPECT_EQ(to_string(method_of("PATCH")), "other");
    EXPECT_EQ(static_cast<std::size_t>(method::other) + 1, methods);
}

} // namespace
} // namespace secondwind::telemetry
