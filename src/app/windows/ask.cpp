#include "../ask.hpp"

#include <cstdio>

namespace secondwind::app {

bool ask(std::string_view question) {
    std::fwrite(question.data(), 1, question.size(), stderr);
    std::fflush(stderr);
    return true; // Ctrl-C ends the read itself
}

} // namespace secondwind::app
