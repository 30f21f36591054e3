// Skips strings and nested values of a JSON text that arrives in pieces, many bytes at a time.
#pragma once

#include <secondwind/http/member_scanner.hpp>

#include <cstddef>
#include <string_view>

namespace secondwind::http {

// The index of the quote that closes the string in which in[begin] is, or in.size(). `escaped`: a
// backslash before `begin` escapes that byte; on return, the same of the byte after `in`.
std::size_t end_of_string(std::string_view in, std::size_t begin, bool& escaped) noexcept;

// The index after the bracket that closes the outermost nested value, or in.size(). `where` says in
// how many brackets in[begin] is, and on return in how many the byte after that index is.
std::size_t end_of_nested(std::string_view in, std::size_t begin, json_nesting& where) noexcept;

} // namespace secondwind::http
