#include <secondwind/base/base64.hpp>

#include <openssl/evp.h>

namespace secondwind {

namespace {

unsigned char const* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<unsigned char const*>(text.data());
}

unsigned char* bytes_of(std::string& text) noexcept {
    return reinterpret_cast<unsigned char*>(text.data());
}

} // namespace

std::string encode_base64(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0'); // OpenSSL adds a zero byte
    auto const size =
        EVP_EncodeBlock(bytes_of(text), bytes_of(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0)
        return std::nullopt;
    if (text.empty())
        return std::string{};
    std::string bytes(text.size() / 4 * 3, '\0');
    if (EVP_DecodeBlock(bytes_of(bytes), bytes_of(text), static_cast<int>(text.size())) < 0)
        return std::nullopt;
    // OpenSSL decodes the padding to zero bytes.
    for (std::size_t padding = 0; padding < 2 && text.ends_with('='); ++padding) {
        text.remove_suffix(1);
        bytes.pop_back();
    }
    // It also skips spaces and ignores the last bits, but only the canonical encoding is accepted.
    auto const canonical = encode_base64(bytes);
    bool const same = std::string_view{canonical}.substr(0, text.size()) == text;
    return same ? std::optional{std::move(bytes)} : std::nullopt;
}

} // namespace secondwind
