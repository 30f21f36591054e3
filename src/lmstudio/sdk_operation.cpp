#include <secondwind/lmstudio/sdk_operation.hpp>

#include <secondwind/base/decimal.hpp>
#include <secondwind/http/member_scanner.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace secondwind::lmstudio {
namespace {

std::uint32_t bit_of(sdk_packet packet) noexcept {
    return 1U << static_cast<unsigned>(packet);
}

struct packet_detail {
    std::optional<double> progress{};
    bool acknowledged = false; // it asks for that
};

packet_detail read_detail(std::string_view text) noexcept {
    static constexpr std::array<std::string_view, 2> outer_names{"message", "ackId"};
    static constexpr std::array<std::string_view, 1> inner_names{"progress"};
    packet_detail found;
    http::member_scanner outer{outer_names, 2};
    outer.push(text);
    found.acknowledged = outer.value(1).kind != http::member_kind::absent;
    auto const packet = outer.value(0);
    if (packet.kind != http::member_kind::nested)
        return found;
    http::member_scanner inner{inner_names, 1};
    inner.push(text.substr(packet.end - 1));
    auto const value = inner.value(0);
    auto const number = read_decimal(value.text);
    if (value.kind == http::member_kind::literal && number)
        found.progress = number->value;
    return found;
}

} // namespace

sdk_transition next_of(sdk_state state, sdk_event event) noexcept {
    using enum sdk_action;
    using enum sdk_state;
    bool const by_recovery =
        event == sdk_event::replay || event == sdk_event::give_up || event == sdk_event::admitted;
    bool const by_host = !by_recovery && event != sdk_event::client_message;
    bool const ends = event == sdk_event::result || event == sdk_event::error ||
                      event == sdk_event::curable_error;
    switch (state) {
    case waiting:
        if (event == sdk_event::admitted)
            return {send, sent};
        return {by_host ? pass : by_recovery ? none : keep_behind, waiting};
    case sent:
        if (event == sdk_event::curable_error)
            return {hold, held};
        if (by_recovery)
            return {none, sent};
        return {pass, ends ? ended : event == sdk_event::telling ? committed : sent};
    case held:
        if (event == sdk_event::replay)
            return {send, sent};
        if (event == sdk_event::give_up)
            return {release, ended};
        if (event == sdk_event::admitted)
            return {none, held};
        return {by_host ? release_and_pass : release_and_drop, ended};
    case committed:
        return {by_recovery ? none : pass, ends ? ended : committed};
    case ended:
        break;
    }
    return {by_recovery ? none : pass, ended};
}

void sdk_repeats::delivered(sdk_packet packet, std::string_view beginning) noexcept {
    delivered_ |= bit_of(packet);
    highest_ = std::max(highest_, read_detail(beginning).progress.value_or(highest_));
}

bool sdk_repeats::repeats(sdk_packet packet, std::string_view beginning) const noexcept {
    if ((delivered_ & bit_of(packet)) == 0 || packet == sdk_packet::unloading_other)
        return false;
    auto const detail = read_detail(beginning);
    if (detail.acknowledged)
        return false;
    if (packet == sdk_packet::start_loading || packet == sdk_packet::resolved)
        return true;
    return detail.progress && *detail.progress <= highest_;
}

} // namespace secondwind::lmstudio
