#include <secondwind/config/keys.hpp>
#include <secondwind/config/parse.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>

namespace secondwind::config {
namespace {

std::string reference() {
    std::ifstream in{SECONDWIND_TEST_DATA "/../../config/secondwind.json", std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

TEST(reference_file, has_every_key_at_its_default) {
    builder b;
    b.add_file(reference(), "secondwind.json");
    b.check();
    auto const defaults = builder{}.effective();
    auto const effective = b.effective();
    ASSERT_EQ(effective.size(), keys().size());
    for (std::size_t i = 0; i < effective.size(); ++i) {
        EXPECT_TRUE(effective[i].source.starts_with("secondwind.json:"))
            << effective[i].key << " is missing";
        EXPECT_EQ(effective[i].value, defaults[i].value) << effective[i].key;
    }
}

TEST(reference_file, is_in_the_order_of_the_table) {
    builder b;
    b.add_file(reference(), "secondwind.json");
    int last = 0;
    for (auto const& entry : b.effective()) {
        auto const line = std::stoi(entry.source.substr(entry.source.find(':') + 1));
        EXPECT_GE(line, last) << entry.key;
        last = line;
    }
}

TEST(reference_file, says_something_about_every_key) {
    auto const text = reference();
    // A comment stands in the line before each key that is no section.
    std::regex const key{R"re(([^\n]*)\n *"([a-z_]+)": [^{\n])re"};
    std::size_t seen = 0;
    for (std::sregex_iterator it{text.begin(), text.end(), key}, end; it != end; ++it, ++seen)
        EXPECT_NE((*it)[1].str().find("//"), std::string::npos) << (*it)[2];
    EXPECT_EQ(seen, keys().size());
}

TEST(reference_file, is_refused_with_a_place_wherever_it_is_cut) {
    auto const text = reference();
    auto const end = text.rfind('}');
    ASSERT_NE(end, std::string::npos);
    for (std::size_t n = 0; n <= end; ++n) {
        try {
            builder b;
            b.add_file(std::string_view{text}.substr(0, n), "f.json");
            ADD_FAILURE() << "taken when cut at " << n;
        } catch (config_error const& e) {
            std::string_view const message = e.what();
            ASSERT_TRUE(message.starts_with("f.json:")) << message;
            ASSERT_NE(message.find(": not valid JSON: "), std::string_view::npos) << message;
        }
    }
}

} // namespace
} // namespace secondwind::config
