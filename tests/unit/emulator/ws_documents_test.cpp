#include "emulator/ws_documents.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace secondwind::emulator;

namespace ws_documents_test {

store loaded() {
    store s{10, {{"p/a", model_type::llm, 2}, {"e", model_type::embedding, 1}}};
    auto const i = s.begin_load(*s.find_model("p/a"), {load_reason::by_hand, "mine"}).value();
    EXPECT_TRUE(s.finish_load(i.serial));
    return s;
}

TEST(ws_documents, describe_an_instance_and_its_model) {
    auto const s = loaded();
    usage used;
    used.last_used = 1234;
    auto const info = ws_instance_info(s.models()[0], s.instances()[0], used);
    EXPECT_EQ(info["type"], "llm");
    EXPECT_EQ(info["modelKey"], "p/a");
    EXPECT_EQ(info["publisher"], "p");
    EXPECT_EQ(info["displayName"], "a");
    EXPECT_EQ(info["identifier"], "mine");
    EXPECT_EQ(info["instanceReference"].get<std::string>().size(), 24U);
    EXPECT_EQ(info["lastUsedTime"], 1234);
    EXPECT_EQ(info["sizeBytes"], 2);
    EXPECT_TRUE(ws_instance_info(s.models()[0], s.instances()[0], {})["lastUsedTime"].is_null());
    EXPECT_FALSE(ws_model_info(s.models()[1]).contains("vision"));
}

TEST(ws_documents, tell_what_a_load_got_and_what_else_it_asked_for) {
    instance i;
    i.context_length = 1000;
    i.flash_attention = false;
    i.load_config = R"([{"key":"llm.load.contextLength","value":2000},
                        {"key":"llm.load.seed","value":{"checked":true,"value":7}}])";
    EXPECT_EQ(ws_load_config(i), json::parse(R"({"fields":[
        {"key":"llm.load.contextLength","value":1000},
        {"key":"llm.load.llama.flashAttention","value":false},
        {"key":"llm.load.offloadKVCacheToGpu","value":true},
        {"key":"llm.load.seed","value":{"checked":true,"value":7}}]})"));
    instance embedding;
    embedding.type = model_type::embedding;
    EXPECT_EQ(ws_load_config(embedding), json::parse(R"({"fields":[
        {"key":"embedding.load.contextLength","value":4096}]})"));
}

TEST(ws_documents, put_the_words_of_an_engine_into_the_cause) {
    auto const refused = ws_load_failure("Insufficient.", false);
    EXPECT_EQ(refused["title"], "Insufficient.");
    EXPECT_EQ(refused["rootTitle"], "Insufficient.");
    EXPECT_FALSE(refused.contains("cause"));
    EXPECT_TRUE(refused["stack"].get<std::string>().starts_with("Error: Insufficient.\n    at "));
    auto const failed = ws_load_failure("Out of memory", true);
    EXPECT_EQ(failed["title"], "Failed to load model");
    EXPECT_EQ(failed["cause"], "Out of memory");
    EXPECT_NE(failed["stack"].get<std::string>().find("- Caused By: Error: Out of memory"),
              std::string::npos);
    EXPECT_FALSE(ws_load_failure("Failed to load model.", true).contains("cause"));
}

TEST(ws_documents, take_four_bytes_for_a_token) {
    EXPECT_EQ(ws_tokens("")["tokens"].size(), 0U);
    EXPECT_EQ(ws_tokens("abcd")["tokens"].size(), 1U);
    EXPECT_EQ(ws_tokens("abcde")["tokens"].size(), 2U);
    EXPECT_EQ(ws_tokens("abcdabcd")["tokens"][0], ws_tokens("abcdabcd")["tokens"][1]);
    EXPECT_EQ(ws_token_count("abcde")["tokenCount"], 2);
    EXPECT_EQ(ws_token_count("")["tokenCount"], 0);
}

TEST(ws_documents, write_a_history_as_a_prompt) {
    auto const history = json::parse(R"({"messages":[{"role":"user","content":[
        {"type":"text","text":"Hi"},{"type":"file","name":"x"},7]}]})");
    EXPECT_EQ(ws_formatted(history)["formatted"],
              "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
}

