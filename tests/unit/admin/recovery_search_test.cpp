#include "admin/recovery_search.hpp"
#include "paging.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::admin;
using recovery::outcome;
using testing::ElementsAre;
using testing::HasSubstr;

namespace recovery_search_test {

using clock = std::chrono::system_clock;
using book = std::deque<std::shared_ptr<recovery::record>>;

std::vector<std::string> const names{"default", "spare"};
auto const first_second = clock::time_point{std::chrono::seconds{1'790'000'000}};

// One a second, every third of them recovered, every second one on the spare host.
book records(std::uint64_t count) {
    book all;
    for (std::uint64_t id = 1; id <= count; ++id) {
        auto r = std::make_shared<recovery::record>();
        r->id = id;
        r->host = id % 2 == 0 ? "spare" : "default";
        r->began = first_second + std::chrono::seconds{id};
        r->outcome = id % 3 == 0 ? outcome::recovered : outcome::no_candidate;
        all.push_back(std::move(r));
    }
    return all;
}

std::vector<std::uint64_t> ids(recovery_page const& page) {
    std::vector<std::uint64_t> out;
    for (auto const* each : page.records)
        out.push_back(each->id);
    return out;
}

recovery_search reading(std::string_view query) {
    recovery_search wanted;
    EXPECT_EQ(read_search(query, names, wanted), "");
    return wanted;
}

std::string complaint_of(std::string_view query) {
    recovery_search wanted;
    return read_search(query, names, wanted);
}

TEST(recovery_search, without_parameters_wants_the_newest_fifty) {
    auto const all = records(120);
    auto const page = find_recoveries(all, reading(""));
    EXPECT_EQ(page.records.size(), 50U);
    EXPECT_EQ(page.records.front()->id, 120U);
    EXPECT_EQ(page.records.back()->id, 71U);
    EXPECT_EQ(page.next_before, 71U);
}

TEST(recovery_search, reads_every_parameter) {
    auto const wanted = reading("host=spare&outcome=healed&since=2026-11-22T10:15:30Z&until="
                                "2026-11-22T11:15:30%2B01:00&before=7&limit=500");
    EXPECT_EQ(wanted.host, "spare");
    EXPECT_EQ(wanted.outcome, outcome::healed);
    EXPECT_EQ(wanted.since, wanted.until);
    EXPECT_EQ(wanted.before, 7U);
    EXPECT_EQ(wanted.limit, 500U);
}

TEST(recovery_search, walks_through_all_pages_without_a_gap) {
    auto const all = records(120);
    expect_pages_without_a_gap(
        reading("limit=7&host=spare"),
        [&all](auto const& wanted) { return find_recoveries(all, wanted); },
        [](auto const& page) { return ids(page); });
}

TEST(recovery_search, tells_of_no_page_where_none_follows) {
    EXPECT_EQ(find_recoveries(records(5), reading("limit=5")).next_before, std::nullopt);
    EXPECT_EQ(find_recoveries(records(6), reading("limit=5")).next_before, 2U);
    // The last that fits is on this page, though older ones are there.
    EXPECT_EQ(find_recoveries(records(6), reading("limit=2&outcome=recovered")).next_before,
              std::nullopt);
    EXPECT_EQ(find_recoveries({}, reading("")).records.size(), 0U);
}

TEST(recovery_search, joins_its_filters) {
    auto const all = records(12);
    EXPECT_THAT(ids(find_recoveries(all, reading("outcome=recovered"))), ElementsAre(12, 9, 6, 3));
    EXPECT_THAT(ids(find_recoveries(all, reading("outcome=recovered&host=default"))),
                ElementsAre(9, 3));
    EXPECT_THAT(ids(find_recoveries(all, reading("before=4"))), ElementsAre(3, 2, 1));
}

TEST(recovery_search, has_a_span_that_begins_with_since_and_ends_before_until) {
    auto const all = records(12);
    recovery_search wanted;
    wanted.since = first_second + std::chrono::seconds{5};
    EXPECT_THAT(ids(find_recoveries(all, wanted)), ElementsAre(12, 11, 10, 9, 8, 7, 6, 5));
    wanted.until = first_second + std::chrono::seconds{8};
    EXPECT_THAT(ids(find_recoveries(all, wanted)), ElementsAre(7, 6, 5));
}

TEST(recovery_search, names_a_wrong_parameter) {
    EXPECT_THAT(complaint_of("hots=default"), HasSubstr(R"(Unknown parameter "hots")"));
    EXPECT_THAT(complaint_of("host=other"), HasSubstr(R"("host" must be default or spare)"));
    EXPECT_THAT(complaint_of("outcome=well"), HasSubstr(R"("outcome" must be)"));
    EXPECT_THAT(complaint_of("since=yesterday"), HasSubstr(R"("since" must be a time)"));
    EXPECT_THAT(complaint_of("until=2026-11-22"), HasSubstr(R"("until" must be a time)"));
    for (auto const* number : {"", "x", "-1", "1.5", "0x10", "99999999999999999999"})
        EXPECT_THAT(complaint_of(std::string{"before="} + number),
                    HasSubstr(R"("before" must be)"));
    for (auto const* limit : {"", "0", "501", "-1", "ten"})
        EXPECT_THAT(complaint_of(std::string{"limit="} + limit), HasSubstr(R"("limit" must be)"));
    EXPECT_THAT(complaint_of("limit=1&limit=2"), HasSubstr(R"("limit" appears twice)"));
}

TEST(recovery_search, shows_each_record_as_the_ledger_file_does) {
    auto const all = records(2);
    auto const shown = nlohmann::json::parse(array_of(find_recoveries(all, reading("")).records));
    ASSERT_EQ(shown.size(), 2U);
    EXPECT_EQ(shown[0].at("recovery"), 2);
    EXPECT_EQ(shown[1].at("host"), "default");
    EXPECT_EQ(array_of({}), "[]");
}

} // namespace recovery_search_test
