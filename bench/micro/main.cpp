// Measures the parts of the pure half on the path of a healthy request or event.
//
//     micro_bench [--turns=N] [the options of Google Benchmark]
#include "suite.hpp"

#include <charconv>
#include <optional>
#include <string_view>

namespace {

constexpr std::string_view turns_option = "--turns=";

// A number from 1; nothing for any other text.
std::optional<std::int64_t> read_turns(std::string_view text) {
    std::int64_t turns = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, turns);
    if (error != std::errc{} || stop != end || turns < 1) {
        return std::nullopt;
    }
    return turns;
}

} // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    std::int64_t turns = 0;
    if (argc > 1 && std::string_view{argv[1]}.starts_with(turns_option)) {
        auto const given = read_turns(std::string_view{argv[1]}.substr(turns_option.size()));
        if (!given) {
            std::fputs("micro_bench: --turns takes a number from 1\n", stderr);
            return 2;
        }
        turns = *given;
        argv[1] = argv[0];
        ++argv;
        --argc;
    }
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 2;
    }
    secondwind::bench::suite parts{turns};
    secondwind::bench::add_http_heads(parts);
    secondwind::bench::add_http_bodies(parts);
    secondwind::bench::add_lmstudio(parts);
    secondwind::bench::add_policy(parts);
    secondwind::bench::add_base(parts);
    auto const ran = benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return ran > 0 ? 0 : 1;
}
