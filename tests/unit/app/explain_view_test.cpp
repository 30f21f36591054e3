#include "app/operator_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace secondwind::app {
namespace explain_view_test {

using ::testing::HasSubstr;

json two_hosts() {
    return json::parse(R"({"model":"gemma-3-12b","mode":"on","hosts":[
        {"host":"rtx","error":null,"key":"google/gemma-3-12b","size":8100000000,"reason":"unload",
         "second_reason":"all_busy","instances":[
           {"id":"qwen/qwen3-8b","model":"qwen/qwen3-8b","size_bytes":4700000000,
            "decision":"unload","second_decision":null},
           {"id":"embed","model":"embed","size_bytes":100000000,"decision":"not_needed",
            "second_decision":"busy_here"}]},
        {"host":"mac","error":"connection refused","key":null,"size":null,"reason":null,
         "second_reason":null,"instances":[]}]})");
}

TEST(explain_view, tells_of_each_host_what_goes_and_what_stays) {
    EXPECT_EQ(
        explain_view(two_hosts(), false),
        "If LM Studio refuses to load gemma-3-12b because there is not enough memory:\n"
        "\n"
        "On rtx (google/gemma-3-12b, 8.10 GB): a recovery would unload qwen/qwen3-8b; if LM Studio "
        "refuses again, a recovery would wait until something is idle (recovery.busy_wait).\n"
        "INSTANCE          SIZE  FIRST                        IF REFUSED AGAIN\n"
        "qwen/qwen3-8b  4.70 GB  unload                       -\n"
        "embed          0.10 GB  keep: the others are enough  keep: a request here uses it\n"
        "\n"
        "On mac: it cannot be told, because the host does not list its models: connection "
        "refused.\n");
}

TEST(explain_view, says_that_a_mode_does_nothing_of_it) {
    auto told = two_hosts();
    told["mode"] = "observe";
    EXPECT_THAT(explain_view(told, false),
                HasSubstr("recovery.mode is observe, so nothing of this would be done.\n"));
}

TEST(explain_view, says_that_a_host_does_not_list_the_model_or_has_it_loaded) {
    auto told = two_hosts();
    told["hosts"][0]["key"] = nullptr;
    told["hosts"][0]["reason"] = "nothing_loaded";
    EXPECT_THAT(explain_view(told, false),
                HasSubstr("On rtx, which does not list gemma-3-12b: no other model is loaded"));
    told["hosts"][0]["key"] = "gemma-3-12b";
    told["hosts"][0]["size"] = nullptr;
    told["hosts"][0]["reason"] = "loaded";
    EXPECT_THAT(explain_view(told, false),
                HasSubstr("On rtx: no recovery is needed: it is loaded.\n"));
}

} // namespace explain_view_test
} // namespace secondwind::app
