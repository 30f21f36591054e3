#include "admin/config_document.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace config_document_test {

using namespace secondwind;
using nlohmann::json;

json entry_of(json const& document, std::string const& key) {
    for (auto const& each : document.at("settings"))
        if (each.at("key") == key)
            return each;
    return {};
}

TEST(config_document, has_each_key_with_its_value_and_source) {
    config::builder layers;
    layers.add_flag("listen", "127.0.0.1:9999", "--listen");
    auto const told = json::parse(admin::config_document(layers.effective(), layers.value()));
    EXPECT_EQ(told.at("settings").size(), layers.effective().size());
    EXPECT_EQ(entry_of(told, "listen").at("value"), "127.0.0.1:9999");
    EXPECT_EQ(entry_of(told, "listen").at("source"), "--listen");
    EXPECT_EQ(entry_of(told, "recovery.mode").at("source"), "default");
}

TEST(config_document, tells_what_was_changed_since_and_no_secret) {
    config::builder layers;
    layers.add_flag("admin.token", "of-operators-0123456789", "--token");
    auto in_force = layers.value();
    in_force.recovery.mode = config::recovery_mode::observe;
    auto const text = admin::config_document(layers.effective(), in_force);
    EXPECT_EQ(text.find("of-operators"), text.npos);
    auto const mode = entry_of(json::parse(text), "recovery.mode");
    EXPECT_EQ(mode.at("value"), "observe");
    EXPECT_EQ(mode.at("source"), "changed at run time");
}

} // namespace config_document_test
