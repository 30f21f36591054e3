#include <secondwind/config/builder.hpp>
#include <secondwind/config/keys.hpp>

#include <gtest/gtest.h>

namespace secondwind::config {
namespace {

TEST(nearest, finds_a_mistyped_word) {
    std::vector<std::string> const known{"listen", "recovery", "limits"};
    EXPECT_EQ(nearest("listn", known), "listen");
    EXPECT_EQ(nearest("lisetn", known), "listen");
    EXPECT_EQ(nearest("recvery", known), "recovery");
    EXPECT_EQ(nearest("limit", known), "limits");
}

TEST(nearest, prefers_the_smaller_distance) {
    EXPECT_EQ(nearest("abcdef1", {"abcdxxx", "abcdef2"}), "abcdef2");
    EXPECT_EQ(nearest("abcdef", {"abcdxx", "abcdef"}), "abcdef");
}

TEST(nearest, is_nothing_where_nothing_is_near) {
    EXPECT_FALSE(nearest("something", {"listen", "recovery"}));
    EXPECT_FALSE(nearest("", {"listen"}));
    EXPECT_FALSE(nearest("listen", {}));
    EXPECT_FALSE(nearest(std::string(1'000'000, 'x'), {"listen"}));
}

TEST(nearest, finds_every_key_with_one_letter_lost_or_two_swapped) {
    for (auto const& k : keys())
        for (std::size_t i = 0; i + 1 < k.name.size(); ++i) {
            auto lost = k.name;
            lost.erase(i, 1);
            if (find_key(lost) == nullptr) {
                EXPECT_EQ(nearest_key(lost), k.name);
            }
            auto swapped = k.name;
            std::swap(swapped[i], swapped[i + 1]);
            if (find_key(swapped) == nullptr) {
                EXPECT_EQ(nearest_key(swapped), k.name);
            }
        }
}

TEST(nearest, finds_a_key_that_lacks_its_section_or_has_another) {
    EXPECT_EQ(nearest_key("evict"), "recovery.evict");
    EXPECT_EQ(nearest_key("limits.evict"), "recovery.evict");
    EXPECT_EQ(nearest_key("replay_bufer"), "limits.replay_buffer");
    EXPECT_FALSE(nearest_key("wholly.unrelated"));
}

} // namespace
} // namespace secondwind::config
