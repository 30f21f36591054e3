// Looks for a name in the text of an event, before that is read as JSON.
#pragma once

#include <cstddef>
#include <string_view>

namespace secondwind::lmstudio {

// Where the word is first; npos if it is not there. `rare` is the place of a letter in the word
// that few texts have often. To look at each of those is a third of the work of
// std::string_view::find(), which looks at each first letter: of a name in JSON that is a quotation
// mark.
inline std::size_t find_word(std::string_view text, std::string_view word,
                             std::size_t rare) noexcept {
    for (auto at = text.find(word[rare], rare); at != std::string_view::npos;
         at = text.find(word[rare], at + 1)) {
        if (text.substr(at - rare).starts_with(word))
            return at - rare;
    }
    return std::string_view::npos;
}

inline bool has_word(std::string_view text, std::string_view word, std::size_t rare) noexcept {
    return find_word(text, word, rare) != std::string_view::npos;
}

} // namespace secondwind::lmstudio
