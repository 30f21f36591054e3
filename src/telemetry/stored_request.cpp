#include <secondwind/telemetry/stored_request.hpp>

#include <secondwind/telemetry/slot.hpp>

#include <cmath>

namespace secondwind::telemetry {

namespace {

using std::chrono::microseconds;

constexpr std::string_view request_mark = "swr1";
constexpr std::size_t longest_word = 32;
constexpr std::size_t longest_text = 96;
// Of an earlier attempt, beside its texts: the status, the time and the lengths of the texts.
constexpr std::size_t attempt_size = 2 + 8 + 1 + 1;

constexpr std::uint64_t flag_failed = 1;
constexpr std::uint64_t flag_stream = 2;

void write_attempts(slot_writer& out, std::vector<earlier_attempt> const& all) noexcept {
    std::size_t left = out.left() - 1;
    std::size_t fitting = 0;
    for (auto const& each : all) {
        auto const size = attempt_size + std::min(each.host.size(), longest_text) +
                          std::min(each.reason.size(), longest_word);
        if (size > left)
            break;
        left -= size;
        ++fitting;
    }
    fitting = std::min<std::size_t>(fitting, UINT8_MAX);
    out.number(fitting, 1);
    for (std::size_t i = 0; i < fitting; ++i) {
        out.text(all[i].host, longest_text);
        out.number(static_cast<std::uint16_t>(all[i].status), 2);
        out.text(all[i].reason, longest_word);
        out.real(all[i].ended);
    }
}

double finite(double value) noexcept {
    return std::isfinite(value) ? value : -1;
}

} // namespace

void encode(std::uint64_t sequence, request_ring::row const& row, stored_request::moment now,
            std::span<char> into) noexcept {
    auto const& one = row.told();
    auto const began =
        now.time.time_since_epoch() -
        std::chrono::duration_cast<std::chrono::system_clock::duration>(now.steady - one.began);
    slot_writer out{into.first(stored_request::slot_size), request_mark};
    out.number(sequence);
    out.number(static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(began).count()));
    out.number(static_cast<std::uint8_t>(one.route), 1);
    out.number(static_cast<std::uint8_t>(one.method), 1);
    out.number(static_cast<std::uint16_t>(one.status), 2);
    out.number((one.failed ? flag_failed : 0) | (one.stream ? flag_stream : 0), 1);
    out.number(one.attempts, 4);
    out.number(one.bytes_in);
    out.number(one.bytes_out);
    out.real(one.seconds);
    out.real(one.first_byte);
    out.number(static_cast<std::uint64_t>(one.tokens_in));
    out.number(static_cast<std::uint64_t>(one.tokens_out));
    out.real(one.tokens_per_second);
    for (auto const word : {one.verdict, one.recovery, one.ended})
        out.text(word, longest_word);
    for (auto const text :
         {one.host, one.model, one.client, one.agent, one.address, one.path, one.id, one.detail})
        out.text(text, longest_text);
    write_attempts(out, row.earlier());
    out.seal();
}

std::optional<stored_request> decode(std::span<char const> from, stored_request::moment now) {
    from = from.first(stored_request::slot_size);
    if (state_of(from, request_mark) != slot_state::whole)
        return std::nullopt;
    slot_reader in{from};
    stored_request out;
    auto& one = out.told;
    out.sequence = in.number();
    // A time before 1970, or one that no clock of ours can hold, is none that we have written.
    constexpr std::uint64_t latest = 1ULL << 52U;
    auto const began = in.number();
    auto const path_of = in.number(1);
    auto const kind = in.number(1);
    one.status = static_cast<int>(in.number(2));
    auto const flags = in.number(1);
    one.attempts = static_cast<unsigned>(in.number(4));
    one.bytes_in = in.number();
    one.bytes_out = in.number();
    one.seconds = finite(in.real());
    one.first_byte = finite(in.real());
    one.tokens_in = static_cast<std::int64_t>(in.number());
    one.tokens_out = static_cast<std::int64_t>(in.number());
    one.tokens_per_second = finite(in.real());
    for (auto* word : {&one.verdict, &one.recovery, &one.ended})
        *word = in.text();
    for (auto* text : {&one.host, &one.model, &one.client, &one.agent, &one.address, &one.path,
                       &one.id, &one.detail})
        *text = in.text();
    for (auto left = in.number(1); left > 0 && in.good(); --left) {
        earlier_attempt each;
        each.host = in.text();
        each.status = static_cast<int>(in.number(2));
        each.reason = in.text();
        each.ended = finite(in.real());
        out.earlier.push_back(std::move(each));
    }
    if (!in.good() || began > latest || out.sequence > latest || path_of >= routes ||
        kind >= methods)
        return std::nullopt;
    one.route = static_cast<route>(path_of);
    one.method = static_cast<method>(kind);
    one.failed = (flags & flag_failed) != 0;
    one.stream = (flags & flag_stream) != 0;
    auto const age = now.time.time_since_epoch() - microseconds{began};
    one.began = now.steady - std::chrono::duration_cast<std::chrono::steady_clock::duration>(age);
    return out;
}

} // namespace secondwind::telemetry
