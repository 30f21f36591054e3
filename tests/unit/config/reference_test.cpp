#include <secondwind/config/builder.hpp>
#include <secondwind/config/keys.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace secondwind::config {
namespace {

std::string read_from_root(std::string const& path) {
    std::ifstream in{SECONDWIND_TEST_DATA "/../../" + path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::string reference() {
    return read_from_root("config/secondwind.json");
}

TEST(reference_file, has_every_key_at_its_default) {
    builder b;
    b.add_file(reference(), "secondwind.json");
    b.check();
    auto const defaults = builder{}.effective();
    auto const effective = b.effective();
    ASSERT_EQ(effective.size(), keys().size());
    for (std::size_t i = 0; i < effective.size(); ++i) {
        EXPECT_EQ(effective[i].value, defaults[i].value) << effective[i].key;
        // An empty secret is none, and so it comes from nowhere.
        if (keys()[i].secret)
            continue;
        EXPECT_TRUE(effective[i].source.starts_with("secondwind.json:"))
            << effective[i].key << " is missing";
    }
}

TEST(reference_file, is_in_the_order_of_the_table) {
    builder b;
    b.add_file(reference(), "secondwind.json");
    int last = 0;
    for (auto const& entry : b.effective()) {
        if (find_key(entry.key)->secret)
            continue;
        auto const line = std::stoi(entry.source.substr(entry.source.find(':') + 1));
        EXPECT_GE(line, last) << entry.key;
        last = line;
    }
}

TEST(reference_file, says_something_about_every_key) {
    auto const text = reference();
    // A comment stands in the line before each key that is no section.
    std::regex const key{R"re(([^\n]*)\n *"([a-z_]+)": [^{\n])re"};
    std::multiset<std::string> seen;
    for (std::sregex_iterator it{text.begin(), text.end(), key}, end; it != end; ++it) {
        EXPECT_NE((*it)[1].str().find("//"), std::string::npos) << (*it)[2];
        seen.insert((*it)[2]);
    }
    std::multiset<std::string> expected;
    for (auto const& k : keys())
        if (k.form != json_form::member)
            expected.insert(k.name.substr(k.name.rfind('.') + 1));
    for (auto const& k : keys())
        if (find_file_name_key(k.name + "_file") == &k)
            expected.insert(k.name.substr(k.name.rfind('.') + 1) + "_file");
    // The one list that is not empty at its default.
    auto const& members = find_key("upstreams")->members;
    expected.insert(members.begin(), members.end());
    EXPECT_EQ(seen, expected);
}

TEST(reference_file, explains_all_that_a_rule_may_say) {
    auto const text = reference();
    for (auto const& member : find_key("recovery.rules")->members)
        EXPECT_NE(text.find('"' + member + '"'), std::string::npos) << member;
    for (auto const* verdict :
         {"load_refused", "insufficient_memory", "suspected_memory", "cache_corruption",
          "unloaded_in_flight", "model_crash", "other_error"})
        EXPECT_NE(text.find('"' + std::string{verdict} + '"'), std::string::npos) << verdict;
}

TEST(reference_file, is_refused_with_a_place_wherever_it_is_cut) {
    // Comments are most of it, and one is cut like another.
    auto const text = std::regex_replace(reference(), std::regex{"//[^\n]*"}, "// ...");
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
