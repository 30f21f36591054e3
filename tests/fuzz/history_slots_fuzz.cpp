// Any bytes in place of the files of the history and of the recent requests: what is taken from
// them can be written and read again, and comes out the same. The first byte says whether the
// checksums of the slots are made right.
#include "target.hpp"

#include <secondwind/telemetry/history.hpp>
#include <secondwind/telemetry/slot.hpp>
#include <secondwind/telemetry/stored_request.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace history_slots_fuzz {
namespace {

using secondwind::fuzz::require;
using namespace secondwind::telemetry;

stored_request::moment const now{std::chrono::system_clock::time_point{std::chrono::hours{500'000}},
                                 std::chrono::steady_clock::time_point{std::chrono::hours{1}}};

void make_whole(std::span<char> slot, std::string_view mark) {
    std::vector<char> copy(slot.begin(), slot.end());
    slot_writer out{slot, mark};
    for (auto const each : std::span{copy}.subspan(8))
        out.number(static_cast<unsigned char>(each), 1);
    out.seal();
}

void test_history(std::vector<char> slot, bool whole) {
    slot.resize(history::slot_size);
    if (whole)
        make_whole(slot, "swh1");
    for (std::size_t at = 0; at < history::slots; ++at) {
        history past;
        if (!past.decode(at, slot))
            continue;
        std::array<char, history::slot_size> written{};
        past.encode(at, written);
        history again;
        require(again.decode(at, written));
        for (std::size_t which = 0; which < history::ranges.size(); ++which)
            require(again.newest(which, now.time) == past.newest(which, now.time));
    }
}

void test_request(std::vector<char> slot, bool whole) {
    slot.resize(stored_request::slot_size);
    if (whole)
        make_whole(slot, "swr1");
    auto read = decode(slot, now);
    if (!read)
        return;
    request_ring ring;
    ring.bound(1);
    auto const attempts = read->earlier.size();
    if (!ring.add_again(read->told, std::move(read->earlier)))
        return;
    std::array<char, stored_request::slot_size> written;
    encode(read->sequence, ring.at(1), now, written);
    auto const again = decode(written, now);
    require(again && again->sequence == read->sequence);
    require(again->told.status == read->told.status && again->told.began == read->told.began);
    require(again->earlier.size() <= attempts);
}

void test(std::uint8_t const* data, std::size_t size) {
    if (size == 0)
        return;
    auto const* const begin = reinterpret_cast<char const*>(data) + 1;
    std::vector<char> const slot(begin, begin + size - 1);
    test_history(slot, (data[0] & 1) != 0);
    test_request(slot, (data[0] & 1) != 0);
}

secondwind::fuzz::target const registered{"history_slots", test};

} // namespace
} // namespace history_slots_fuzz
