// What every fuzz target has: a name, a test of one input, and a check that ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace secondwind::fuzz {

struct target {
    using function = void (*)(std::uint8_t const* data, std::size_t size);

    // Registers the target with the program that it is linked into: a fuzzer has one, the replay of
    // the corpora has all.
    target(std::string_view name, function test);

    std::string_view name;
    function test;
};

std::vector<target> const& targets();

// An input that breaks a promise aborts, which both libFuzzer and the replay report with its name.
inline void require(bool holds) {
    if (!holds)
        std::abort();
}

} // namespace secondwind::fuzz
