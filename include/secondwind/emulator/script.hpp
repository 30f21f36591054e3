// What a test makes the emulator do that LM Studio would not do by itself. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace secondwind::emulator {

// A prepared answer.
struct canned {
    enum class kind : std::uint8_t {
        answer, // status, type and body in proper framing; an event stream has a chunk per event
        bytes   // exactly these
    };
    enum class then : std::uint8_t { keep, close, reset };

    static canned reply(unsigned status, std::string content_type, std::string body);
    static canned json(unsigned status, std::string body);
    static canned events(std::string body);
    static canned bytes(std::string raw, then afterwards = then::keep);
    static canned close(); // without a byte
    static canned reset(); // without a byte, with a TCP reset

    kind type = kind::answer;
    unsigned status = 200;
    std::string content_type;
    std::string body;
    then afterwards = then::keep;
};

// How a generation fails after it began.
struct breakdown {
    std::size_t after_tokens = 0;
    std::string text;              // the error, in the form of the interface; or
    bool reset_connection = false; // no error, but a TCP reset
};

// A hold is a barrier: everything that reaches it waits until it is released, with no limit.
class script {
public:
    // `changed` is called after each change, so that waiting coroutines check again.
    explicit script(std::function<void()> changed) : changed_{std::move(changed)} {}

    // The next `times` requests for that path, of any method, get this answer.
    void answer_next(std::string const& path, canned answer, std::size_t times = 1);
    // The next unload that names a loaded instance gets this answer and unloads nothing.
    void fail_next_unload(unsigned status, std::string body);
    // The next generation fails in this way.
    void break_next_generation(breakdown failure);

    void hold_loads() { set(loads_held_, true); }
    void release_loads() { set(loads_held_, false); }
    void hold_unloads() { set(unloads_held_, true); }
    void release_unloads() { set(unloads_held_, false); }
    // A generation waits after that many tokens; with 0, after the head of its answer.
    void hold_generations(std::size_t after_tokens = 0);
    void release_generations();

    // Forgets everything and releases all holds.
    void clear();

    // For the emulator itself.
    std::optional<canned> take_answer(std::string_view path);
    std::optional<std::pair<unsigned, std::string>> take_unload_failure();
    std::optional<breakdown> take_breakdown();
    bool loads_held() const noexcept { return loads_held_; }
    bool unloads_held() const noexcept { return unloads_held_; }
    bool generation_held(std::size_t tokens) const noexcept {
        return generations_held_ && tokens >= *generations_held_;
    }

private:
    void set(bool& held, bool value);

    std::function<void()> changed_;
    std::map<std::string, std::deque<canned>, std::less<>> answers_;
    std::deque<std::pair<unsigned, std::string>> unload_failures_;
    std::deque<breakdown> breakdowns_;
    bool loads_held_ = false;
    bool unloads_held_ = false;
    std::optional<std::size_t> generations_held_;
};

} // namespace secondwind::emulator
