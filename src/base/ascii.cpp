#include <secondwind/base/ascii.hpp>

#include <cstddef>

namespace secondwind {

bool iequals(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] != b[i] && to_lower(a[i]) != to_lower(b[i]))
            return false;
    }
    return true;
}

} // namespace secondwind
