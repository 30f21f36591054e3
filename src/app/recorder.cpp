#include "recorder.hpp"

#include <secondwind/base/log.hpp>
#include <secondwind/base/path.hpp>
#include <secondwind/recovery/ledger_file.hpp>
#include <secondwind/telemetry/stored_request.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace secondwind::app {

namespace {

using namespace std::chrono_literals;
using telemetry::history;
using telemetry::stored_request;

constexpr auto interval = 1s;
// After so many requests the event loop has its turn.
constexpr std::uint64_t most_at_once = 64;
constexpr auto breath = 1ms;
// The largest admin.recent_requests.
constexpr std::size_t most_slots = 100'000;

stored_request::moment this_moment() {
    return {std::chrono::system_clock::now(), std::chrono::steady_clock::now()};
}

} // namespace

recorder::recorder(config::current_settings const& settings, proxy::context& shared,
                   reloader& reload)
    : settings_{settings}, shared_{shared}, pause_{shared.deadlines, "recorder", *this} {
    // The directory is that of the start.
    reload.add_part([this](config::settings const& fresh) -> std::function<void()> {
        bool const loses_its_own =
            !settings_->recovery.ledger_file.empty() && fresh.recovery.ledger_file.empty();
        return [this, loses_its_own] {
            if (loses_its_own)
                use_ledger();
        };
    });
}

void recorder::start() {
    open();
    if (settings_->recovery.ledger_file.empty())
        use_ledger();
    auto earlier = recovery::read_ledger(shared_.ledger.file(), recovery::ledger::kept);
    auto const recoveries = static_cast<std::uint64_t>(earlier.records.size());
    auto damaged = static_cast<std::uint64_t>(earlier.damaged);
    shared_.ledger.restore(std::move(earlier.records));
    auto const before = shared_.requests.newest();
    if (requests_)
        damaged += read_requests();
    if (history_)
        damaged += read_history();
    if (!shared_.ledger.file().empty() || requests_)
        log::write(damaged == 0 ? log::level::info : log::level::warn, "state_read",
                   {{"directory", directory_},
                    {"requests", shared_.requests.newest() - before},
                    {"recoveries", recoveries},
                    {"damaged", damaged}});
    pause_.after(interval);
}

void recorder::stop() {
    pause_.clear();
    while (write()) {
    }
}

void recorder::on_timer() {
    pause_.after(write() ? std::chrono::milliseconds{breath} : std::chrono::milliseconds{interval});
}

// True if there is more to write.
bool recorder::write() {
    shared_.history.add(telemetry::totals_of(shared_.traffic, shared_.ledger.opened()),
                        std::chrono::system_clock::now());
    auto error = write_history();
    bool more = false;
    if (auto const other = write_requests(more); error == 0)
        error = other;
    if (error != 0 && !failed_)
        log::write(log::level::error, "state_write_failed",
                   {{"directory", directory_}, {"error", std::generic_category().message(error)}});
    failed_ = error != 0; // once until writing works again
    return more;
}

// Into the state directory, or without one nowhere.
void recorder::use_ledger() {
    try {
        shared_.ledger.write_to(
            recovery::ledger_file{directory_.empty() ? "" : directory_ + "/recoveries.jsonl"});
    } catch (std::exception const& e) {
        log::write(log::level::error, "state_unavailable",
                   {{"directory", directory_}, {"error", e.what()}});
    }
}

void recorder::open() {
    auto const& directory = settings_->state.directory;
    if (directory.empty())
        return;
    try {
        std::filesystem::create_directories(utf8_path(directory));
        slot_file past{directory + "/history.dat", history::slot_size};
        slot_file requests{directory + "/requests.dat", stored_request::slot_size};
        history_ = std::move(past);
        requests_ = std::move(requests);
        directory_ = directory;
    } catch (std::system_error const& e) {
        log::write(log::level::error, "state_unavailable",
                   {{"directory", directory}, {"error", e.what()}});
    }
}

// Returns how many slots were damaged.
std::uint64_t recorder::read_requests() {
    auto const all = requests_.read(most_slots);
    auto const now = this_moment();
    std::uint64_t damaged = 0;
    std::vector<stored_request> found;
    for (std::span<char const> left{all}; !left.empty();
         left = left.subspan(stored_request::slot_size)) {
        if (auto one = telemetry::decode(left, now)) {
            found.push_back(std::move(*one));
        } else {
            auto const slot = left.first(stored_request::slot_size);
            damaged += std::ranges::any_of(slot, [](char c) { return c != '\0'; }) ? 1 : 0;
        }
    }
    // Wherever they are: the file may have had another number of slots.
    std::ranges::sort(found, {}, &stored_request::sequence);
    auto const most = std::min(found.size(), request_slots());
    std::uint64_t last = 0;
    for (auto each = found.end() - static_cast<std::ptrdiff_t>(most); each != found.end(); ++each)
        if (each->sequence != std::exchange(last, each->sequence) &&
            !shared_.requests.add_again(each->told, std::move(each->earlier)))
            ++damaged;
    // A file that was edited could have fewer than there are rows.
    sequence_ = std::max(last, shared_.requests.newest());
    before_ = written_ = shared_.requests.newest();
    slots_ = all.size() / stored_request::slot_size;
    return damaged;
}

std::uint64_t recorder::read_history() {
    auto const all = history_.read(history::slots);
    std::uint64_t damaged = 0;
    for (std::size_t slot = 0; (slot + 1) * history::slot_size <= all.size(); ++slot)
        damaged += shared_.history.decode(
                       slot, std::span{all}.subspan(slot * history::slot_size, history::slot_size))
                       ? 0
                       : 1;
    history_.resize(history::slots);
    unwritten_.reset();
    return damaged;
}

// The code of the error, or 0. `more`: the event loop has its turn before the rest.
int recorder::write_requests(bool& more) {
    auto const& ring = shared_.requests;
    if (!requests_ || request_slots() == 0)
        return 0;
    if (slots_ != request_slots()) {
        // Each has another place, or there is none yet.
        slots_ = request_slots();
        requests_.resize(slots_);
        written_ = ring.oldest() - 1;
    }
    written_ = std::max(written_, ring.oldest() - 1);
    auto const last = std::min(ring.newest(), written_ + most_at_once);
    auto const now = this_moment();
    std::array<char, stored_request::slot_size> slot;
    while (written_ < last) {
        auto const sequence = sequence_ + written_ + 1 - before_;
        telemetry::encode(sequence, ring.at(written_ + 1), now, slot);
        if (auto const error = requests_.write(sequence % slots_, slot); error != 0)
            return error;
        ++written_;
    }
    more = written_ < ring.newest();
    return 0;
}

// The code of the error, or 0.
int recorder::write_history() {
    unwritten_ |= shared_.history.take_changed();
    if (!history_)
        return 0;
    std::array<char, history::slot_size> content;
    for (std::size_t slot = 0; unwritten_.any() && slot < history::slots; ++slot) {
        if (!unwritten_.test(slot))
            continue;
        shared_.history.encode(slot, content);
        if (auto const error = history_.write(slot, content); error != 0)
            return error;
        unwritten_.reset(slot);
    }
    return 0;
}

} // namespace secondwind::app
