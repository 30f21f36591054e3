#include "operation.hpp"

#include <secondwind/base/log.hpp>
#include <secondwind/lmstudio/sdk_parameter.hpp>

#include <algorithm>
#include <cstddef>
#include <random>

namespace secondwind::proxy {

using lmstudio::sdk_action;
using lmstudio::sdk_state;

namespace {

// Of a frame (RFC 6455 section 5.3): whoever wrote the message must not foresee it.
http::ws_mask fresh_mask() {
    std::random_device source;
    auto const bits = source();
    http::ws_mask mask{};
    for (std::size_t i = 0; i < mask.size(); ++i)
        mask[i] = static_cast<char>(bits >> 8 * i);
    return mask;
}

} // namespace

void append_frame_up(std::string& frames, std::string_view message) {
    http::append_text_frame(frames, message, fresh_mask());
}

operation::operation(operation_setting const& of, operation_key key,
                     lmstudio::sdk_endpoint endpoint)
    : setting_{of}, key_{key}, endpoint_{endpoint}, kept_{of.budget, of.most_kept},
      recovery_{of.host, *this, model_, of.kind} {}

bool operation::expect(std::uint64_t size) noexcept {
    whole_ = whole_ && kept_.expect(size) && kept_.affords(static_cast<std::size_t>(size));
    return whole_;
}

void operation::keep(std::string_view payload, http::ws_mask mask) {
    whole_ = whole_ && kept_.fits(payload.size()) && kept_.affords(payload.size());
    if (!whole_)
        return kept_.release();
    while (!payload.empty()) {
        auto const room = kept_.room(payload.size());
        auto const part = payload.substr(0, room.size());
        http::copy_unmasked(room.data(), part, mask);
        kept_.commit(part.size());
        payload.remove_prefix(part.size());
        std::rotate(mask.begin(), mask.begin() + static_cast<std::ptrdiff_t>(part.size() % 4),
                    mask.end());
    }
}

// A reference may not be known. It must not make every model busy, nor the one that it means a
// candidate: the host tells itself who is busy.
void operation::read_model() {
    model_ = lmstudio::requested_model::of_operation(kept_.view(), whole_);
    names_ = lmstudio::read_sdk_model(kept_.view());
    if (names_.reference.empty())
        return;
    auto const identifier = setting_.host.reloads.handles.identifier_of(names_.reference);
    model_ = lmstudio::requested_model::known(kept_.view(), true, identifier, false, 0);
}

bool operation::follow_handle() {
    successor_ = setting_.host.reloads.handles.successor_of(names_.reference);
    return !successor_.empty();
}

void operation::load_again(std::string_view model) {
    reloads_ = true;
    model_ = lmstudio::requested_model::known(kept_.view(), true, model, false, 0);
    recovery_.renamed();
}

void operation::begin() {
    held_.clear();
    handles_then_ = setting_.host.reloads.handles.changes();
    recovery_.sent();
    recovery_.arrived();
}

std::string operation::frames_up() {
    std::string frames;
    std::string changed;
    if (!successor_.empty())
        changed = lmstudio::with_reference(kept_.view(), successor_);
    append_frame_up(frames, changed.empty() ? kept_.view() : changed);
    frames += std::exchange(behind_, {});
    return frames;
}

sdk_action operation::take(lmstudio::sdk_event event) noexcept {
    auto const [action, next] = lmstudio::next_of(state_, event);
    repeats_ = repeats_ || (state_ == sdk_state::held && action == sdk_action::send);
    state_ = next;
    return action;
}

void operation::keep_behind(std::string_view message) {
    append_frame_up(behind_, message);
}

bool operation::shows(lmstudio::sdk_packet packet, std::string_view beginning) noexcept {
    if (repeats_ && had_.repeats(packet, beginning))
        return false;
    had_.delivered(packet, beginning);
    return true;
}

void operation::commit() {
    static_cast<void>(recovery_.decide({policy::verdict::healthy, {}}));
    auto const named = model_.name();
    model_ = lmstudio::requested_model::known({}, false, named, model_.unnamed(), 0);
    kept_.release();
}

std::string const& operation::name() const {
    if (name_.empty())
        name_ = std::string{setting_.tunnel_id} + '/' + std::to_string(key_.id);
    return name_;
}

telemetry::live_operation operation::look() const {
    using telemetry::phase;
    std::chrono::duration<double> const age = std::chrono::steady_clock::now() - began_;
    auto const now = state_ == sdk_state::sent        ? phase::waiting
                     : state_ == sdk_state::committed ? phase::relaying
                                                      : phase::recovering;
    return {key_.id, endpoint(), model_.name(), now, age.count()};
}

void operation::write(telemetry::operation_end result) {
    bool const met = recovery_.met_recovery();
    auto const level = met || observed_ ? log::level::info : log::level::debug;
    if (!log::enabled(level))
        return;
    std::chrono::duration<double, std::milli> const took =
        std::chrono::steady_clock::now() - began_;
    log::write(level, "operation",
               {{"request_id", name()},
                {"host", setting_.host.name},
                {"path", setting_.path},
                {"endpoint", endpoint()},
                {"model", model_.name()},
                {"verdict", policy::to_string(verdict_)},
                {"recovery", met         ? recovery::to_string(recovery_.outcome())
                             : observed_ ? recovery::to_string(recovery::outcome::observed)
                                         : ""},
                {"duration_ms", took.count()},
                {"ended", telemetry::to_string(result)}});
}

operation* operation_table::find(operation_key key) noexcept {
    auto const found = all_.find(key);
    return found == all_.end() ? nullptr : &*found;
}

operation* operation_table::add(operation_setting const& of, operation_key key,
                                lmstudio::sdk_endpoint endpoint) {
    if (size_ == most || find(key) != nullptr)
        return nullptr;
    auto* const one = new operation{of, key, endpoint};
    all_.insert(*one);
    ++size_;
    return one;
}

std::vector<telemetry::live_operation> operation_table::look() const {
    constexpr std::size_t shown = 20;
    std::vector<telemetry::live_operation> first_ones;
    for (auto const& each : all_) {
        if (first_ones.size() == shown)
            break;
        first_ones.push_back(each.look());
    }
    return first_ones;
}

void operation_table::clear() noexcept {
    while (!empty())
        erase(first());
}

} // namespace secondwind::proxy
