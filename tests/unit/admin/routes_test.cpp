#include "admin/routes.hpp"

#include <gtest/gtest.h>

using namespace secondwind::admin;

TEST(routes, are_found_by_their_whole_path) {
    EXPECT_EQ(find_destination("/livez").route, route::livez);
    EXPECT_EQ(find_destination("/readyz").route, route::readyz);
    EXPECT_EQ(find_destination("/api/status").route, route::status);
    EXPECT_EQ(find_destination("/api/hosts").route, route::hosts);
    EXPECT_EQ(find_destination("/api/recoveries").route, route::recoveries);
    EXPECT_EQ(find_destination("/api/requests").route, route::requests);
    EXPECT_EQ(find_destination("/api/route").route, route::choice);
    EXPECT_EQ(find_destination("/api/explain").route, route::explain);
    EXPECT_EQ(find_destination("/api/recovery/mode").route, route::recovery_mode);
    EXPECT_EQ(find_destination("/api/recovery/evict").route, route::recovery_evict);
    EXPECT_EQ(find_destination("/api/pin").route, route::pin);
    EXPECT_EQ(find_destination("/api/try").route, route::try_it);
    EXPECT_EQ(find_destination("/api/unpin").route, route::unpin);
    EXPECT_EQ(find_destination("/api/config").route, route::configuration);
    EXPECT_EQ(find_destination("/api/log").route, route::log_lines);
    EXPECT_EQ(find_destination("/api/reload").route, route::reload);
    for (auto const* other :
         {"", "/", "/api", "/api/", "/api/status/", "/api/statusx", "api/status", "/API/status",
          "/api/recovery", "/api//status", "//livez"})
        EXPECT_EQ(find_destination(other).route, route::none) << other;
}

TEST(routes, give_what_stands_in_the_path) {
    auto const host = find_destination("/api/hosts/my-host.1/unload");
    EXPECT_EQ(host.route, route::unload);
    EXPECT_EQ(host.argument, "my-host.1");
    EXPECT_EQ(find_destination("/api/hosts/a/drain").route, route::drain);
    EXPECT_EQ(find_destination("/api/hosts/a/undrain").route, route::undrain);
    EXPECT_EQ(find_destination("/api/hosts/a/undrain").argument, "a");
    EXPECT_EQ(find_destination("/api/hosts/a/load").route, route::load);
    EXPECT_EQ(find_destination("/api/hosts/a/results").route, route::results);
    auto const exchange = find_destination("/api/exchanges/42/cancel");
    EXPECT_EQ(exchange.route, route::cancel);
    EXPECT_EQ(exchange.argument, "42");
    for (auto const* other :
         {"/api/hosts//unload", "/api/hosts/unload", "/api/hosts/a/b/unload",
          "/api/hosts/a/unload/", "/api/hosts//drain", "/api/hosts/a/xdrain/",
          "/api/exchanges//cancel", "/api/exchanges/cancel", "/api/exchanges/1/2/cancel"})
        EXPECT_EQ(find_destination(other).route, route::none) << other;
}

TEST(routes, of_documents_are_read_and_those_of_actions_posted_to) {
    for (auto const r :
         {route::livez, route::readyz, route::status, route::hosts, route::recoveries,
          route::requests, route::choice, route::explain, route::configuration, route::log_lines}) {
        EXPECT_FALSE(is_action(r));
        EXPECT_TRUE(allows(r, "GET"));
        EXPECT_TRUE(allows(r, "HEAD"));
        EXPECT_FALSE(allows(r, "POST"));
        EXPECT_EQ(methods_of(r), "GET, HEAD");
    }
    for (auto const r : {route::unload, route::drain, route::undrain, route::load, route::results,
                         route::recovery_mode, route::recovery_evict, route::pin, route::unpin,
                         route::try_it, route::cancel, route::reload}) {
        EXPECT_TRUE(is_action(r));
        EXPECT_TRUE(allows(r, "POST"));
        EXPECT_FALSE(allows(r, "GET"));
        EXPECT_FALSE(allows(r, "post"));
        EXPECT_EQ(methods_of(r), "POST");
    }
}
