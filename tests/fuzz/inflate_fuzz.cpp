// For any encoded body: the decoded body does not depend on the pieces in which it arrives, and
// never exceeds the limit.
#include "target.hpp"

#include <secondwind/http/inflate.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace inflate_fuzz {
namespace {

using secondwind::http::inflater;
using secondwind::http::inflater_state;
using decoded = std::pair<std::string, inflater_state>;
using secondwind::fuzz::require;

decoded decode(std::string_view encoding, std::string_view body, std::size_t piece,
               std::size_t bound) {
    auto from = inflater::for_encoding(encoding, bound);
    require(from.has_value());
    decoded all{{}, from->state()};
    auto const keep = [&](std::string_view text) {
        require(!text.empty());
        all.first.append(text);
        return true;
    };
    while (!body.empty()) {
        all.second = from->push(body.substr(0, piece), keep);
        body.remove_prefix(std::min(piece, body.size()));
    }
    require(all.first.size() <= bound);
    require(all.first.size() < bound || bound == 0 || all.second == inflater_state::full);
    return all;
}

void test(std::uint8_t const* data, std::size_t size) {
    // A seed's first line: a digit for the coding, a letter for the pieces, a sign for the bound.
    if (size < 4)
        return;
    static constexpr std::array<std::string_view, 2> encodings{"gzip", "deflate"};
    static constexpr std::array<std::size_t, 4> bounds{65536, 4096, 100, 10000};
    auto const encoding = encodings[data[0] % encodings.size()];
    auto const piece = std::size_t{data[1] & 0x1fU} + 1;
    auto const bound = bounds[data[2] % bounds.size()];
    std::string_view const body{reinterpret_cast<char const*>(data + 4), size - 4};

    auto const at_once = decode(encoding, body, body.size() + 1, bound);
    require(at_once == decode(encoding, body, piece, bound));
    require(at_once == decode(encoding, body, 1, bound));
}

secondwind::fuzz::target const registered{"inflate", test};

} // namespace
} // namespace inflate_fuzz
