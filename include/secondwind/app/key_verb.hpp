// `secondwind key`: creates the keys of clients, and hashes existing ones.
#pragma once

#include <iosfwd>
#include <string>

namespace secondwind::app {

// Prints a new key, which is stored nowhere, and its entry for the configuration. `name` must be a
// name that the configuration accepts. Returns the process's exit code.
int make_client_key(std::string const& name, bool as_json);

// Prints the hash of the key in the first line of `input`. Returns the process's exit code: 2 for a
// key that no client could send or that is easy to guess.
int hash_client_key(std::istream& input);

} // namespace secondwind::app
