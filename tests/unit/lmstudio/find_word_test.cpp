#include "lmstudio/find_word.hpp"

#include <gtest/gtest.h>

namespace secondwind::lmstudio {
namespace {

TEST(find_word, finds_what_a_plain_search_finds_whichever_letter_is_rare) {
    for (std::string_view const text :
         {"", "y", "type", R"("type")", R"({"type":1,"type":2})", R"({"typ":"type"})", R"("typ)",
          R"(type"type"type")", R"(yy"yy"type)", R"({"a":"ty","pe":0})"})
        for (std::string_view const word : {R"("type")", "type", "y"})
            for (std::size_t rare = 0; rare < word.size(); ++rare) {
                EXPECT_EQ(find_word(text, word, rare), text.find(word))
                    << text << " " << word << " " << rare;
                EXPECT_EQ(has_word(text, word, rare), text.find(word) != std::string_view::npos);
            }
}

} // namespace
} // namespace secondwind::lmstudio
