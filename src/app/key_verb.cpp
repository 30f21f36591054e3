#include <secondwind/app/key_verb.hpp>

#include "random_key.hpp"
#include <secondwind/base/terminal.hpp>
#include <secondwind/policy/client_key.hpp>

#include <algorithm>
#include <cstdio>
#include <istream>
#include <stdexcept>

#include <fmt/format.h>

namespace secondwind::app {

namespace {

// A key that no client could send, or that is easy to guess.
bool is_unusable(std::string_view key) noexcept {
    constexpr std::size_t shortest = 16;
    constexpr std::size_t longest = 4096;
    return key.size() < shortest || key.size() > longest ||
           std::ranges::any_of(key, [](char c) { return c < '!' || c > '~'; });
}

} // namespace

int make_client_key(std::string const& name, bool as_json) {
    auto const key = random_key();
    auto const hash = policy::hash_of(key);
    if (as_json) {
        fmt::print("{{\"name\":\"{}\",\"key\":\"{}\",\"hash\":\"{}\"}}\n", name, key, hash);
        return 0;
    }
    fmt::print("The key of {}. It is not stored, so copy it now:\n\n    {}\n\n"
               "Add this entry to clients.api_keys in the configuration:\n\n"
               "    {{\"name\": \"{}\", \"hash\": \"{}\"}}\n",
               name, key, name, hash);
    return 0;
}

int hash_client_key(std::istream& input) {
    if (is_terminal(standard_stream::input)) {
        fmt::print(stderr, "Enter the key:\n");
        std::fflush(stderr);
    }
    std::string key;
    std::getline(input, key);
    if (key.ends_with('\r'))
        key.pop_back();
    if (is_unusable(key)) {
        fmt::print(stderr,
                   "secondwind: the key on standard input must have at least 16 characters, "
                   "all of them visible ASCII\n");
        return 2;
    }
    fmt::print("{}\n", policy::hash_of(key));
    return 0;
}

} // namespace secondwind::app
