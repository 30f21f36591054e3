// Recognises field names, and knows which fields are not passed on.
#pragma once

#include <secondwind/http/head.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace secondwind::http {

// One switch on the length, then one comparison. The name must have no control characters, as no
// token and no field value has.
field_name recognise(std::string_view name) noexcept;

// True for a field that is never passed on. Transfer-Encoding is not among them: whether it is
// passed on depends on which side frames the body.
constexpr bool is_hop_by_hop(field_name name) noexcept {
    return name >= field_name::connection && name <= field_name::http2_settings;
}

// True for a field that a Connection field cannot remove: without it, the message would mean
// something else at the far end, or could not be delimited.
constexpr bool is_necessity(field_name name) noexcept {
    switch (name) {
    case field_name::host:
    case field_name::content_length:
    case field_name::transfer_encoding:
    case field_name::content_type:
    case field_name::content_encoding:
    case field_name::credentials:
    case field_name::end_to_end:
        return true;
    default:
        return false;
    }
}

// Finds which fields a head's own Connection fields name (RFC 9110 section 7.6.1). Nearly every
// head names none but "keep-alive", "close" or "upgrade", and then asking costs nothing.
class connection_options {
public:
    // `fields` of a head that was read.
    explicit connection_options(std::span<field const> fields) noexcept;

    // True if this field stays on this connection: by its nature, or because it was named and is no
    // necessity. Transfer-Encoding is left to the caller.
    bool holds_back(field const& line) const noexcept;

    // Bytes that the lines take when each is written as "name: value" and CRLF.
    std::size_t bytes() const noexcept { return bytes_; }

private:
    bool names(std::string_view name) const noexcept;

    std::span<field const> fields_;
    std::size_t bytes_ = 0;
    // The lengths of the named fields, modulo 64: most fields are cleared by one test.
    std::uint64_t lengths_ = 0;
};

} // namespace secondwind::http
