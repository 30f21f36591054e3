#include <secondwind/base/ascii.hpp>
#include <secondwind/policy/client_key.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace secondwind::policy {

namespace {

// Of the first field of that name for which `read` finds one.
template<class Read>
std::optional<std::string_view> first_key(std::span<http::field const> fields,
                                          std::string_view name, Read read) noexcept {
    for (auto const& field : fields) {
        if (!iequals(field.name, name))
            continue;
        if (auto const key = read(field.value); !key.empty())
            return key;
    }
    return std::nullopt;
}

std::string_view bearer_token(std::string_view authorization) noexcept {
    return http::credentials_in(authorization, "Bearer");
}

bool has_field(std::span<http::field const> fields, std::string_view name) noexcept {
    return std::ranges::any_of(fields,
                               [name](http::field const& f) { return iequals(f.name, name); });
}

bool has_field(std::span<http::field const> fields, std::string_view name,
               std::string_view value) noexcept {
    return std::ranges::any_of(fields, [name, value](http::field const& f) {
        return iequals(f.name, name) && iequals(f.value, value);
    });
}

} // namespace

std::string hash_of(std::string_view key) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(key.data(), key.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error{"OpenSSL cannot compute a SHA-256"};
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hash = "sha256:";
    for (unsigned i = 0; i < size; ++i) {
        hash += digits[digest[i] >> 4U];
        hash += digits[digest[i] & 15U];
    }
    return hash;
}

std::optional<std::string_view> presented_key(std::span<http::field const> fields) noexcept {
    if (auto const key = first_key(fields, "authorization", bearer_token))
        return key;
    return first_key(fields, "x-api-key", [](std::string_view value) { return value; });
}

api_key const* find_client(std::vector<api_key> const& all, std::string_view key) {
    auto const hash = hash_of(key);
    api_key const* found = nullptr;
    // To the end even when it is found.
    for (auto const& one : all) {
        bool const same = one.hash.size() == hash.size() &&
                          CRYPTO_memcmp(one.hash.data(), hash.data(), hash.size()) == 0;
        found = same ? &one : found;
    }
    return found;
}

bool is_preflight(std::string_view method, http::framing framing,
                  std::span<http::field const> fields) noexcept {
    return method == "OPTIONS" && framing == http::framing::none && has_field(fields, "origin") &&
           has_field(fields, "access-control-request-method");
}

bool sent_blind(std::span<http::field const> fields) noexcept {
    return has_field(fields, "sec-fetch-site", "cross-site") &&
           has_field(fields, "sec-fetch-mode", "no-cors");
}

} // namespace secondwind::policy
