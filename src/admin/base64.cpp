#include "base64.hpp"

#include <utility>

#include <openssl/evp.h>

namespace secondwind::admin {

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0)
        return std::nullopt;
    auto const bytes_of = [](auto& s) { return reinterpret_cast<unsigned char*>(s.data()); };
    std::string decoded(text.size() / 4 * 3, '\0');
    if (text.empty())
        return decoded;
    if (EVP_DecodeBlock(bytes_of(decoded), reinterpret_cast<unsigned char const*>(text.data()),
                        static_cast<int>(text.size())) < 0)
        return std::nullopt;
    auto const padding = text.ends_with("==") ? 2U : text.ends_with('=') ? 1U : 0U;
    decoded.resize(decoded.size() - padding);
    // OpenSSL also takes padding and white space elsewhere, and bits after the last byte.
    std::string encoded(text.size() + 1, '\0'); // it ends with a null character
    EVP_EncodeBlock(bytes_of(encoded), bytes_of(decoded), static_cast<int>(decoded.size()));
    encoded.pop_back();
    return encoded == text ? std::optional{std::move(decoded)} : std::nullopt;
}

} // namespace secondwind::admin
