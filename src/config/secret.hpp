// A token as it is given, in the open or in a file. What is said about it never shows it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::config {

constexpr std::string_view file_suffix = "_file"; // of a member that names a secret's file

// What is wrong with a token, as a clause; nothing if it can be sent in a field of a request.
std::string token_complaint(std::string_view token);

// Takes the token from the first line of a file's content, which is nothing where it cannot be
// read; returns the complaint. The file's name is never shown: it may be a token in a wrong place.
std::string take_token(std::optional<std::string> const& content, std::string& into);

} // namespace secondwind::config
