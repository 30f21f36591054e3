#include "../ask.hpp"

#include <secondwind/base/signals.hpp>

#include <csignal>
#include <cstdio>

#include <sys/select.h>
#include <unistd.h>

namespace secondwind::app {

bool ask(std::string_view question) {
    // A signal that came between the question and a read would leave that read waiting.
    sigset_t stops;
    sigset_t before;
    sigemptyset(&stops);
    for (auto const list : {signals::stop(), signals::hangup()})
        for (int const each : list)
            sigaddset(&stops, each);
    pthread_sigmask(SIG_BLOCK, &stops, &before);
    std::fwrite(question.data(), 1, question.size(), stderr);
    std::fflush(stderr);
    fd_set input;
    FD_ZERO(&input);
    FD_SET(STDIN_FILENO, &input);
    bool const readable =
        ::pselect(STDIN_FILENO + 1, &input, nullptr, nullptr, nullptr, &before) == 1;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return readable;
}

} // namespace secondwind::app
