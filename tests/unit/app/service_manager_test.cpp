#include "app/service_manager.hpp"

#include <gtest/gtest.h>

namespace secondwind::app::service_manager {
namespace {

TEST(status_of_a_service, names_the_hosts_and_their_address) {
    config::settings settings;
    config::endpoint const at{"::1", 1235};
    EXPECT_EQ(serving(settings, at), "Serving 1 host on [::1]:1235");
    settings.upstreams.resize(3);
    EXPECT_EQ(serving(settings, at), "Serving 3 hosts on [::1]:1235");
    settings.upstreams[1].listen = config::endpoint{"127.0.0.1", 1236};
    EXPECT_EQ(serving(settings, at), "Serving 3 hosts on [::1]:1235 and 1 host listener");
    settings.upstreams[2].listen = config::endpoint{"127.0.0.1", 1237};
    EXPECT_EQ(serving(settings, at), "Serving 3 hosts on [::1]:1235 and 2 host listeners");
}

TEST(status_of_a_service, counts_the_connections_that_remain_in_a_drain) {
    EXPECT_EQ(draining(0), "Draining 0 connections");
    EXPECT_EQ(draining(1), "Draining 1 connection");
}

} // namespace
} // namespace secondwind::app::service_manager
