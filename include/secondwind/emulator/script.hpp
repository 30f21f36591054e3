// What a test tells the emulator to do beyond what LM Studio would do by itself.
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

// An answer out of the hat.
struct canned {
    enum class kind : std::uint8_t {
        answer, // status, type and body in proper framing; an event stream one chunk an event
        bytes   // exactly these
    };
    enum class then : std::uint8_t { keep, close, reset };

    static canned reply(unsigned status, std::string content_type, std::string body);
    static canned json(unsigned status, std::string body);
    static canned events(std::string body);
    static canned bytes(std::string raw, then afterwards = then::keep);
    static canned close(); // without a byte
    static canned reset(); // likewise, with an RST

    kind what = kind::answer;
    unsigned status = 200;
    std::string content_type;
    std::string body;
    then afterwards = then::keep;
};

// How an answer breaks off half-way.
struct breakdown {
    std::size_t after_tokens = 0;
    std::string text;    // the error, told as in the interface that was asked; or
    bool vanish = false; // the connection is reset instead
};

// All holds are barriers: what has reached one waits until it is released, however long.
class script {
public:
    // `changed` is called after each change, so that whoever waits looks again.
    explicit script(std::function<void()> changed) : changed_{std::move(changed)} {}

    // The next requests for that path, whatever their method, get this instead of an answer.
    void answer_next(std::string const& path, canned what, std::size_t times = 1);
    // The next unload that names a loaded instance is answered so, and unloads nothing.
    void fail_next_unload(unsigned status, std::string body);
    // The next prediction breaks off.
    void break_next_generation(breakdown how);

    void hold_loads() { set(loads_held_, true); }
    void release_loads() { set(loads_held_, false); }
    void hold_unloads() { set(unloads_held_, true); }
    void release_unloads() { set(unloads_held_, false); }
    // A prediction waits when it has told that many tokens; with 0 when its head has gone out.
    void hold_generations(std::size_t after_tokens = 0);
    void release_generations();

    // Back to nothing told, all holds released.
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
    void set(bool& what, bool to);

    std::function<void()> changed_;
    std::map<std::string, std::deque<canned>, std::less<>> answers_;
    std::deque<std::pair<unsigned, std::string>> unload_failures_;
    std::deque<breakdown> breakdowns_;
    bool loads_held_ = false;
    bool unloads_held_ = false;
    std::optional<std::size_t> generations_held_;
};

} // namespace secondwind::emulator
