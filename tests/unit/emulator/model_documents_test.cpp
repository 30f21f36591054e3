#include "emulator/model_documents.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace secondwind::emulator;

namespace {

class emulator_listings : public testing::Test {
protected:
    emulator_listings() {
        s.finish_load(s.begin_load(*s.find_model("org/a"), load_reason::by_hand)->serial);
        s.finish_load(s.begin_load(*s.find_model("org/a"), load_reason::by_hand)->serial);
        s.begin_load(*s.find_model("e"), load_reason::by_hand); // still loads
    }
    store s{100,
            {{"org/a", model_type::llm, 5},
             {"b", model_type::llm, 1},
             {"e", model_type::embedding, 1}}};
};

} // namespace

TEST_F(emulator_listings, openai_lists_what_is_on_disk_or_without_jit_what_is_loaded) {
    EXPECT_EQ(openai_list(s, true)["data"].size(), 3U);
    auto const loaded = openai_list(s, false);
    ASSERT_EQ(loaded["data"].size(), 1U);
    EXPECT_EQ(loaded["data"][0]["id"], "org/a");
    EXPECT_EQ(loaded["data"][0]["owned_by"], "organization_owner");
}

TEST_F(emulator_listings, v0_tells_the_state_and_no_instances) {
    auto const list = v0_list(s, true);
    EXPECT_EQ(list["data"][0]["state"], "loaded");
    EXPECT_TRUE(list["data"][0].contains("loaded_context_length"));
    EXPECT_EQ(list["data"][1]["state"], "not-loaded");
    EXPECT_FALSE(list["data"][1].contains("loaded_context_length"));
    EXPECT_EQ(list["data"][2]["state"], "loading");
    EXPECT_EQ(list["data"][2]["type"], "embeddings");
    EXPECT_EQ(v0_list(s, false)["data"].size(), 1U);
}

TEST_F(emulator_listings, v0_gives_one_model_or_none) {
    EXPECT_EQ(v0_model(s, "b").value()["id"], "b");
    EXPECT_FALSE(v0_model(s, "c"));
}

TEST_F(emulator_listings, v1_lists_every_loaded_instance_with_its_id) {
    auto const list = v1_list(s, 4);
    ASSERT_EQ(list["models"].size(), 3U);
    auto const& a = list["models"][0];
    EXPECT_EQ(a["key"], "org/a");
    EXPECT_EQ(a["publisher"], "org");
    EXPECT_EQ(a["display_name"], "a");
    EXPECT_EQ(a["size_bytes"], 5);
    ASSERT_EQ(a["loaded_instances"].size(), 2U);
    EXPECT_EQ(a["loaded_instances"][0]["id"], "org/a");
    EXPECT_EQ(a["loaded_instances"][1]["id"], "org/a:2");
    EXPECT_EQ(list["models"][1]["loaded_instances"], json::array());
    EXPECT_EQ(list["models"][2]["type"], "embedding");
    EXPECT_EQ(list["models"][2]["loaded_instances"], json::array()) << "it still loads";
}

TEST_F(emulator_listings, v1_tells_how_many_predictions_run_at_once_on_a_language_model) {
    s.finish_load(s.begin_load(*s.find_model("e"), {load_reason::by_hand, "mine"})->serial);
    auto const list = v1_list(s, 7);
    for (auto const& each : list["models"][0]["loaded_instances"])
        EXPECT_EQ(each["config"]["parallel"], 7);
    EXPECT_FALSE(list["models"][2]["loaded_instances"][0]["config"].contains("parallel"));
}

TEST_F(emulator_listings, v1_names_the_variants_of_a_model_that_has_some) {
    model m{"org/a", model_type::llm, 5};
    m.variants = {"org/a@q4_k_m", "org/a@q8_0"};
    store const with_variants{10, {m, {"b", model_type::llm, 1}}};
    auto const list = v1_list(with_variants, 4);
    EXPECT_EQ(list["models"][0]["variants"], json::array({"org/a@q4_k_m", "org/a@q8_0"}));
    EXPECT_EQ(list["models"][0]["selected_variant"], "org/a@q4_k_m");
    EXPECT_FALSE(list["models"][1].contains("variants"));
}

TEST_F(emulator_listings, loads_and_unloads_are_answered_with_the_instance_id) {
    auto const& fresh = s.instances().front();
    EXPECT_EQ(pretty(200, v1_loaded(fresh, 9.099)).body, "{\n"
                                                         "  \"type\": \"llm\",\n"
                                                         "  \"instance_id\": \"org/a\",\n"
                                                         "  \"load_time_seconds\": 9.099,\n"
                                                         "  \"status\": \"loaded\"\n"
                                                         "}");
    EXPECT_EQ(v1_loaded(fresh, 1, 2)["load_config"]["parallel"], 2);
    EXPECT_EQ(pretty(200, v1_unloaded("org/a")).body, "{\n  \"instance_id\": \"org/a\"\n}");
}
