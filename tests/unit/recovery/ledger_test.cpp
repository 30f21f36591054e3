#include <secondwind/recovery/ledger.hpp>

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::recovery;
using policy::verdict;

namespace {

trigger why(std::string model = "big") {
    return {"id-1", "/v1/chat/completions", std::move(model), verdict::insufficient_memory, "full",
            false};
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
    first->awaiting = 2;
    book.finish(*first);
    book.conclude(*first, "id-2", outcome::replay_failed, false);
    book.conclude(*first, "id-1", outcome::recovered, true);
    EXPECT_THAT(
        told, testing::ElementsAre("1 began", "2 began", "1 listed", "1 finished", "1 concluded"));
    EXPECT_EQ(first->outcome, outcome::recovered);
    ASSERT_EQ(first->replays.size(), 2U);
    EXPECT_EQ(first->replays[0].request_id, "id-2");
    EXPECT_EQ(first->replays[0].outcome, outcome::replay_failed);
    EXPECT_EQ(first->awaiting, 0U);
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
    oldest->awaiting = 1;
    book.conclude(*oldest, "id-1", outcome::client_gone, true);
    EXPECT_EQ(oldest->outcome, outcome::client_gone);
}
