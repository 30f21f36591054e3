// Whatever a stream holds: its events do not depend on the pieces it arrives in.
#include <secondwind/http/sse_scanner.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using secondwind::http::sse_event;
using secondwind::http::sse_scanner;
using events = std::vector<std::pair<std::string, std::string>>;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

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

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    // The first byte chooses how the rest is fed and where the scanner is stopped.
    auto const piece = std::size_t{data[0] & 0x1fU} + 1;
    auto const most = (data[0] & 0xe0U) == 0 ? size + 1 : std::size_t{data[0]} >> 5U;
    std::string_view const stream{reinterpret_cast<char const*>(data) + 1, size - 1};
    auto const at_once = scan(stream, stream.size() + 1, most);
    require(at_once == scan(stream, piece, most));
    require(at_once == scan(stream, 1, most));
    return 0;
}
