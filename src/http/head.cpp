#include <secondwind/http/head.hpp>

#include <secondwind/base/ascii.hpp>

#include "characters.hpp"

namespace secondwind::http {

bool is_token(std::string_view text) noexcept {
    return !text.empty() && skip(text, 0, tchar) == text.size();
}

std::string_view credentials_in(std::string_view authorization, std::string_view scheme) noexcept {
    auto const space = authorization.find(' ');
    if (space == std::string_view::npos || !iequals(authorization.substr(0, space), scheme)) {
        return {};
    }
    auto const begin = authorization.find_first_not_of(' ', space);
    return begin == std::string_view::npos ? std::string_view{} : authorization.substr(begin);
}

} // namespace secondwind::http
