#include "model_choice.hpp"

#include <secondwind/base/escape.hpp>

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace secondwind::lab {

matched_key match_key(std::string_view name, std::span<std::string const> keys) {
    constexpr std::size_t most_shown = 10;
    if (std::ranges::find(keys, name) != keys.end())
        return {std::string{name}, {}};
    std::vector<std::string> candidates;
    if (!name.empty())
        for (auto const& key : keys)
            if (key.find(name) != std::string::npos)
                candidates.push_back(key);
    if (candidates.size() == 1)
        return {candidates.front(), {}};
    auto const quoted = in_quotes(name);
    if (candidates.empty())
        return {{},
                fmt::format("no model is called {}, and no key contains it: `secondwind lab "
                            "list` shows all keys",
                            quoted)};
    auto const more = candidates.size() - std::min(candidates.size(), most_shown);
    candidates.resize(candidates.size() - more);
    std::vector<std::string> shown;
    shown.reserve(candidates.size());
    for (auto const& key : candidates)
        shown.push_back(in_quotes(key));
    return {{},
            fmt::format("{} is part of several keys: {}{}. Give more of the key", quoted,
                        fmt::join(shown, ", "),
                        more > 0 ? fmt::format(" and {} more", more) : std::string{})};
}

} // namespace secondwind::lab
