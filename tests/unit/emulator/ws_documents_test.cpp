#include "emulator/ws_clients.hpp"
#include "emulator/ws_documents.hpp"
#include "emulator/ws_namespace.hpp"

#include <gtest/gtest.h>

using namespace secondwind::emulator;

namespace {

store loaded() {
    store s{10, {{"p/a", model_type::llm, 2}, {"e", model_type::embedding, 1}}};
    auto const i = s.begin_load(*s.find_model("p/a"), load_reason::by_hand, "mine").value();
    EXPECT_TRUE(s.finish_load(i.serial));
    return s;
}

} // namespace

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
    EXPECT_EQ(ws_load_config(s.instances()[0])["fields"][0]["key"], "llm.load.contextLength");
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
    ws_specifier which;
    which.query["identifier"] = "b";
    auto const error = ws_not_loaded(loaded(), which, model_type::llm);
    EXPECT_EQ(error["title"], "No model found that fits the query");
    auto const& data = error["displayData"];
    EXPECT_EQ(data["code"], "generic.noModelMatchingQuery");
    EXPECT_EQ(data["query"]["identifier"], "b");
    EXPECT_EQ(data["loadedModelsSample"], json::array({"mine"}));
    EXPECT_EQ(data["totalLoadedModels"], 1);
    which.reference = "r";
    EXPECT_EQ(ws_not_loaded(loaded(), which, model_type::llm)["displayData"]["code"],
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

TEST(ws_namespace, is_found_by_its_exact_path) {
    EXPECT_EQ(ws_namespace_of("/llm"), ws_namespace::llm);
    EXPECT_EQ(ws_namespace_of("/embedding?a=b"), ws_namespace::embedding);
    EXPECT_EQ(ws_namespace_of("/system"), ws_namespace::system);
    EXPECT_EQ(ws_namespace_of("/diagnostics"), ws_namespace::other);
    for (auto const* path : {"/", "/LLM", "/llm/", "/v1/chat/completions"})
        EXPECT_FALSE(ws_namespace_of(path)) << path;
}

TEST(ws_namespace, has_only_its_own_endpoints) {
    EXPECT_TRUE(find_ws_rpc(ws_namespace::embedding, "listLoaded"));
    EXPECT_FALSE(find_ws_rpc(ws_namespace::system, "listLoaded"));
    EXPECT_TRUE(find_ws_rpc(ws_namespace::system, "version"));
    EXPECT_FALSE(find_ws_rpc(ws_namespace::llm, "version"));
    EXPECT_FALSE(find_ws_rpc(ws_namespace::other, "listLoaded"));
    EXPECT_TRUE(find_ws_channel(ws_namespace::llm, "predict"));
    EXPECT_FALSE(find_ws_channel(ws_namespace::embedding, "predict"));
    EXPECT_TRUE(find_ws_channel(ws_namespace::embedding, "getOrLoad"));
}

TEST(ws_clients, keep_an_identifier_for_the_first_passkey_until_it_is_released) {
    ws_clients clients;
    EXPECT_FALSE(clients.admit({"a", "1"}));
    EXPECT_FALSE(clients.admit({"a", "1"}));
    EXPECT_TRUE(clients.admit({"a", "2"}));
    EXPECT_FALSE(clients.admit({"b", "2"}));
    clients.release("a");
    EXPECT_TRUE(clients.admit({"a", "2"}));
    clients.release("a");
    EXPECT_FALSE(clients.admit({"a", "2"}));
}
