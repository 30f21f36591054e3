// For any stream: its events do not depend on the pieces in which it arrives.
#include "target.hpp"

#include <secondwind/http/sse_scanner.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sse_scanner_fuzz {
namespace {

using secondwind::http::sse_event;
using secondwind::http::sse_scanner;
using events = std::vector<std::pair<std::string, std::string>>;
using secondwind::fuzz::require;

events scan(std::string_view stream, std::size_t piece, std::size_t most) {
    sse_scanner scanner;
    events seen;
    auto const note = [&](sse_event const& event) {
        require(event.type.find_first_of("\r\n") == std::string::npos);
        require(event.data.find('\r') == std::string::npos);
        seen.emplace_back(event.type, event.data);
        return seen.size() < most;
    };
    while (!stream.empty()) {
        scanner.push(stream.substr(0, piece), note);
        stream.remove_prefix(std::min(piece, stream.size()));
    }
    scanner.finish(note);
    require(seen.size() <= most);
    return seen;
}

void test(std::uint8_t const* data, std::size_t size) {
    if (size == 0) {
        return;
    }
    // The first byte chooses how the rest is split, and where the scanner stops.
    auto const piece = std::size_t{data[0] & 0x1fU} + 1;
    auto const most = (data[0] & 0xe0U) == 0 ? size + 1 : std::size_t{data[0]} >> 5U;
    std::string_view const stream{reinterpret_cast<char const*>(data) + 1, size - 1};
    auto const at_once = scan(stream, stream.size() + 1, most);
    require(at_once == scan(stream, piece, most));
    require(at_once == scan(stream, 1, most));
}

secondwind::fuzz::target const registered{"sse_scanner", test};

} // namespace
} // namespace sse_scanner_fuzz
