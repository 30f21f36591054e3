// The words of an error that are LM Studio's own: what clients, models and tools have said is cut.
#pragma once

#include <string>
#include <string_view>

namespace secondwind::policy {

struct own_words {
    // Each quoted run is cut to its two marks, and what comes after a known echo is cut. An
    // apostrophe within a word is no mark; a run whose mark is missing goes to the end.
    std::string text;
    // The JSON in which an engine reported the error, from its brace on; empty where there is none.
    // Points into the message.
    std::string_view engine_error;
};

own_words own_words_of(std::string_view message);

} // namespace secondwind::policy
