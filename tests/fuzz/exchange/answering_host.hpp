// A host whose answer to one request is the input's, and whose other answers are LM Studio's.
#pragma once

#include "stage.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <set>
#include <string>
#include <string_view>

namespace secondwind::fuzz {

enum class last_word : std::uint8_t { nothing, close, reset, reset_at_once };
enum class listing : std::uint8_t { unknown_path, works, unload_refused, cut };

struct answer_script {
    std::string_view bytes; // of the answer to a request of scripted_path
    std::size_t piece = 1;  // bytes of one write
    last_word end = last_word::nothing;
    fuzz::listing listing = fuzz::listing::works;
    bool same_again = false; // a replay is answered with the bytes as well, not with good_body
};

inline constexpr std::string_view scripted_path = "/v1/chat/completions";
inline constexpr std::string_view second_path = "/second";
inline constexpr std::string_view second_body = "the second answer";
inline constexpr std::string_view good_status = "200 Good at last";
inline constexpr std::string_view good_body = "{\"choices\":[]}";

class answering_host {
public:
    answering_host(stage& where, answer_script script);

    bool step();
    // Ends what was to end when nothing moved any more; true if there was something.
    bool end_quietly();

    std::size_t open() const;
    std::size_t attempts() const noexcept { return attempts_; }
    // How much of the script went out, on the connection where most did, and whether it ended in
    // an orderly close behind it.
    std::size_t sent() const noexcept { return sent_; }
    bool closed() const noexcept { return closed_; }
    bool was_reset() const noexcept { return reset_; }
    std::string const& tunnelled() const noexcept { return tunnelled_; }

private:
    struct connection {
        explicit connection(peer p) : wire{std::move(p)} {}
        peer wire;
        bool scripted = false;   // it has got bytes of the script
        bool speaking = false;   // and gets more
        bool to_end = false;     // and is to be ended
        bool asked_head = false; // the answer is to a HEAD
        bool asked_upgrade = false;
        std::size_t sent = 0;
    };

    bool serve(connection& on);
    bool speak(connection& on);
    void read(connection& on);
    void route(connection& on, message const& request);
    void check_reuse(connection const& on) const;
    bool switched(connection const& on) const;
    void list(connection& on);
    void unload(connection& on, message const& request);

    stage& stage_;
    answer_script script_;
    std::list<connection> connections_;
    std::set<std::string> loaded_{"a", "b"};
    std::size_t attempts_ = 0;
    std::size_t sent_ = 0;
    bool closed_ = false;
    bool reset_ = false;
    std::string tunnelled_;
};

// The final answer in the bytes of a host, behind the interim ones.
struct final_answer {
    reading state = reading::incomplete;
    message head;
    std::string_view bytes;        // from its head on
    std::vector<message> interims; // before it
};
final_answer find_final(std::string_view bytes, bool bodiless, bool closed);

} // namespace secondwind::fuzz
