#include <secondwind/telemetry/request_ring.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::telemetry {
namespace {

finished asked_for(std::string_view model) {
    finished one;
    one.model = model;
    one.host = "mac";
    one.id = "id";
    return one;
}

std::string models(request_ring const& ring) {
    std::string all;
    for (auto number = ring.oldest(); number <= ring.newest(); ++number)
        all.append(ring.at(number).told().model);
    return all;
}

void put(request_ring& ring, finished const& one, std::vector<earlier_attempt> earlier = {}) {
    ring.add([&one](finished& row) { row = one; }, earlier);
}

void add(request_ring& ring, std::string_view models) {
    for (auto const& each : models)
        put(ring, asked_for({&each, 1}));
}

TEST(request_ring, keeps_nothing_before_it_has_a_bound) {
    request_ring ring;
    add(ring, "abc");
    EXPECT_EQ(ring.newest(), 3U);
    EXPECT_EQ(ring.oldest(), 4U);
    ring.bound(2);
    EXPECT_EQ(models(ring), "");
    add(ring, "d");
    EXPECT_EQ(ring.oldest(), 4U);
    EXPECT_EQ(models(ring), "d");
}

TEST(request_ring, keeps_the_newest_by_their_numbers) {
    request_ring ring;
    ring.bound(3);
    add(ring, "ab");
    EXPECT_EQ(ring.oldest(), 1U);
    EXPECT_EQ(models(ring), "ab");
    add(ring, "cdefgh");
    EXPECT_EQ(ring.newest(), 8U);
    EXPECT_EQ(ring.oldest(), 6U);
    EXPECT_EQ(models(ring), "fgh");
}

TEST(request_ring, keeps_the_newest_where_its_bound_changes_at_any_time) {
    std::string const all = "abcdefghijklmnopqrstuvwxyz";
    for (std::size_t before = 0; before < 6; ++before)
        for (std::size_t after = 0; after < 6; ++after)
            for (std::size_t count = 0; count < 9; ++count) {
                request_ring ring;
                ring.bound(before);
                add(ring, all.substr(0, count));
                ring.bound(after);
                auto const kept = std::min({before, after, count});
                EXPECT_EQ(models(ring), all.substr(count - kept, kept));
                add(ring, all.substr(count, 7));
                auto const then = std::min(after, kept + 7);
                EXPECT_EQ(models(ring), all.substr(count + 7 - then, then));
                EXPECT_EQ(ring.newest(), count + 7);
            }
}

TEST(request_ring, has_texts_of_its_own) {
    request_ring ring;
    ring.bound(2);
    {
        auto one = asked_for("qwen/qwen3-8b");
        std::string const detail = "a detail of some length";
        one.detail = detail;
        one.client = "laptop";
        one.agent = "curl";
        one.address = "10.0.0.7";
        one.path = "/v1/chat/completions";
        put(ring, one, {{"rtx", 500, "load_refused", 0.5}});
    }
    ring.bound(4);
    auto const& row = ring.at(1);
    EXPECT_EQ(row.told().model, "qwen/qwen3-8b");
    EXPECT_EQ(row.told().host, "mac");
    EXPECT_EQ(row.told().detail, "a detail of some length");
    EXPECT_EQ(row.told().client, "laptop");
    EXPECT_EQ(row.told().agent, "curl");
    EXPECT_EQ(row.told().address, "10.0.0.7");
    EXPECT_EQ(row.told().path, "/v1/chat/completions");
    EXPECT_EQ(row.told().id, "id");
    ASSERT_EQ(row.earlier().size(), 1U);
    EXPECT_EQ(row.earlier().front().host, "rtx");
}

TEST(request_ring, cuts_texts_so_that_a_row_has_a_bound) {
    request_ring ring;
    ring.bound(1);
    std::string const megabyte(1'000'000, 'x');
    finished one;
    for (auto* each : {&one.host, &one.model, &one.client, &one.agent, &one.address, &one.path,
                       &one.id, &one.detail})
        *each = megabyte;
    put(ring, one);
    auto const& told = ring.at(1).told();
    EXPECT_EQ(told.model.size(), 96U);
    std::size_t all = 0;
    for (auto const each : {told.host, told.model, told.client, told.agent, told.address, told.path,
                            told.id, told.detail})
        all += each.size();
    EXPECT_EQ(all, 224U);
    EXPECT_LE(sizeof(request_ring::row), 576U) << "the documentation says 550 bytes";
}

TEST(request_ring, forgets_the_attempts_of_a_row_that_is_used_again) {
    request_ring ring;
    ring.bound(1);
    put(ring, asked_for("a"), {{"rtx", 0, "connect", 0.5}});
    put(ring, asked_for("b"));
    EXPECT_TRUE(ring.at(2).earlier().empty());
}

} // namespace
} // namespace secondwind::telemetry
