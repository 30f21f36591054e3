#include <secondwind/emulator/machine.hpp>

#include <gmock/gmock.h>

using namespace secondwind::emulator;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace machine_test {

std::vector<std::string> faults_of(std::string_view text) {
    try {
        parse_machine(text);
        return {};
    } catch (machine_error const& e) {
        return e.faults();
    }
}

// A machine with one model that has these members as well.
std::string with(std::string const& members) {
    return R"({"memory_bytes":1e9,"models":[{"key":"a","size_bytes":1)" + members + "}]}";
}

TEST(emulator_machine, reads_a_machine_with_a_model) {
    auto const machine = parse_machine(R"({
        "memory_bytes": 24e9, // comments are allowed
        "models": [{"key": "qwen/qwen3-8b", "size_bytes": 5.03e9, "max_context_length": 131072,
                    "default_context": 8192, "kv_bytes_per_token": 147456, "prompt_tps": 1500,
                    "tps": 42, "faults": {"corrupt_at": [8192], "unload": "not_found"}}]})");
    EXPECT_EQ(machine.options.memory_bytes, 24'000'000'000U);
    EXPECT_TRUE(machine.options.estimates);
    auto const& m = machine.options.models.at(0);
    EXPECT_EQ(m.key, "qwen/qwen3-8b");
    EXPECT_EQ(m.size_bytes, 5'030'000'000U);
    EXPECT_EQ(m.max_context_length, 131'072U);
    EXPECT_EQ(m.profile->default_context, 8192U);
    EXPECT_EQ(m.profile->kv_bytes_per_token, 147'456U);
    EXPECT_EQ(m.profile->tps, 42);
    EXPECT_THAT(m.profile->faults.corrupt_at, ElementsAre(8192U));
    EXPECT_EQ(m.profile->faults.unload, unload_fault::not_found);
    EXPECT_THAT(machine.loaded, IsEmpty());
}

TEST(emulator_machine, reads_what_is_loaded_at_the_start) {
    auto const machine = parse_machine(R"({"memory_bytes":1e9,"occupied_bytes":5,
        "models":[{"key":"a","type":"embedding","size_bytes":1}],
        "loaded":[{"model":"a","context_length":100,"identifier":"mine"},
                  {"model":"a","just_in_time":true}]})");
    EXPECT_EQ(machine.occupied_bytes, 5U);
    EXPECT_EQ(machine.options.models.at(0).type, model_type::embedding);
    ASSERT_EQ(machine.loaded.size(), 2U);
    EXPECT_EQ(machine.loaded[0].choice.context_length, 100U);
    EXPECT_EQ(machine.loaded[0].choice.identifier, "mine");
    EXPECT_EQ(machine.loaded[1].choice.reason, load_reason::just_in_time);
}

TEST(emulator_machine, names_each_member_that_is_wrong_and_what_belongs_there) {
    EXPECT_THAT(faults_of(with(R"(,"tps":0,"cache":"big","faults":{"corrupt_at":[1.5]})")),
                ElementsAre("models[0].cache: expected \"at_load\" or \"with_prompt\", but got "
                            "\"big\"",
                            "models[0].tps: expected a number above 0 and up to 1000000, but got 0",
                            "models[0].faults.corrupt_at: expected a list of whole numbers, but "
                            "got [1.5]"));
    EXPECT_THAT(faults_of(with(R"(,"max_context_length":0)")),
                ElementsAre(HasSubstr("expected a whole number from 1 to 1000000000, but got 0")));
    EXPECT_THAT(faults_of(with(R"(,"faults":{"cut_after":-1})")),
                ElementsAre(HasSubstr("models[0].faults.cut_after: expected a whole number")));
    EXPECT_THAT(
        faults_of(with(R"(,"reasoning":["on",""])")),
        ElementsAre("models[0].reasoning: expected a list of texts, but got [\"on\",\"\"]"));
}

TEST(emulator_machine, refuses_unknown_members_with_the_known_ones) {
    auto const faults = faults_of(with(R"(,"size":1)"));
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_THAT(faults[0], HasSubstr("models[0].size: there is no such member; the members here "
                                     "are key, type, size_bytes, "));
}

TEST(emulator_machine, refuses_what_is_missing_or_named_twice_or_not_there) {
    EXPECT_THAT(faults_of("{}"), ElementsAre("memory_bytes: is missing, and must be given",
                                             "models: is missing, and must be given"));
    EXPECT_THAT(faults_of(R"({"memory_bytes":1,"models":[]})"),
                ElementsAre("models: expected at least one model"));
    EXPECT_THAT(faults_of(R"({"memory_bytes":1,"models":[{"key":"a","size_bytes":1},
                                                         {"key":"a","size_bytes":1},7]})"),
                ElementsAre("models[1].key: another model has the same key",
                            "models[2]: expected an object, but got 7"));
    EXPECT_THAT(faults_of(R"({"memory_bytes":1,"models":[{"key":"a","size_bytes":1}],
                              "loaded":[{"model":"b"}]})"),
                ElementsAre("loaded[0].model: none of the models has this key"));
}

TEST(emulator_machine, says_where_a_text_is_no_json) {
    EXPECT_THAT(faults_of("{\"memory_bytes\":\n!"),
                ElementsAre(HasSubstr("it is no JSON: parse error at line 2, column 1")));
    EXPECT_THAT(faults_of("[]"), ElementsAre(HasSubstr("expected a JSON object")));
}

} // namespace machine_test
