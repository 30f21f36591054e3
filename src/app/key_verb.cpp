#include <secondwind/app/key_verb.hpp>
#include <secondwind/base/base64.hpp>
#include <secondwind/policy/client_key.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <istream>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/rand.h>
#include <unistd.h>

namespace secondwind::app {

namespace {

// RFC 4648 section 5, without padding.
std::string base64url(std::string_view bytes) {
    auto out = encode_base64(bytes);
    std::ranges::replace(out, '+', '-');
    std::ranges::replace(out, '/', '_');
    out.erase(out.find_last_not_of('=') + 1);
    return out;
}

std::string random_key() {
    std::array<unsigned char, 32> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error{"cannot create a key: the system has no random numbers"};
    return "sw-" + base64url({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

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
    if (::isatty(STDIN_FILENO) != 0)
        fmt::print(stderr, "Enter the key:\n");
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
