#include <secondwind/cli/command_line.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace secondwind::cli {
namespace service_verbs_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using verb = invocation::verb;

invocation run(std::vector<char const*> arguments, bool has_services = true) {
    arguments.insert(arguments.begin(), "secondwind");
    auto const no_variable = [](std::string const&) { return std::optional<std::string>{}; };
    auto const file = [](std::string const& name) -> config::file_content {
        if (name == "a.json")
            return std::string{R"({"listen": "127.0.0.1:4321"})"};
        return std::make_error_code(std::errc::no_such_file_or_directory);
    };
    return parse(static_cast<int>(arguments.size()), arguments.data(), {}, no_variable, file, {},
                 "1.2.3", has_services);
}

TEST(service_verbs, exist_only_where_the_system_has_services) {
    auto const none = run({"service", "install"}, false);
    EXPECT_EQ(none.chosen, verb::exit);
    EXPECT_EQ(none.exit_code, 2);
    EXPECT_THAT(none.output, HasSubstr("service"));
    EXPECT_EQ(run({"service", "install"}).chosen, verb::install_service);
}

TEST(service_verbs, pass_the_flags_of_install_on_to_run) {
    auto const given = run({"service", "install", "-c", "a.json", "--upstream", "http://a:1",
                            "--listen", "127.0.0.1:1", "--upstream", "b=http://b:1"});
    EXPECT_EQ(given.config_file, "a.json");
    EXPECT_THAT(given.service_arguments, ElementsAre("--listen", "127.0.0.1:1", "--upstream",
                                                     "http://a:1", "--upstream", "b=http://b:1"));
    EXPECT_EQ(given.settings.value().listen.port, 1);
}

TEST(service_verbs, refuse_to_install_what_could_not_start) {
    EXPECT_THROW(run({"service", "install", "-c", "missing.json"}), config::config_error);
    EXPECT_EQ(run({"service", "install", "--bogus"}).exit_code, 2);
}

TEST(service_verbs, run_as_serve_does) {
    auto const given = run({"service", "run", "-c", "a.json"});
    EXPECT_EQ(given.chosen, verb::run_service);
    EXPECT_EQ(given.settings.value().listen.port, 4321);
}

TEST(service_verbs, remove_without_reading_a_configuration) {
    auto const given = run({"service", "remove"});
    EXPECT_EQ(given.chosen, verb::remove_service);
    EXPECT_THAT(given.service_arguments, IsEmpty());
    EXPECT_EQ(run({"service", "remove", "-c", "a.json"}).exit_code, 2);
    EXPECT_EQ(run({"service"}).exit_code, 2);
}

} // namespace service_verbs_test
} // namespace secondwind::cli
