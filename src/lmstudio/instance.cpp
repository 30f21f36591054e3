#include <secondwind/lmstudio/instance.hpp>

#include <algorithm>

namespace secondwind::lmstudio {
namespace {

bool is_loaded_id(std::string_view name, inventory const& loaded) noexcept {
    return std::ranges::any_of(loaded, [name](instance const& i) { return i.id == name; });
}

} // namespace

std::string_view to_string(activity a) noexcept {
    switch (a) {
    case activity::unknown:
        return "unknown";
    case activity::idle:
        return "idle";
    case activity::busy:
        return "busy";
    }
    return {};
}

bool uses(std::string_view name, instance const& candidate, inventory const& loaded) noexcept {
    if (name.empty())
        return false;
    return is_loaded_id(name, loaded) ? candidate.id == name : candidate.model == name;
}

} // namespace secondwind::lmstudio
