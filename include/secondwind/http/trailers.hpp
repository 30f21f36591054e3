// The trailers of a chunked answer (RFC 9112 section 7.1.2) on their way to the client.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace secondwind::http {

// `section` is what follows the last chunk, up to the empty line that ends the body, and well
// formed. Without the fields that would mean something to whoever merges trailers into the head
// (RFC 9110 section 6.5.1): those of the framing, those for this connection alone, and ours.
std::string without_harmful_trailers(std::string_view section);

// Lets the bytes of a chunked body pass, and holds its trailers back until all have come.
class trailer_filter {
public:
    static constexpr std::size_t none = std::string_view::npos;

    // Of these bytes and of those held back, what may go to the client: valid until the next call.
    // `begin` is where in them the trailers begin, or `none`; `complete`: the body ends with them.
    std::string_view pass(std::string_view bytes, std::size_t begin, bool complete);

private:
    std::string section_;
    std::string out_;
};

} // namespace secondwind::http
