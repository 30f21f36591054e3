// A token as it is given, in the open or in a file. What is said about it never shows it.
#pragma once

#include "json_source.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::config {

constexpr std::string_view file_suffix = "_file"; // of a member that names a secret's file

// What is wrong with a token, as a clause; nothing if it can be sent in a field of a request.
std::string token_complaint(std::string_view token);

// What is wrong with a token in its place: token_complaint(), or stricter.
using token_judge = std::function<std::string(std::string_view)>;

// Takes the token from the first line of a file's content, which is nothing where it cannot be
// read; returns the complaint. The file's name is never shown: it may be a token in a wrong place.
std::string take_token(std::optional<std::string> const& content, token_judge const& judge,
                       std::string& into);

struct given_token {
    std::string value;               // empty: none is given
    json_node const* from = nullptr; // where it or its file's name stands
};

// The token of an object, in its member `name` or in the file that its sister names: an empty
// string is none. `path` is the object's in messages. Throws config_error.
given_token read_token(json_node const& object, std::string const& path, std::string const& name,
                       token_judge const& judge, json_source const& source);

} // namespace secondwind::config
