// What the Connection fields of a head say, for whoever passes the head on.
#pragma once

#include "field_name.hpp"

#include <secondwind/http/head.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace secondwind::http {

// Finds which fields a head's own Connection fields name (RFC 9110 section 7.6.1). Nearly every
// head names none but "keep-alive", "close" or "upgrade", and then asking costs nothing.
class connection_options {
public:
    explicit connection_options(std::span<field const> fields) noexcept;

    // True if this field stays on this connection: by its own nature, or because it was named and
    // is no necessity. Transfer-Encoding is left to the caller.
    bool holds_back(field const& line, field_name meaning) const noexcept;

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
