#include "admin/orders.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::admin;
using testing::HasSubstr;
using testing::StartsWith;

namespace orders_test {

template<class Order>
std::string complaint_of(std::string_view body) {
    Order order;
    return read_order(body, order);
}

TEST(orders, name_an_instance_or_all) {
    unload_order order;
    EXPECT_EQ(read_order(R"({"instance_id":"qwen/qwen3-8b:2"})", order), "");
    EXPECT_EQ(order.instance_id, "qwen/qwen3-8b:2");
    unload_order all;
    EXPECT_EQ(read_order(R"( {"all" : true} )", all), "");
    EXPECT_EQ(all.instance_id, "");
}

TEST(orders, to_unload_are_read_strictly) {
    using testing::AllOf;
    auto const says = [](char const* what) {
        return AllOf(StartsWith(R"(The body must be {"instance_id":"..."} or {"all":true}, and )"),
                     HasSubstr(what));
    };
    EXPECT_THAT(complaint_of<unload_order>(""), says("there is none"));
    EXPECT_THAT(complaint_of<unload_order>("{}"), says("is empty"));
    EXPECT_THAT(complaint_of<unload_order>("instance_id=x"), says("is not JSON"));
    EXPECT_THAT(complaint_of<unload_order>(R"({"all":true)"), says("is not JSON"));
    EXPECT_THAT(complaint_of<unload_order>(R"({"all":true}{})"), says("is not JSON"));
    EXPECT_THAT(complaint_of<unload_order>(std::string_view{"{\"all\":true}\0x", 14}),
                says("is not JSON"));
    EXPECT_THAT(complaint_of<unload_order>("[true]"), says("is no object"));
    EXPECT_THAT(complaint_of<unload_order>(R"("all")"), says("is no object"));
    EXPECT_THAT(complaint_of<unload_order>(R"({"all":false})"), says("\"all\" is not true"));
    EXPECT_THAT(complaint_of<unload_order>(R"({"all":1})"), says("\"all\" is not true"));
    EXPECT_THAT(complaint_of<unload_order>(R"({"all":"true"})"), says("\"all\" is not true"));
    EXPECT_THAT(complaint_of<unload_order>(R"({"instance_id":7})"), says("is not the id"));
    EXPECT_THAT(complaint_of<unload_order>(R"({"instance_id":""})"), says("is not the id"));
    EXPECT_THAT(complaint_of<unload_order>(R"({"instance_id":null})"), says("is not the id"));
    EXPECT_THAT(complaint_of<unload_order>(R"({"instance_id":"a","all":true})"), says("has both"));
    EXPECT_THAT(complaint_of<unload_order>(R"({"all":true,"force":true})"),
                says(R"(unknown member "force")"));
    EXPECT_THAT(complaint_of<unload_order>(R"({"instance_id":"a","instance_id":"b"})"),
                says(R"(has "instance_id" twice)"));
}

TEST(orders, look_only_at_the_members_of_the_object_itself) {
    EXPECT_THAT(complaint_of<unload_order>(R"({"instance_id":{"force":1}})"),
                HasSubstr("is not the id"));
}

TEST(orders, switch_to_each_mode) {
    mode_order order;
    EXPECT_EQ(read_order(R"({"mode":"observe"})", order), "");
    EXPECT_EQ(order.mode, config::recovery_mode::observe);
    EXPECT_EQ(read_order(R"({"mode":"off"})", order), "");
    EXPECT_EQ(order.mode, config::recovery_mode::off);
    EXPECT_EQ(read_order(R"({"mode":"on"})", order), "");
    EXPECT_EQ(order.mode, config::recovery_mode::on);
}

TEST(orders, to_switch_are_read_strictly) {
    EXPECT_THAT(complaint_of<mode_order>(R"({"mode":"maybe"})"), HasSubstr(R"("maybe")"));
    EXPECT_THAT(complaint_of<mode_order>(R"({"mode":true})"), HasSubstr("is not a string"));
    EXPECT_THAT(complaint_of<mode_order>("{}"), HasSubstr("is empty"));
    EXPECT_THAT(complaint_of<mode_order>(R"({"Mode":"on"})"), HasSubstr(R"("Mode")"));
    EXPECT_THAT(complaint_of<mode_order>("null"), HasSubstr("is no object"));
}

TEST(orders, that_say_nothing_more_are_an_empty_object) {
    EXPECT_EQ(read_empty_order("{}"), "");
    EXPECT_EQ(read_empty_order(" { } \n"), "");
    EXPECT_THAT(read_empty_order(""), HasSubstr("there is none"));
    EXPECT_THAT(read_empty_order(R"({"force":true})"), HasSubstr(R"("force")"));
    EXPECT_THAT(read_empty_order("[]"), HasSubstr("is no object"));
}

TEST(orders, survive_deep_nesting) {
    EXPECT_THAT(read_empty_order(std::string(60'000, '[')), HasSubstr("is not JSON"));
    std::string deep(30'000, '[');
    deep.append(30'000, ']');
    EXPECT_THAT(read_empty_order(deep), HasSubstr("is no object"));
}

} // namespace orders_test
