#include <secondwind/http/head.hpp>

#include "characters.hpp"

namespace secondwind::http {

bool iequals(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (to_lower(a[i]) != to_lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool is_token(std::string_view text) noexcept {
    return !text.empty() && skip(text, 0, tchar) == text.size();
}

} // namespace secondwind::http
