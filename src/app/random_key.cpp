#include "random_key.hpp"

#include <secondwind/base/base64.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include <openssl/rand.h>

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

} // namespace

std::string random_key() {
    std::array<unsigned char, 32> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error{"cannot create a key: the system has no random numbers"};
    return "sw-" + base64url({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

} // namespace secondwind::app
