#include <secondwind/recovery/ledger.hpp>

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::recovery;
using policy::verdict;

namespace {

trigger why(std::string model = "big") {
    return {"id-1", "/v1/chat/completions", std::move(model), verdict::insufficient_memory, "full"};
}

record with_unloads(std::vector<std::pair<std::string, bool>> unloads) {
    record r;
    for (auto& [id, done] : unloads)
        r.unloads.push_back({{id, id.substr(0, id.find(':')), 0}, done, {}, {}});
    return r;
}

} // namespace

TEST(ledger, numbers_its_records_and_tells_each_step) {
    ledger book;
    std::vector<std::string> told;
    book.listen([&told](step s, record const& r) {
        told.push_back(std::to_string(r.id) + " " + std::string{to_string(s)});
    });
    auto const first = book.open("host", why());
    auto const second = book.open("host", why());
    book.note(step::listed, *first);
    book.conclude(*first, outcome::recovered);
    EXPECT_THAT(told, testing::ElementsAre("1 began", "2 began", "1 listed", "1 concluded"));
    EXPECT_EQ(first->outcome, outcome::recovered);
    EXPECT_EQ(second->outcome, outcome::pending);
    EXPECT_EQ(first->host, "host");
    EXPECT_EQ(first->trigger.request_id, "id-1");
}

TEST(ledger, keeps_the_newest_records) {
    ledger book;
    auto const oldest = book.open("host", why());
    for (int i = 0; i < 1000; ++i)
        book.open("host", why());
    ASSERT_EQ(book.records().size(), 1000U);
    EXPECT_EQ(book.records().front()->id, 2U);
    EXPECT_EQ(book.records().back()->id, 1001U);
    // Whoever still works on one that fell out keeps it.
    book.conclude(*oldest, outcome::client_gone);
    EXPECT_EQ(oldest->outcome, outcome::client_gone);
}

TEST(ledger_record, counts_only_the_unloads_that_were_done) {
    EXPECT_EQ(with_unloads({}).unloaded(), 0U);
    EXPECT_EQ(with_unloads({{"a", true}, {"b", false}, {"c", true}}).unloaded(), 2U);
}

TEST(ledger_record, cures_any_lack_of_memory_with_any_unload) {
    auto const r = with_unloads({{"a", true}});
    EXPECT_TRUE(r.cures(verdict::insufficient_memory, "b"));
    EXPECT_TRUE(r.cures(verdict::suspected_memory, ""));
    EXPECT_TRUE(r.cures(verdict::unloaded_in_flight, "b"));
}

TEST(ledger_record, cures_a_broken_cache_only_by_unloading_that_model) {
    auto const r = with_unloads({{"a:2", true}, {"b", false}});
    EXPECT_TRUE(r.cures(verdict::cache_corruption, "a"));
    EXPECT_TRUE(r.cures(verdict::cache_corruption, "a:2"));
    EXPECT_FALSE(r.cures(verdict::cache_corruption, "b"));
    EXPECT_FALSE(r.cures(verdict::cache_corruption, "c"));
}

TEST(ledger_record, cures_nothing_without_an_unload_or_after_a_failure) {
    EXPECT_FALSE(with_unloads({}).cures(verdict::insufficient_memory, "a"));
    EXPECT_FALSE(with_unloads({{"b", false}}).cures(verdict::insufficient_memory, "a"));
    auto r = with_unloads({{"b", true}});
    r.acted = outcome::unload_failed;
    EXPECT_FALSE(r.cures(verdict::insufficient_memory, "a"));
}

TEST(ledger_record, names_every_outcome_as_the_headers_do) {
    EXPECT_EQ(to_string(outcome::recovered), "recovered");
    EXPECT_EQ(to_string(outcome::replay_failed), "replay_failed");
    EXPECT_EQ(to_string(outcome::unload_failed), "unload_failed");
    EXPECT_EQ(to_string(outcome::no_candidate), "no_candidate");
    EXPECT_EQ(to_string(outcome::client_gone), "client_gone");
}
