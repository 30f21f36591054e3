// What the process was asked to do: its arguments, environment and configuration file together.
#pragma once

#include <secondwind/config/parse.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::cli {

struct invocation {
    enum class verb : std::uint8_t {
        serve,
        demo,
        check,
        exit // print `output` and leave with `exit_code`: help, version, a usage fault
    };

    verb what = verb::serve;
    config::builder settings; // all layers applied and checked
    bool once = false;        // demo: end after one recovery
    int exit_code = 0;        // 0 for help and version, 2 for a usage fault
    std::string output;
    bool output_is_error = false; // belongs on standard error
};

// Reads the command line, then the layers in their order: the file (-c, else the variable
// SECONDWIND_CONFIG, else none), the environment, the flags. `demo` takes nothing but its flags, so
// that it shows the same to everybody. Touches nothing outside: variables and files come through
// the functions given, `read_file` returning nothing for a file that cannot be read. A setting that
// cannot be used throws config::config_error; a usage fault is verb::exit.
invocation parse(int argc, char const* const* argv,
                 std::vector<std::string> const& environment_names,
                 std::function<std::optional<std::string>(std::string const& name)> environment,
                 std::function<std::optional<std::string>(std::string const& path)> read_file,
                 std::string_view version);

} // namespace secondwind::cli
