// HTTP/1.x as RFC 9112 writes it, read from one whole buffer. Written apart from the proxy's own
// reading on purpose: a judge that shared it would share its mistakes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::fuzz {

inline constexpr auto npos = std::string_view::npos;

// Throws what did not hold: an input that is judged so twice ends the process.
void require(bool holds, char const* what);
struct broken_promise : std::runtime_error {
    using std::runtime_error::runtime_error;
};

bool same_word(std::string_view a, std::string_view b) noexcept; // without case
std::string_view trim(std::string_view text) noexcept;           // of spaces and tabs

enum class reading : std::uint8_t { incomplete, complete, malformed };
enum class framing : std::uint8_t { none, length, chunked, until_close };

struct message {
    std::string method, target; // of a request
    int status = 0;             // of an answer
    std::string reason;
    bool http10 = false;
    std::vector<std::pair<std::string, std::string>> fields;
    fuzz::framing framing = fuzz::framing::none;
    std::size_t head_size = 0; // 0 while the head is incomplete or where it is malformed
    std::size_t size = 0;      // of the whole, or as far as it came and was well-formed
    std::size_t trailers = 0;  // where those of a whole chunked body begin, in front of its end
    std::string body;          // decoded

    std::size_t count(std::string_view name) const;
    std::string_view value(std::string_view name) const; // of the first, or empty
    // True if a field of that name, a list, has that element.
    bool lists(std::string_view name, std::string_view element) const;
    bool persists() const;
    // The fields that one connection has for itself, or names in Connection: `named` alone are
    // those that a proxy may keep all the same, as Host.
    bool hop_by_hop(std::string_view name) const;
    bool named(std::string_view name) const { return lists("Connection", name); }
};

// One empty line may stand before a request.
reading read_request(std::string_view bytes, message& out);

// `bodiless`: it answers a HEAD. `closed`: nothing comes any more, and that is no accident.
reading read_answer(std::string_view bytes, bool bodiless, bool closed, message& out);

// Whether `out` has the fields of `in` that pass from one connection to the next, in their order
// and with their values, and no others. Those that tell of framing are left out on both sides, as
// are those of `out` that begin with `own`.
bool passed_on(message const& in, message const& out, std::string_view own);

} // namespace secondwind::fuzz
