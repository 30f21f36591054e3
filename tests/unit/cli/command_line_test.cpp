#include <secondwind/cli/command_line.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace secondwind::cli {
namespace command_line_test {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using verb = invocation::verb;

// What surrounds the process.
struct world {
    std::map<std::string, std::string> environment;
    std::map<std::string, std::string> files;
    file_inspector inspect_files{};

    invocation run(std::vector<char const*> arguments) const {
        arguments.insert(arguments.begin(), "secondwind");
        std::vector<std::string> names;
        for (auto const& [name, value] : environment)
            names.push_back(name);
        return parse(static_cast<int>(arguments.size()), arguments.data(), names,
                     look_up(environment), reader_of(files), inspect_files, "1.2.3");
    }

    std::string fault(std::vector<char const*> arguments) const {
        try {
            run(std::move(arguments));
            return "none";
        } catch (config::config_error const& e) {
            return e.what();
        }
    }

private:
    static config::file_reader reader_of(std::map<std::string, std::string> const& all) {
        return [&all](std::string const& name) -> config::file_content {
            auto const found = all.find(name);
            if (found == all.end())
                return std::make_error_code(std::errc::no_such_file_or_directory);
            return found->second;
        };
    }

    static std::function<std::optional<std::string>(std::string const&)>
    look_up(std::map<std::string, std::string> const& all) {
        return [&all](std::string const& name) -> std::optional<std::string> {
            auto const found = all.find(name);
            return found == all.end() ? std::nullopt : std::optional{found->second};
        };
    }
};

void expect_usage_error(invocation const& i, std::string const& part) {
    EXPECT_EQ(i.chosen, verb::exit);
    EXPECT_EQ(i.exit_code, 2);
    EXPECT_TRUE(i.output_is_error);
    EXPECT_THAT(i.output, StartsWith("secondwind: "));
    EXPECT_THAT(i.output, HasSubstr(part));
    EXPECT_THAT(i.output, HasSubstr("\nRun secondwind "));
}

TEST(command_line, serves_by_default) {
    auto const i = world{}.run({});
    EXPECT_EQ(i.chosen, verb::serve);
    EXPECT_EQ(i.settings.value().listen, config::endpoint{});
    EXPECT_TRUE(i.output.empty());
    EXPECT_EQ(world{}.run({"serve"}).chosen, verb::serve);
    EXPECT_EQ(world{}.run({"check"}).chosen, verb::check);
    EXPECT_EQ(world{}.run({"demo"}).chosen, verb::demo);
}

TEST(command_line, takes_every_flag_before_or_after_the_verb) {
    std::vector<char const*> const flags{"--listen",     "[::1]:9", "--upstream",  "n=http://h:1",
                                         "--admin",      "off",     "--log-level", "debug",
                                         "--log-format", "json",    "--log-file",  "x.log"};
    for (char const* name : {"", "serve", "check"})
        for (bool const before : {true, false}) {
            auto arguments = flags;
            if (*name != '\0')
                arguments.insert(before ? arguments.begin() : arguments.end(), name);
            auto const s = world{}.run(arguments).settings.value();
            EXPECT_EQ(s.listen, (config::endpoint{"::1", 9}));
            EXPECT_EQ(s.upstreams, (std::vector{config::upstream{"n", "h", 1}}));
            EXPECT_EQ(s.admin.listen, std::nullopt);
            EXPECT_EQ(s.logging.level, log::level::debug);
            EXPECT_EQ(s.logging.format, log::format::json);
            EXPECT_EQ(s.logging.file, "x.log");
        }
    EXPECT_EQ(world{}.run({"--listen=127.0.0.1:7"}).settings.value().listen.port, 7);
}

TEST(command_line, takes_two_models_for_a_trial) {
    auto const i =
        world{}.run({"doctor", "--try", "a/big", "b/huge", "--report", "x.json", "--yes"});
    EXPECT_EQ(i.chosen, verb::doctor);
    EXPECT_EQ(i.trying.models, (std::vector<std::string>{"a/big", "b/huge"}));
    EXPECT_EQ(i.trying.report_file, "x.json");
    EXPECT_TRUE(i.trying.yes);
    EXPECT_TRUE(world{}.run({"doctor"}).trying.models.empty());
    expect_usage_error(world{}.run({"doctor", "--try", "a/big"}), "--try");
    expect_usage_error(world{}.run({"doctor", "--yes"}), "--try");
    expect_usage_error(world{}.run({"doctor", "--report", "x.json"}), "--try");
}

TEST(command_line, layers_file_environment_and_flags) {
    world w;
    w.files["a.json"] = R"({"listen": "127.0.0.1:1", "log": {"level": "warn", "format": "text"}})";
    w.environment = {{"SECONDWIND_LISTEN", "127.0.0.1:2"}, {"SECONDWIND_LOG_LEVEL", "error"}};
    for (std::vector<char const*> const& arguments :
         {std::vector<char const*>{"-c", "a.json", "--listen", "127.0.0.1:3"},
          std::vector<char const*>{"check", "--config=a.json", "--listen", "127.0.0.1:3"},
          std::vector<char const*>{"-c", "a.json", "serve", "--listen", "127.0.0.1:3"}}) {
        auto const s = w.run(arguments).settings.value();
        EXPECT_EQ(s.listen.port, 3);
        EXPECT_EQ(s.logging.level, log::level::error);
        EXPECT_EQ(s.logging.format, log::format::text);
    }
}

TEST(command_line, takes_the_file_from_the_environment_unless_a_flag_names_one) {
    world w;
    w.files = {{"a.json", R"({"listen": "127.0.0.1:1"})"},
               {"b.json", R"({"listen": "127.0.0.1:2"})"}};
    w.environment = {{"SECONDWIND_CONFIG", "a.json"}};
    EXPECT_EQ(w.run({}).settings.value().listen.port, 1);
    EXPECT_EQ(w.run({"-c", "b.json"}).settings.value().listen.port, 2);
}

TEST(command_line, names_a_file_that_cannot_be_read) {
    EXPECT_EQ(world{}.fault({"-c", "none.json"}),
              "\"none.json\": the configuration file (--config) cannot be read: No such file or "
              "directory");
    world w;
    w.environment = {{"SECONDWIND_CONFIG", "none.json"}};
    EXPECT_EQ(w.fault({"check"}),
              "\"none.json\": the configuration file (SECONDWIND_CONFIG) cannot be read: No such "
              "file or directory");
}

TEST(command_line, reads_a_token_from_the_file_that_any_layer_names) {
    world w;
    w.files = {{"a.json", R"({"upstreams": [{"url": "http://h:1", "api_token_file": "own"}]})"},
               {"own", "sk-own\n"},
               {"shared", "sk-shared\n"}};
    w.environment = {{"SECONDWIND_UPSTREAM_API_TOKEN_FILE", "shared"}};
    EXPECT_EQ(w.run({}).settings.value().upstreams.front().api_token, "sk-shared");
    EXPECT_EQ(w.run({"-c", "a.json"}).settings.value().upstreams.front().api_token, "sk-own");
    // A flag brings another upstream, to which the file's token does not belong.
    EXPECT_EQ(w.run({"-c", "a.json", "--upstream", "http://i:1"}).settings.value().upstreams,
              (std::vector{config::upstream{"default", "i", 1, "sk-shared"}}));
    w.files.erase("own");
    EXPECT_EQ(w.fault({"-c", "a.json"}),
              "a.json:1:56: upstreams[0].api_token_file: the file that this names cannot be read: "
              "No such file or directory");
}

TEST(command_line, refuses_a_setting_that_cannot_be_used) {
    world w;
    w.files["a.json"] = "{\n\"lisen\": 1}";
    EXPECT_THAT(w.fault({"-c", "a.json"}), StartsWith("a.json:2:1: unknown key \"lisen\""));
    EXPECT_THAT(world{}.fault({"--listen", "x"}), StartsWith("--listen: expected ADDRESS:PORT"));
    EXPECT_THAT(world{}.fault({"--listen", ""}), StartsWith("--listen: expected ADDRESS:PORT"));
    EXPECT_THAT(world{}.fault({"demo", "--log-level", "x"}), StartsWith("--log-level: expected "));
    EXPECT_EQ(
        world{}.fault({"--upstream", "http://h:1", "--upstream", "http://h:2"}),
        "--upstream: the upstream name \"default\" is used twice: give each upstream its own name");
    w.environment = {{"SECONDWIND_LIMITS_REPLAY_BUFFER_TOTAL", "0"}};
    EXPECT_THAT(w.fault({}), StartsWith("SECONDWIND_LIMITS_REPLAY_BUFFER_TOTAL: expected"));
    w.environment = {{"SECONDWIND_LISTN", "0"}};
    EXPECT_THAT(w.fault({}), HasSubstr("did you mean SECONDWIND_LISTEN?"));
}

std::vector<std::string> faults_of(world const& w, std::vector<char const*> arguments) {
    try {
        w.run(std::move(arguments));
        return {};
    } catch (config::config_error const& e) {
        return e.faults();
    }
}

TEST(command_line, reports_the_mistakes_of_all_layers_and_files_at_once) {
    world w;
    w.files["a.json"] = R"({"lisen": 1, "tls": {"key_file": "k"}})";
    w.environment = {{"SECONDWIND_LOG_LEVL", "warn"}, {"SECONDWIND_HEALTH_INTERVAL", "soon"}};
    w.inspect_files = [](config::builder const& settings) {
        return std::vector{settings.prefix_of("tls.key_file") + ": not there"};
    };
    EXPECT_THAT(faults_of(w, {"check", "-c", "a.json", "--listen", "x", "--log-level", "loud"}),
                ::testing::ElementsAre(StartsWith("a.json:1:2: unknown key"),
                                       StartsWith("SECONDWIND_HEALTH_INTERVAL: expected"),
                                       HasSubstr("did you mean SECONDWIND_LOG_LEVEL?"),
                                       StartsWith("--listen: expected"),
                                       StartsWith("--log-level: expected"),
                                       "a.json:1:34: tls.key_file: not there"));
    // An operator's verb does not use these files.
    w.files["b.json"] = "{}";
    w.environment.clear();
    EXPECT_TRUE(faults_of(w, {"status", "-c", "b.json"}).empty());
    EXPECT_EQ(faults_of(w, {"serve", "-c", "b.json"}).size(), 1U);
}

TEST(command_line, reports_all_contradictions_if_each_value_is_valid) {
    world w;
    w.files["a.json"] = R"({"default_upstream": "x", "tls": {"key_file": "k"}})";
    EXPECT_THAT(faults_of(w, {"-c", "a.json"}),
                ::testing::UnorderedElementsAre(HasSubstr("no upstream is named"),
                                                HasSubstr("tls.certificate_file is missing")));
}

TEST(command_line, names_the_nearest_verb_and_flag) {
    expect_usage_error(world{}.run({"stauts"}),
                       "there is no verb \"stauts\": did you mean status?");
    expect_usage_error(world{}.run({"key", "nwe"}),
                       "there is no verb \"key nwe\": did you mean new?");
    expect_usage_error(world{}.run({"--lisen", "127.0.0.1:1"}),
                       "there is no flag \"--lisen\": did you mean --listen?");
    expect_usage_error(world{}.run({"check", "--log-levl=warn"}),
                       "there is no flag \"--log-levl\": did you mean --log-level?");
    expect_usage_error(world{}.run({"status", "--listen", "127.0.0.1:1"}),
                       "status takes no --listen");
    expect_usage_error(world{}.run({"serve", "extra"}), "serve takes no argument \"extra\"");
    expect_usage_error(world{}.run({"--zzzzzz"}), "there is no flag \"--zzzzzz\"\n");
}

TEST(command_line, opens_the_admin_listener_to_the_network_only_behind_a_token) {
    EXPECT_THAT(world{}.fault({"--admin", "0.0.0.0:9235"}),
                StartsWith("--admin: 0.0.0.0:9235 is not a loopback address"));
    EXPECT_THAT(world{}.fault({"demo", "--admin", "0.0.0.0:0"}), StartsWith("--admin: "));
    world w;
    w.files = {{"t", "0123456789abcdef\n"}};
    w.environment = {{"SECONDWIND_ADMIN_TOKEN_FILE", "t"}};
    auto const s = w.run({"--admin", "0.0.0.0:9235"}).settings.value();
    EXPECT_EQ(s.admin.token, "0123456789abcdef");
    EXPECT_EQ(s.admin.listen, (config::endpoint{"0.0.0.0", 9235}));
}

TEST(command_line, takes_the_settings_of_the_demo_from_every_layer) {
    world w;
    w.files["a.json"] = R"({"listen": "0.0.0.0:1", "log": {"level": "info"}})";
    w.environment = {{"SECONDWIND_LISTEN", "0.0.0.0:2"}, {"SECONDWIND_CONFIG", "a.json"}};
    w.inspect_files = [](config::builder const&) { return std::vector<std::string>{"unused"}; };
    EXPECT_EQ(w.run({"demo"}).settings.value().listen, (config::endpoint{"0.0.0.0", 2}));
    EXPECT_EQ(w.run({"demo"}).settings.value().logging.level, log::level::info);
    EXPECT_EQ(w.run({"demo", "--listen", "127.0.0.1:3"}).settings.value().listen.port, 3);
    w.environment.clear();
    EXPECT_EQ(w.run({"demo", "-c", "a.json"}).settings.value().listen.port, 1);
    EXPECT_EQ(w.run({"-c", "a.json", "demo"}).settings.value().listen.port, 1);
    w.environment = {{"SECONDWIND_NONSENSE", "x"}};
    EXPECT_THAT(w.fault({"demo"}), HasSubstr("there is no such setting"));
}

TEST(command_line, reads_the_flags_of_the_demo) {
    world const w;
    auto const i = w.run({"demo", "--once", "--listen", "127.0.0.1:0", "--log-format", "text",
                          "--admin", "127.0.0.1:0"});
    EXPECT_EQ(i.chosen, verb::demo);
    EXPECT_TRUE(i.once);
    EXPECT_EQ(i.settings.value().listen.port, 0);
    EXPECT_EQ(i.settings.value().logging.format, log::format::text);
    EXPECT_EQ(i.settings.value().admin.listen, (config::endpoint{"127.0.0.1", 0}));
    EXPECT_FALSE(w.run({"demo"}).once);
    EXPECT_EQ(w.run({"demo"}).settings.value().listen, config::endpoint{});
}

TEST(command_line, keeps_the_log_out_of_the_demos_story_unless_it_is_asked_for) {
    EXPECT_EQ(world{}.run({"demo"}).settings.value().logging.level, log::level::warn);
    EXPECT_EQ(world{}.run({"demo", "--log-level", "info"}).settings.value().logging.level,
              log::level::info);
}

TEST(command_line, does_not_take_the_demo_to_another_host) {
    expect_usage_error(world{}.run({"demo", "--upstream", "http://h"}), "--upstream");
    expect_usage_error(world{}.run({"--upstream", "http://h", "demo"}), "demo takes no --upstream");
    expect_usage_error(world{}.run({"serve", "--once"}), "--once");
}

TEST(command_line, takes_several_upstreams) {
    auto const s =
        world{}.run({"--upstream", "a=http://h:1", "check", "--upstream", "b=https://h"}).settings;
    ASSERT_EQ(s.value().upstreams.size(), 2U);
    EXPECT_EQ(s.value().upstreams.front().name, "a");
    EXPECT_TRUE(s.value().upstreams.back().tls);
}

TEST(command_line, makes_keys_without_any_settings) {
    world w;
    w.environment = {{"SECONDWIND_NONSENSE", "x"}};
    auto const made = w.run({"key", "new", "n8n.1"});
    EXPECT_EQ(made.chosen, verb::make_key);
    EXPECT_EQ(made.making.name, "n8n.1");
    EXPECT_FALSE(made.making.json);
    EXPECT_TRUE(w.run({"key", "new", "--json", "a"}).making.json);
    EXPECT_EQ(w.run({"key", "hash"}).chosen, verb::hash_key);
}

TEST(command_line, makes_no_key_that_the_configuration_would_not_take) {
    for (auto const* name : {"", "a b", "a=b", "a,b", "\xc3\xa9"})
        expect_usage_error(world{}.run({"key", "new", name}), "key new: expected a name");
    expect_usage_error(world{}.run({"key"}), "");
    expect_usage_error(world{}.run({"key", "new"}), "NAME");
    expect_usage_error(world{}.run({"key", "hash", "sw-key"}), "");
    expect_usage_error(world{}.run({"key", "old"}), "");
    expect_usage_error(world{}.run({"--listen", "127.0.0.1:1", "key", "new", "a"}),
                       "key takes no --listen");
}

TEST(command_line, refuses_what_it_does_not_know) {
    expect_usage_error(world{}.run({"frobnicate"}), "frobnicate");
    expect_usage_error(world{}.run({"--frob"}), "--frob");
    expect_usage_error(world{}.run({"serve", "extra"}), "extra");
    expect_usage_error(world{}.run({"serve", "check"}), "");
    expect_usage_error(world{}.run({"--listen"}), "--listen");
}

TEST(command_line, points_to_the_help_of_the_verb_that_is_used_wrongly) {
    EXPECT_THAT(world{}.run({"--what"}).output, HasSubstr("Run secondwind --help for more."));
    EXPECT_THAT(world{}.run({"route"}).output, HasSubstr("Run secondwind help route for more."));
    EXPECT_THAT(world{}.run({"key", "new"}).output,
                HasSubstr("Run secondwind help key new for more."));
    for (auto const* name : {"key", "lab"})
        expect_usage_error(world{}.run({name}), std::string{name} + " needs a verb of its own");
}

TEST(command_line, refuses_a_flag_twice) {
    expect_usage_error(world{}.run({"--listen", "127.0.0.1:1", "--listen", "127.0.0.1:2"}),
                       "--listen");
    expect_usage_error(world{}.run({"--listen", "127.0.0.1:1", "serve", "--listen", "127.0.0.1:2"}),
                       "--listen is given twice");
    expect_usage_error(world{}.run({"-c", "a", "check", "-c", "b"}), "--config is given twice");
}

TEST(command_line, prints_its_version) {
    auto const i = world{}.run({"--version"});
    EXPECT_EQ(i.chosen, verb::exit);
    EXPECT_EQ(i.exit_code, 0);
    EXPECT_EQ(i.output, "secondwind 1.2.3\n");
    EXPECT_FALSE(i.output_is_error);
}

TEST(command_line, explains_itself) {
    for (auto const* flag : {"--help", "-h"}) {
        auto const i = world{}.run({flag});
        EXPECT_EQ(i.chosen, verb::exit);
        EXPECT_EQ(i.exit_code, 0);
        EXPECT_FALSE(i.output_is_error);
        for (auto const* part :
             {"serve", "demo", "check", "--listen", "ADDR:PORT", "--admin", "ADDR:PORT|off",
              "--upstream", "[NAME=]URL", "--log-level", "--log-format", "--log-file", "--version",
              "78 unusable configuration"})
            EXPECT_THAT(i.output, HasSubstr(part));
    }
    auto const demo = world{}.run({"demo", "--help"});
    EXPECT_EQ(demo.exit_code, 0);
    EXPECT_THAT(demo.output, HasSubstr("--once"));
    EXPECT_THAT(demo.output, ::testing::Not(HasSubstr("--upstream")));
}

TEST(command_line, emulates_a_machine_without_settings) {
    world w;
    w.environment = {{"SECONDWIND_NONSENSE", "x"}};
    auto const i = w.run({"emulate", "--machine", "m.json"});
    EXPECT_EQ(i.chosen, verb::emulate);
    EXPECT_EQ(i.emulating.machine_file, "m.json");
    EXPECT_EQ(i.emulating.listen, (config::endpoint{"127.0.0.1", 1234}));
    config::endpoint const any_port{"::1", 0};
    EXPECT_EQ(w.run({"emulate", "--machine", "m", "--listen", "[::1]:0"}).emulating.listen,
              any_port);
    EXPECT_EQ(w.run({"--listen", "[::1]:0", "emulate", "--machine", "m"}).emulating.listen,
              any_port);
    EXPECT_EQ(w.run({"emulate"}).emulating.machine_file, "");
    expect_usage_error(w.run({"--admin", "off", "emulate", "--machine", "m"}),
                       "emulate takes no --admin");
    EXPECT_THAT(w.fault({"emulate", "--machine", "m", "--listen", "h:1"}),
                StartsWith("--listen: expected "));
}

TEST(command_line, explains_itself_although_the_configuration_is_broken) {
    world w;
    w.environment = {{"SECONDWIND_NONSENSE", "x"}};
    EXPECT_EQ(w.run({"--help"}).exit_code, 0);
    EXPECT_EQ(w.run({"--version"}).exit_code, 0);
}

} // namespace command_line_test
} // namespace secondwind::cli
