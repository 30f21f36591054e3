#include <secondwind/policy/lab_results.hpp>

#include <gmock/gmock.h>

#include <string>

using namespace secondwind::policy;
using namespace std::chrono_literals;

namespace {

std::string document_with(std::string const& members) {
    return R"({"schema":1,"models":[{"key":"qwen/qwen3-8b",)"
           R"("measured_at":"2026-11-27T10:00:00Z")" +
           members + "}]}";
}

lab_result useful() {
    lab_result one;
    one.key = "qwen/qwen3-8b";
    one.size = 5'030'000'000;
    one.works = 49'152;
    one.default_works = false;
    one.alone = true;
    one.mode = "normal";
    one.measured = std::chrono::system_clock::time_point{} + 1000h;
    return one;
}

auto const today = std::chrono::system_clock::time_point{} + 1024h;

struct refused_document {
    std::string text;
    std::string error;
};
struct lab_documents : testing::TestWithParam<refused_document> {};

} // namespace

TEST(lab_results, are_read_whole) {
    auto const read = parse_lab_document(document_with(
        R"(,"size":5030000000,"works":49152,"max_context":131072,"default_works":false,)"
        R"("alone":true,"mode":"normal","limited_by":"guardrail","tps":41.3,)"
        R"("curve":[{"context":4096,"tps":41.3},{"context":32768,"tps":30}],"more":[1])"));
    ASSERT_EQ(read.error, "");
    ASSERT_EQ(read.results.size(), 1u);
    auto const& one = read.results.front();
    EXPECT_EQ(one.key, "qwen/qwen3-8b");
    EXPECT_EQ(one.size, 5'030'000'000u);
    EXPECT_EQ(one.works, 49'152);
    EXPECT_EQ(one.most, 131'072);
    EXPECT_EQ(one.default_works, false);
    EXPECT_TRUE(one.alone);
    EXPECT_EQ(one.limited_by, "guardrail");
    ASSERT_EQ(one.curve.size(), 2u);
    EXPECT_EQ(one.curve[1].context, 32'768);
}

TEST(lab_results, may_lack_what_is_not_known) {
    auto const read = parse_lab_document(document_with(R"(,"works":null,"tps":null)"));
    ASSERT_EQ(read.error, "");
    EXPECT_EQ(read.results.front().works, std::nullopt);
    EXPECT_EQ(read.results.front().default_works, std::nullopt);
}

TEST_P(lab_documents, are_refused_as_a_whole) {
    auto const read = parse_lab_document(GetParam().text);
    EXPECT_EQ(read.error, GetParam().error);
    EXPECT_THAT(read.results, testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    strict, lab_documents,
    testing::Values(
        refused_document{"", "it is no JSON object"},
        refused_document{"[1]", "it is no JSON object"},
        refused_document{R"({"schema":2,"models":[]})", "its schema is not 1"},
        refused_document{R"({"schema":1,"models":{}})", "it has no list of models"},
        refused_document{R"({"schema":1,"models":[3]})", "models has an entry that is no object"},
        refused_document{R"({"schema":1,"models":[{}]})", "a model has no key"},
        refused_document{R"({"schema":1,"models":[{"key":"a"}]})",
                         R"("a": measured_at is no time of RFC 3339)"},
        refused_document{document_with(R"(,"works":0)"),
                         R"("qwen/qwen3-8b": works is no number in its range)"},
        refused_document{document_with(R"(,"works":20000000)"),
                         R"("qwen/qwen3-8b": works is no number in its range)"},
        refused_document{document_with(R"(,"tps":"fast")"),
                         R"("qwen/qwen3-8b": tps is no number in its range)"},
        refused_document{document_with(R"(,"alone":1)"),
                         R"("qwen/qwen3-8b": alone is neither true nor false)"},
        refused_document{document_with(R"(,"curve":[7])"),
                         R"("qwen/qwen3-8b": curve has a point that is no object)"},
        refused_document{
            R"({"schema":1,"models":[{"key":"a","measured_at":"2026-11-27T10:00:00Z"},)"
            R"({"key":"a","measured_at":"2026-11-27T10:00:00Z"}]})",
            R"("a": a model is in it twice)"},
        refused_document{std::string(largest_lab_document + 1, ' '), "it is larger than 1 MiB"}));

TEST(fitting_contexts, are_what_works_where_the_default_does_not_fit_even_alone) {
    EXPECT_EQ(fitting_context(useful(), 5'030'000'000, 4096, today), 49'152);
}

TEST(fitting_contexts, need_a_measurement_that_holds) {
    auto const refused = [](auto change) {
        auto one = useful();
        change(one);
        return !fitting_context(one, 5'030'000'000, 4096, today);
    };
    EXPECT_TRUE(refused([](auto& r) { r.default_works = true; }));
    EXPECT_TRUE(refused([](auto& r) { r.default_works.reset(); }));
    EXPECT_TRUE(refused([](auto& r) { r.alone = false; }));
    EXPECT_TRUE(refused([](auto& r) { r.mode = "quick"; }));
    EXPECT_TRUE(refused([](auto& r) { r.mode = "imported"; }));
    EXPECT_TRUE(refused([](auto& r) { r.works.reset(); }));
    EXPECT_TRUE(refused([](auto& r) { r.works = 2048; }));
    EXPECT_TRUE(refused([](auto& r) { r.size = 4; }));
    EXPECT_TRUE(refused([](auto& r) { r.size = 0; }));
    EXPECT_TRUE(refused([](auto& r) { r.measured = today - 31 * 24h; }));
}
