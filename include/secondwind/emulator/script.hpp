// What a test makes the emulator do that LM Studio would not do by itself. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
    bool close_connection = false; // no error, but the end of the connection

    // Memory runs out before the first token: the error as it is, or as the engine protocol of
    // newer versions wraps it.
    static breakdown out_of_memory();
    static breakdown engine_out_of_memory();
};

// What a model says instead of its usual words, in this order; what is empty is left out.
struct reply {
    struct tool_call {
        std::string tool;
        std::string arguments; // a JSON object
    };
    std::string reasoning{};
    std::string text{};
    std::vector<tool_call> calls{};
};

// The error of an operation over the SDK's WebSocket: of a call, or of a channel.
struct operation_failure {
    std::string title;
    std::string cause{};
    // That many packets come before it in a channel: the opening of a load and its progress, or
    // the progress of a prompt.
    std::size_t after_packets = 0;
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
    // The next unload of that instance, likewise.
    void fail_unload_of(std::string const& id, unsigned status, std::string body);
    // The next generation fails in this way.
    void break_next_generation(breakdown failure);
    // Each generation fails in this way whose request contains that text.
    void break_generations_for(std::string text, breakdown failure);
    // The next `times` requests for a prediction that contain that text, and that offer all tools
    // that the reply calls, get this reply.
    void say_to(std::string text, reply said, std::size_t times = 1);
    // The next `times` operations of that endpoint ("getOrLoad", "predict", "embedString") fail so,
    // whatever the state of the host.
    void fail_operations(std::string const& endpoint, operation_failure failure,
                         std::size_t times = 1);
    // How many packets the channel of a load has sent when it is refused, and that of a prediction
    // when its cache is corrupt. Unless told, a load is refused before startLoading and after
    // resolved, and a prediction fails after its prompt.
    void send_before_errors(std::size_t packets);
    // The next `times` answers to calls on that WebSocket ("/llm") come so late.
    void delay_calls(std::string const& path, std::chrono::milliseconds delay,
                     std::size_t times = std::numeric_limits<std::size_t>::max());

    void hold_loads() { set(loads_held_, true); }
    // The same for one model, by its key, besides the rule for all.
    void hold_loads_of(std::string const& key);
    // Releases all of them.
    void release_loads();
    void hold_unloads() { set(unloads_held_, true); }
    void release_unloads() { set(unloads_held_, false); }
    // A generation waits after that many tokens; with 0, after the head of its answer.
    void hold_generations(std::size_t after_tokens = 0);
    // The same for one model, by its key, besides the rule for all.
    void hold_generations_of(std::string const& key, std::size_t after_tokens = 0);
    // Releases all of them.
    void release_generations();
    void release_generations_of(std::string const& key);
    // The memory of what is unloaded does not come back.
    void hold_memory() { set(memory_held_, true); }
    void release_memory() { set(memory_held_, false); }
    // The answers to calls on that WebSocket.
    void hold_calls(std::string const& path);
    void release_calls(std::string const& path);

    // Forgets everything and releases all holds.
    void clear();

    // For the emulator itself.
    std::optional<canned> take_answer(std::string_view path);
    std::optional<std::pair<unsigned, std::string>> take_unload_failure(std::string_view id);
    std::optional<breakdown> take_breakdown();
    std::optional<breakdown> breakdown_for(std::string_view body) const;
    std::optional<reply> take_reply(std::string_view body, std::vector<std::string> const& tools);
    std::optional<operation_failure> take_operation_failure(std::string_view endpoint);
    std::optional<std::size_t> packets_before_errors() const noexcept {
        return packets_before_errors_;
    }
    std::chrono::milliseconds take_delay(std::string_view path);
    bool calls_held(std::string_view path) const { return calls_held_.contains(path); }
    bool memory_held() const noexcept { return memory_held_; }
    bool loads_held(std::string_view key) const noexcept {
        return loads_held_ || loads_of_.contains(key);
    }
    bool unloads_held() const noexcept { return unloads_held_; }
    bool generation_held(std::string_view key, std::size_t tokens) const noexcept;

private:
    void set(bool& held, bool value);

    std::function<void()> changed_;
    std::map<std::string, std::deque<canned>, std::less<>> answers_;
    std::deque<std::pair<unsigned, std::string>> unload_failures_;
    std::map<std::string, std::pair<unsigned, std::string>, std::less<>> unload_failures_of_;
    std::deque<breakdown> breakdowns_;
    std::vector<std::pair<std::string, breakdown>> lasting_breakdowns_;
    struct expected_request {
        std::string text;
        reply said;
        std::size_t times = 0;
    };
    std::vector<expected_request> replies_;
    struct late_calls {
        std::chrono::milliseconds by{0};
        std::size_t times = 0;
    };
    std::map<std::string, late_calls, std::less<>> delays_;
    std::map<std::string, std::deque<operation_failure>, std::less<>> operation_failures_;
    std::optional<std::size_t> packets_before_errors_;
    std::set<std::string, std::less<>> calls_held_;
    bool loads_held_ = false;
    std::set<std::string, std::less<>> loads_of_; // by model
    bool unloads_held_ = false;
    bool memory_held_ = false;
    std::optional<std::size_t> generations_held_;
    std::map<std::string, std::size_t, std::less<>> generations_of_; // by model
};

} // namespace secondwind::emulator