TEST(ws_documents, count_the_bytes_of_a_file) {
    EXPECT_EQ(ws_uploaded("a.txt", "", 1)["sizeBytes"], 0);
    EXPECT_EQ(ws_uploaded("a.txt", "QQ==", 1)["sizeBytes"], 1);
    EXPECT_EQ(ws_uploaded("a.txt", "QUI=", 1)["sizeBytes"], 2);
    EXPECT_EQ(ws_uploaded("a.txt", "QUJD", 1)["sizeBytes"], 3);
    EXPECT_EQ(ws_uploaded("a.txt", "QUJD", 1)["fileType"], "text/plain");
    EXPECT_EQ(ws_uploaded("a.gguf", "QUJD", 2)["identifier"], "2-a.gguf");
}

TEST(ws_documents, find_models_by_a_part_of_their_key) {
    auto const s = loaded();
    auto const found = ws_search_results(s, "a", 10)["results"];
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0]["identifier"], json::parse(R"({"type":"catalog","identifier":"p/a"})"));
    EXPECT_EQ(ws_search_results(s, "", 1)["results"].size(), 1U);
}

TEST(ws_documents, count_each_token_of_a_prompt_once) {
    auto const packet = ws_prompt_progress(0.25, 10);
    EXPECT_EQ(packet["progress"], 0.25);
    EXPECT_EQ(packet["details"], json::parse(R"({"cachedTokenCount":0,"totalPromptTokenCount":10,
        "processedPromptTokenCount":2,"unprocessedPromptTokenCount":8})"));
}

TEST(ws_documents, give_a_time_to_live_to_what_a_request_loaded_and_name_the_device) {
    store s{10, {{"a", model_type::llm, 2}}};
    s.begin_load(s.models()[0], load_reason::by_hand);
    s.begin_load(s.models()[0], {load_reason::just_in_time, {}, "mac-studio"});
    auto const by_hand = ws_instance_info(s.models()[0], s.instances()[0], {});
    EXPECT_TRUE(by_hand["ttlMs"].is_null());
    EXPECT_TRUE(by_hand["deviceIdentifier"].is_null());
    auto const elsewhere = ws_instance_info(s.models()[0], s.instances()[1], {});
    EXPECT_EQ(elsewhere["ttlMs"], 3'600'000);
    EXPECT_EQ(elsewhere["deviceIdentifier"], "mac-studio");
}

TEST(ws_documents, name_what_an_instance_is_doing) {
    instance i;
    EXPECT_EQ(ws_processing_state(i, {})["status"], "idle");
    EXPECT_EQ(ws_processing_state(i, {2, 0, 0})["status"], "processingPrompt");
    EXPECT_EQ(ws_processing_state(i, {2, 1, 0})["status"], "generating");
    EXPECT_EQ(ws_processing_state(i, {2, 1, 0})["queued"], 2);
    i.type = model_type::embedding;
    EXPECT_EQ(ws_processing_state(i, {1, 1, 0})["status"], "computingEmbedding");
}

TEST(ws_documents, say_what_is_loaded_instead) {
    ws_specifier specifier;
    specifier.query["identifier"] = "b";
    auto const error = ws_not_loaded(loaded(), specifier, model_type::llm);
    EXPECT_EQ(error["title"], "No model found that fits the query");
    auto const& data = error["displayData"];
    EXPECT_EQ(data["code"], "generic.noModelMatchingQuery");
    EXPECT_EQ(data["query"]["identifier"], "b");
    EXPECT_EQ(data["loadedModelsSample"], json::array({"mine"}));
    EXPECT_EQ(data["totalLoadedModels"], 1);
    specifier.reference = "r";
    EXPECT_EQ(ws_not_loaded(loaded(), specifier, model_type::llm)["displayData"]["code"],
              "generic.specificModelUnloaded");
}

TEST(ws_documents, say_why_a_key_is_not_loadable) {
    auto const s = loaded();
    auto const unknown = ws_not_loadable(s, "b", model_type::llm)["displayData"];
    EXPECT_EQ(unknown["code"], "generic.pathNotFound");
    EXPECT_EQ(unknown["availablePathsSample"], json::array({"p/a"}));
    auto const other = ws_not_loadable(s, "e", model_type::llm)["displayData"];
    EXPECT_EQ(other["code"], "generic.domainMismatch");
    EXPECT_EQ(other["actualDomain"], "embedding");
}

} // namespace ws_documents_test
