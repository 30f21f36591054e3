#include <secondwind/lmstudio/model_name.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace secondwind::lmstudio {
namespace model_name_test {

using strings = std::vector<std::string>;
constexpr auto llm = model_kind::llm;
constexpr auto embedding = model_kind::embedding;

instance loaded(std::string id, std::string model, model_kind kind = llm, strings variants = {}) {
    instance i;
    i.id = std::move(id);
    i.model = std::move(model);
    i.kind = kind;
    i.variants = std::move(variants);
    return i;
}

model_on_disk on_disk(std::string key, strings variants = {}) {
    model_on_disk m;
    m.key = std::move(key);
    m.variants = std::move(variants);
    return m;
}

// "key", "key as instance", "ambiguous" or "unknown".
std::string text_of(resolved_model const& r) {
    if (r.match != match::found) {
        EXPECT_TRUE(r.key.empty() && r.instance_id.empty());
        return r.match == match::ambiguous ? "ambiguous" : "unknown";
    }
    return r.instance_id.empty() ? r.key : r.key + " as " + r.instance_id;
}

std::string found(std::string_view name, models const& listed) {
    return text_of(find_model(name, listed));
}

std::string resolved(std::string_view name, models const& listed, model_kind route = llm) {
    return text_of(resolve(name, listed, route));
}

TEST(model_name, is_an_instance_id_before_anything_else) {
    models const listed{{loaded("a", "x"), loaded("x", "a"), loaded("x:2", "x")},
                        {on_disk("b", {"a"})}};
    EXPECT_EQ(found("a", listed), "x as a");
    EXPECT_EQ(found("x", listed), "a as x");
    EXPECT_EQ(found("x:2", listed), "x as x:2");
    EXPECT_EQ(found("x:3", listed), "unknown");
}

TEST(model_name, is_ambiguous_where_two_models_have_an_instance_of_that_id) {
    EXPECT_EQ(found("a", {{loaded("a", "x"), loaded("a", "y")}, {on_disk("a")}}), "ambiguous");
    EXPECT_EQ(found("a", {{loaded("a", "x"), loaded("a", "x")}, {}}), "x as a");
}

TEST(model_name, is_a_key_before_it_is_a_variant) {
    models const listed{{loaded("mine", "a"), loaded("a:2", "a")},
                        {on_disk("b"), on_disk("c", {"a", "b"})}};
    EXPECT_EQ(found("a", listed), "a");
    EXPECT_EQ(found("b", listed), "b");
    EXPECT_EQ(found("c", listed), "c");
}

TEST(model_name, is_a_variant_before_it_is_another_spelling) {
    models const listed{{loaded("mine", "a", llm, {"v@q4", "w"})},
                        {on_disk("b", {"v@q8", "w"}), on_disk("V@Q4")}};
    EXPECT_EQ(found("v@q4", listed), "a");
    EXPECT_EQ(found("v@q8", listed), "b");
    EXPECT_EQ(found("w", listed), "ambiguous");
}

TEST(model_name, is_found_in_another_case_if_only_one_model_has_it) {
    models const listed{{loaded("Mine", "pub/A", llm, {"Var"})},
                        {on_disk("B"), on_disk("c"), on_disk("C"), on_disk("other/a")}};
    EXPECT_EQ(found("MINE", listed), "pub/A");
    EXPECT_EQ(found("PUB/a", listed), "pub/A");
    EXPECT_EQ(found("vAR", listed), "pub/A");
    EXPECT_EQ(found("b", listed), "B");
    EXPECT_EQ(found("c", listed), "c");
    EXPECT_EQ(found("c ", listed), "unknown");
    EXPECT_EQ(found("x/c", listed), "ambiguous");
    EXPECT_EQ(found("mine", {{loaded("Mine", "x"), loaded("MINE", "y")}, {}}), "ambiguous");
    EXPECT_EQ(found("mine", {{loaded("Mine", "x"), loaded("MINE", "x")}, {}}), "x");
}

TEST(model_name, is_found_without_its_publisher_if_only_one_model_has_it) {
    models const listed{{loaded("google/gemma-3-12b", "google/gemma-3-12b")},
                        {on_disk("qwen/qwen3-8b"), on_disk("community/Qwen3-8B"),
                         on_disk("bare-model"), on_disk("a/b/c")}};
    EXPECT_EQ(found("gemma-3-12b", listed), "google/gemma-3-12b");
    EXPECT_EQ(found("Gemma-3-12B", listed), "google/gemma-3-12b");
    EXPECT_EQ(found("somebody/bare-model", listed), "bare-model");
    EXPECT_EQ(found("b/c", listed), "unknown");
    EXPECT_EQ(found("qwen3-8b", listed), "ambiguous");
    EXPECT_EQ(found("QWEN/qwen3-8b", listed), "qwen/qwen3-8b");
    EXPECT_EQ(found("lmstudio-community/gemma-3-12b", listed), "unknown");
}

TEST(model_name, is_found_without_its_quantization_if_only_one_model_has_it) {
    models const listed{{loaded("google/gemma-3-12b", "google/gemma-3-12b")},
                        {on_disk("m@q4_k_m"), on_disk("m@q8_0"), on_disk("one@q4_k_m")}};
    EXPECT_EQ(found("google/gemma-3-12b@q4_k_m", listed), "google/gemma-3-12b");
    EXPECT_EQ(found("Gemma-3-12B@Q4_K_M", listed), "google/gemma-3-12b");
    EXPECT_EQ(found("one", listed), "one@q4_k_m");
    EXPECT_EQ(found("m@Q8_0", listed), "m@q8_0");
    EXPECT_EQ(found("m", listed), "ambiguous");
    EXPECT_EQ(found("one@q8_0", listed), "unknown");
    EXPECT_EQ(found("m@q2", listed), "unknown");
}

TEST(model_name, keeps_its_publisher_as_long_as_that_tells_two_models_apart) {
    models const listed{{}, {on_disk("m"), on_disk("google/m"), on_disk("qwen/n@q4")}};
    EXPECT_EQ(found("m@q4", listed), "m");
    EXPECT_EQ(found("google/m@q4", listed), "google/m");
    EXPECT_EQ(found("qwen/m@q4", listed), "m");
    EXPECT_EQ(found("n", listed), "qwen/n@q4");
}

TEST(model_name, is_unknown_where_nothing_is_left_to_compare) {
    models const listed{{loaded("/", "/")}, {on_disk("a/"), on_disk("@q4"), on_disk("b")}};
    for (auto const* name : {"", "@", "x/", "x/@", "@q8", "x/@q8", "b/b/b", "b@@"})
        EXPECT_EQ(found(name, listed), "unknown") << name;
}

TEST(model_name, means_the_only_loaded_model_of_its_kind_if_it_is_unknown_or_absent) {
    models const listed{
        {loaded("mine", "chat"), loaded("chat:2", "chat"), loaded("nomic", "nomic", embedding)},
        {on_disk("other")}};
    for (auto const* name : {"", "gpt-4", "x:2"}) {
        EXPECT_EQ(resolved(name, listed), "chat") << name;
        EXPECT_EQ(resolved(name, listed, embedding), "nomic") << name;
        EXPECT_EQ(resolved(name, listed, model_kind::unknown), "ambiguous") << name;
        EXPECT_EQ(found(name, listed), "unknown") << name;
    }
    EXPECT_EQ(resolved("other", listed), "other");
    EXPECT_EQ(resolved("mine", listed, embedding), "chat as mine");
}

TEST(model_name, means_none_where_no_loaded_model_or_several_may_serve_it) {
    models const none{{loaded("nomic", "nomic", embedding)}, {on_disk("other")}};
    models const two{{loaded("a", "a"), loaded("b", "b")}, {}};
    models const unsaid{{loaded("a", "a", model_kind::unknown)}, {}};
    models const mixed{{loaded("a", "a", model_kind::unknown), loaded("b", "b")}, {}};
    for (auto const* name : {"", "gpt-4"}) {
        EXPECT_EQ(resolved(name, none), "unknown") << name;
        EXPECT_EQ(resolved(name, two), "ambiguous") << name;
        EXPECT_EQ(resolved(name, two, embedding), "unknown") << name;
        EXPECT_EQ(resolved(name, unsaid), "a") << name;
        EXPECT_EQ(resolved(name, unsaid, embedding), "a") << name;
        EXPECT_EQ(resolved(name, mixed), "ambiguous") << name;
        EXPECT_EQ(resolved(name, {}), "unknown") << name;
    }
}

TEST(model_name, that_is_ambiguous_does_not_mean_the_loaded_model) {
    models const listed{{loaded("chat", "chat")}, {on_disk("a/m"), on_disk("b/m")}};
    EXPECT_EQ(resolved("m", listed), "ambiguous");
}

TEST(kind_for, is_embedding_for_embeddings_alone) {
    for (auto const* path : {"/v1/embeddings", "/api/v0/embeddings", "/V1/Embeddings",
                             "/v1/embeddings/", "/v1/embeddings?a=/b", "/embeddings"})
        EXPECT_EQ(kind_for(path), embedding) << path;
    for (auto const* path : {"/v1/chat/completions", "/v1/embeddings/x", "/v1/notembeddings", "",
                             "/", "?/embeddings", "/v1/responses", "/api/v1/chat"})
        EXPECT_EQ(kind_for(path), llm) << path;
}

} // namespace model_name_test
} // namespace secondwind::lmstudio
