// A token, given directly or in a file. No message shows it.
#pragma once

#include "json_source.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace secondwind::config {

constexpr std::string_view file_suffix = "_file"; // of a member that names the file of a secret

// A complaint about a token, as a clause; nothing if it can be sent in a field of a request.
std::string token_complaint(std::string_view token);

// The check for a token: token_complaint(), or a stricter one.
using token_judge = std::function<std::string(std::string_view)>;

// The content of every file where none can be read.
file_content unreadable();

// Takes the token from the first line of a file; returns the complaint. The name of the file is
// never shown: it may be a token in the wrong place.
std::string take_token(file_content const& content, token_judge const& judge, std::string& into);

struct given_token {
    std::string value;               // empty: none
    json_node const* from = nullptr; // where it, or the name of its file, is
};

// The token of an object, in its member `name` or in the file that its member `name`_file names: an
// empty string counts as none. `path` is the object's in messages. Throws config_error.
given_token read_token(json_node const& object, std::string const& path, std::string const& name,
                       token_judge const& judge, json_source const& source);

} // namespace secondwind::config
