#include <secondwind/app/client_key.hpp>
#include <secondwind/policy/client_key.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <istream>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

namespace secondwind::app {

namespace {

// RFC 4648 section 5, without padding.
std::string base64url(std::array<unsigned char, 32> const& bytes) {
    std::array<unsigned char, 45> text{}; // 44 characters, and the end that OpenSSL writes
    auto const size = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
    std::string out{text.data(), text.data() + size};
    std::ranges::replace(out, '+', '-');
    std::ranges::replace(out, '/', '_');
    out.erase(out.find_last_not_of('=') + 1);
    return out;
}

std::string random_key() {
    std::array<unsigned char, 32> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error{"the system has no random numbers to make a key of"};
    return "sw-" + base64url(bytes);
}

// One that no client could send, or that could be guessed.
bool is_poor(std::string_view key) noexcept {
    constexpr std::size_t shortest = 16;
    constexpr std::size_t longest = 4096;
    return key.size() < shortest || key.size() > longest ||
           std::ranges::any_of(key, [](char c) { return c < '!' || c > '~'; });
}

} // namespace

int make_client_key(std::string const& name, bool json) {
    auto const key = random_key();
    auto const hash = policy::hash_of(key);
    if (json) {
        fmt::print("{{\"name\":\"{}\",\"key\":\"{}\",\"hash\":\"{}\"}}\n", name, key, hash);
        return 0;
    }
    fmt::print("The key for {}, which is shown this once and kept nowhere:\n\n    {}\n\n"
               "The entry for clients.api_keys in the configuration:\n\n"
               "    {{\"name\": \"{}\", \"hash\": \"{}\"}}\n",
               name, key, name, hash);
    return 0;
}

int hash_client_key(std::istream& from) {
    if (::isatty(STDIN_FILENO) != 0)
        fmt::print(stderr, "The key, in one line:\n");
    std::string key;
    std::getline(from, key);
    if (key.ends_with('\r'))
        key.pop_back();
    if (is_poor(key)) {
        fmt::print(stderr, "secondwind: expected a key of at least 16 visible ASCII characters on "
                           "standard input\n");
        return 2;
    }
    fmt::print("{}\n", policy::hash_of(key));
    return 0;
}

} // namespace secondwind::app
