// Which model a name on the command line means. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace secondwind::lab {

struct matched_key {
    std::string key;
    std::string problem; // a sentence, where no single model is meant
};
// The model with exactly this key, else the only one whose key contains the name.
matched_key match_key(std::string_view name, std::span<std::string const> keys);

} // namespace secondwind::lab
