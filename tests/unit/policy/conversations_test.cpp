#include <secondwind/policy/conversations.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::policy {
namespace conversations_test {

using namespace std::chrono_literals;

conversations::time_point const start{1h};

// Text that does not repeat.
std::string text(std::size_t length, unsigned seed = 1) {
    std::string made;
    for (std::uint64_t x = seed; made.size() < length;
         x = x * 6364136223846793005 + 1442695040888963407)
        made += std::to_string(x);
    made.resize(length);
    return made;
}

struct turns : testing::Test {
    conversations all{"secret"};

    void read(std::string const& body, std::string_view host) {
        all.note(all.begin("m", body), host, start);
    }
    std::size_t unread(std::string const& body, std::string_view host, std::string_view scope = "m",
                       conversations::time_point now = start) {
        return all.unread(all.begin(scope, body), host, now);
    }
};

TEST_F(turns, of_a_new_conversation_are_read_whole) {
    EXPECT_EQ(unread(text(5000), "a"), 5000U);
}

TEST_F(turns, are_found_where_the_last_one_was_read) {
    auto const first = text(20'000);
    read(first + "]}", "a");
    auto const next = first + text(1000, 2) + "]}";
    // At most a fifth of what is common is not found, because lengths are kept in steps.
    EXPECT_LE(unread(next, "a"), 1002U + 20'000 / 5);
    EXPECT_GE(unread(next, "a"), 1002U);
    EXPECT_EQ(unread(next, "b"), next.size());
}

TEST_F(turns, of_a_session_are_read_by_whoever_has_read_one_of_them) {
    auto const unread_of = [this](std::string_view scope, std::string_view session,
                                  std::string_view host) {
        return all.unread(all.begin(scope, session, 300), host, start);
    };
    EXPECT_EQ(unread_of("m", "s", "a"), 300U);
    all.note(all.begin("m", "s", 200), "a", start);
    EXPECT_EQ(unread_of("m", "s", "a"), 0U);
    EXPECT_EQ(unread_of("m", "s", "b"), 300U);
    EXPECT_EQ(unread_of("m", "t", "a"), 300U);
    EXPECT_EQ(unread_of("n", "s", "a"), 300U);
    all.note(all.begin("m", "s", 200), "b", start);
    EXPECT_EQ(unread_of("m", "s", "a"), 300U);
}

TEST_F(turns, of_another_scope_have_nothing_in_common) {
    read(text(5000), "a");
    EXPECT_LT(unread(text(5000), "a"), 5000U);
    EXPECT_EQ(unread(text(5000), "a", "other"), 5000U);
}

TEST_F(turns, with_the_same_short_beginning_have_only_that_in_common) {
    auto const system = text(4000);
    read(system + text(30'000, 2), "a");
    auto const other = system + text(30'000, 3);
    EXPECT_GE(unread(other, "a"), 30'000U);
    EXPECT_LT(unread(other, "a"), 31'000U);
}

TEST_F(turns, go_with_the_host_that_has_read_them_last) {
    auto const body = text(8000);
    read(body, "a");
    read(body, "b");
    EXPECT_EQ(unread(body, "a"), 8000U);
    EXPECT_LT(unread(body, "b"), 8000U);
}

TEST_F(turns, are_forgotten_after_an_hour) {
    auto const body = text(8000);
    read(body, "a");
    EXPECT_LT(unread(body, "a", "m", start + 59min), 8000U);
    EXPECT_EQ(unread(body, "a", "m", start + 60min), 8000U);
}

TEST_F(turns, that_are_short_are_not_kept) {
    EXPECT_EQ(all.begin("m", text(conversations::shortest - 1)).size(), 0U);
    EXPECT_EQ(all.begin("m", text(conversations::shortest)).size(), 1U);
}

TEST_F(turns, are_forgotten_the_oldest_first) {
    constexpr auto length = conversations::shortest;
    read(text(length), "a");
    for (unsigned i = 0; i < conversations::most; ++i)
        read(text(length, i + 2), "a");
    EXPECT_EQ(unread(text(length), "a"), length);
    EXPECT_LT(unread(text(length, 2), "a"), length);
}

} // namespace conversations_test
} // namespace secondwind::policy
