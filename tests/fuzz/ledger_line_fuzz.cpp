// Any line in place of one of the ledger: what is read from it is written as a line that is read in
// the same way.
#include "target.hpp"

#include <secondwind/recovery/ledger_file.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ledger_line_fuzz {
namespace {

using secondwind::fuzz::require;
using namespace secondwind::recovery;

void test(std::uint8_t const* data, std::size_t size) {
    auto const read = from_json({reinterpret_cast<char const*>(data), size});
    if (!read)
        return;
    auto const line = to_json(*read);
    auto const again = from_json(line);
    require(again.has_value());
    require(to_json(*again) == line);
}

secondwind::fuzz::target const registered{"ledger_line", test};

} // namespace
} // namespace ledger_line_fuzz
