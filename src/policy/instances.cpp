#include "instances.hpp"

#include <secondwind/base/ascii.hpp>

#include <algorithm>
#include <cstddef>

namespace secondwind::policy {
namespace {

bool is_loaded_id(std::string_view name, inventory const& loaded) noexcept {
    return std::ranges::any_of(loaded, [name](instance const& i) { return i.id == name; });
}

// Only the last star ever gives back what it took: an earlier one that took less leaves more text
// to the later ones, which can only help them. So the time is bounded by the two lengths' product.
bool glob_matches(std::string_view glob, std::string_view text) noexcept {
    std::size_t in_glob = 0;
    std::size_t in_text = 0;
    std::size_t behind_star = std::string_view::npos;
    std::size_t star_ends = 0;

    while (in_text < text.size()) {
        if (in_glob < glob.size() && glob[in_glob] == '*') {
            behind_star = ++in_glob;
            star_ends = in_text;
        } else if (in_glob < glob.size() &&
                   (glob[in_glob] == '?' || to_lower(glob[in_glob]) == to_lower(text[in_text]))) {
            ++in_glob;
            ++in_text;
        } else if (behind_star != std::string_view::npos) {
            in_glob = behind_star;
            in_text = ++star_ends;
        } else {
            return false;
        }
    }
    return glob.find_first_not_of('*', in_glob) == std::string_view::npos;
}

} // namespace

bool uses(std::string_view name, instance const& candidate, inventory const& loaded) noexcept {
    if (name.empty())
        return false;
    return is_loaded_id(name, loaded) ? candidate.id == name : candidate.model == name;
}

bool fits_any(std::string_view name, inventory const& loaded) noexcept {
    return std::ranges::any_of(loaded, [&](instance const& i) { return uses(name, i, loaded); });
}

bool one_model_only(inventory const& loaded) noexcept {
    return !loaded.empty() && std::ranges::all_of(loaded, [&](instance const& i) {
        return i.model == loaded.front().model;
    });
}

bool is_pinned(instance const& candidate, std::vector<std::string> const& globs) noexcept {
    return std::ranges::any_of(globs, [&](std::string const& glob) {
        return glob_matches(glob, candidate.model) || glob_matches(glob, candidate.id);
    });
}

usage without_unloaded(usage in_use, std::vector<std::string> const& unloaded,
                       inventory const& loaded, std::string_view wanted) {
    std::erase_if(in_use.models, [&](std::string const& name) {
        // An instance may bear the key of another model as its id.
        if (fits_any(name, loaded) || std::ranges::find(unloaded, name) == unloaded.end())
            return false;
        in_use.loading = in_use.loading || name != wanted;
        return true;
    });
    return in_use;
}

} // namespace secondwind::policy
