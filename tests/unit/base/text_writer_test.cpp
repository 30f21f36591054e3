#include <secondwind/base/text_writer.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace secondwind {
namespace text_writer_test {

TEST(text_writer, appends_to_the_string_and_leaves_no_unused_room) {
    std::string text = "before ";
    {
        text_writer out{text, 1000};
        out.put("a").put("").put(std::string_view{}).put(std::uint64_t{42}).put(" b");
    }
    EXPECT_EQ(text, "before a42 b");
}

TEST(text_writer, makes_room_for_more_than_was_expected) {
    auto const longest = std::numeric_limits<std::uint64_t>::max();
    std::string const piece(100, 'x');
    std::string wanted;
    std::string text;
    {
        text_writer out{text, 0};
        for (int i = 0; i < 50; ++i) {
            out.put(piece).put(longest);
            wanted += piece + std::to_string(longest);
        }
    }
    EXPECT_EQ(text, wanted);
}

} // namespace text_writer_test
} // namespace secondwind
