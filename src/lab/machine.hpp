// What the lab needs of a host, as an interface, so that runs can be tested against a simulated one
// on a virtual clock.
#pragma once

#include "calls.hpp"

#include <secondwind/net/task.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::lab {

inline double seconds_between(std::chrono::steady_clock::time_point begin,
                              std::chrono::steady_clock::time_point end) {
    return std::chrono::duration<double>(end - begin).count();
}

class machine {
public:
    using milliseconds = std::chrono::milliseconds;
    virtual ~machine() = default;

    virtual net::task<listing> list(milliseconds limit) = 0;
    virtual net::task<load_answer> load(load_request request, milliseconds limit) = 0;
    // How an instance was loaded, with its own id: a JSON object for load_again(). Empty where the
    // host does not tell.
    virtual net::task<std::string> describe(std::string instance, milliseconds limit) = 0;
    virtual net::task<load_answer> load_again(std::string description, milliseconds limit) = 0;
    // `silence` bounds the time without an event, `limit` the whole answer.
    virtual net::task<chat_answer> chat(chat_request request, milliseconds silence,
                                        milliseconds limit) = 0;
    virtual net::task<embedding_answer> embed(std::string instance, std::string text,
                                              milliseconds limit) = 0;
    virtual net::task<unload_answer> unload(std::string instance, milliseconds limit) = 0;
    // Which of them are busy, and which were loaded by a request: REST does not tell all of that.
    virtual net::task<lab::activity> activity(std::vector<loaded_instance> loaded,
                                              milliseconds limit) = 0;
    // Nothing where the host makes no estimates.
    virtual net::task<std::optional<estimate>> guess(load_request request, milliseconds limit) = 0;
    // Of LM Studio; empty where it does not say.
    virtual net::task<std::string> version(milliseconds limit) = 0;

    // Ends the call that is under way with call_end::cancelled.
    virtual void cancel() noexcept = 0;
    virtual net::task<void> wait(milliseconds span) = 0; // cancel() ends it
    virtual std::chrono::steady_clock::time_point now() const noexcept = 0;
    virtual registry::time_point wall_clock() const noexcept = 0;
};

} // namespace secondwind::lab
