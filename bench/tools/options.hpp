#pragma once
// The options of a tool, as in --name NUMBER; a flag is a number with the default 0.

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "socket.hpp"

namespace bench {

class options {
public:
    /// Reads the arguments from the first one on; `names` lists every allowed name.
    options(int argc, char** argv, int first, std::initializer_list<std::string_view> names) {
        for (const std::string_view name : names) {
            values_.emplace(name, 0);
        }
        for (int i = first; i < argc; i += 2) {
            const std::string_view name = argv[i];
            const auto found =
                name.starts_with("--") ? values_.find(name.substr(2)) : values_.end();
            if (found == values_.end() || i + 1 == argc) {
                give_up("unknown option, or one without its number: " + std::string(name));
            }
            const std::string_view text = argv[i + 1];
            const char* end = text.data() + text.size();
            const auto read = std::from_chars(text.data(), end, found->second);
            if (read.ec != std::errc{} || read.ptr != end) {
                give_up(std::string(name) + " needs a number");
            }
        }
    }

    std::uint64_t operator[](std::string_view name) const { return values_.find(name)->second; }
    std::uint16_t port(std::string_view name) const {
        return static_cast<std::uint16_t>((*this)[name]);
    }

private:
    std::map<std::string, std::uint64_t, std::less<>> values_;
};

} // namespace bench
