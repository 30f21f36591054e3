// What a watched tunnel makes of the messages of both sides.
#include "watched_tunnel.hpp"

#include <secondwind/lmstudio/sdk_admission.hpp>

#include <cstdint>
#include <utility>

namespace secondwind::proxy {

using lmstudio::sdk_action;
using lmstudio::sdk_endpoint;
using lmstudio::sdk_event;
using lmstudio::sdk_message;
using lmstudio::sdk_state;
using telemetry::blindness;
using telemetry::operation_end;

namespace {

// Of messages about handles.
constexpr std::uint64_t longest_read = 64 * 1024;

bool is_of_call(sdk_message type) noexcept {
    return type == sdk_message::rpc_call || type == sdk_message::rpc_result ||
           type == sdk_message::rpc_error;
}

} // namespace

message_course watched_tunnel::upward::begin(std::string_view beginning) {
    if (tunnel_.unwanted())
        tunnel_.lose({});
    if (tunnel_.blind_)
        return message_course::pass;
    if (std::exchange(admission_, false)) {
        auto const credentials = lmstudio::read_admission(beginning);
        if (!credentials)
            tunnel_.lose(blindness::admission);
        else
            tunnel_.authorization_ = lmstudio::authorization_of(*credentials);
        return message_course::pass;
    }
    auto const message = lmstudio::read_sdk_prefix(beginning);
    if (!message.id)
        return message_course::pass;
    if (lmstudio::uses_model(message.endpoint))
        return begin_operation(message, beginning.size());
    if (message.endpoint != sdk_endpoint::other)
        return begin_call(message.endpoint, beginning.size());
    auto* const one = message.type == sdk_message::channel_send
                          ? tunnel_.operations_.find({false, *message.id})
                          : nullptr;
    return one == nullptr ? message_course::pass : follow(*one);
}

message_course watched_tunnel::upward::begin_operation(lmstudio::sdk_prefix const& message,
                                                       std::size_t size) {
    opening_ = tunnel_.operations_.add(tunnel_.setting_, {is_of_call(message.type), *message.id},
                                       message.endpoint);
    if (opening_ == nullptr)
        return message_course::pass;
    ++tunnel_.record_.tunnel->operations;
    auto const left = tunnel_.up_.message_left();
    bool const fits = left && opening_->expect(size + *left);
    bool const may_change =
        !lmstudio::loads(message.endpoint) && tunnel_.handles().has_successors();
    // What cannot be kept is sent at once: in this protocol nobody can be told to come again.
    return fits && tunnel_.acts() && (may_change || opening_->may_wait())
               ? message_course::hold
               : message_course::pass_read;
}

message_course watched_tunnel::upward::begin_call(sdk_endpoint endpoint, std::size_t size) {
    auto const left = tunnel_.up_.message_left();
    if (!left || size + *left > longest_read)
        return message_course::pass;
    bool const unloads = endpoint == sdk_endpoint::unload_model;
    if (!unloads && !(tunnel_.acts() && tunnel_.handles().has_successors()))
        return message_course::pass;
    call_ = endpoint;
    return unloads ? message_course::pass_read : message_course::hold;
}

// Whether the message of the call passes as it came.
bool watched_tunnel::upward::end_call(sdk_endpoint endpoint, std::string const& message) {
    if (endpoint == sdk_endpoint::unload_model) {
        tunnel_.handles().forget(lmstudio::read_unloaded(message));
        return true;
    }
    auto const names = lmstudio::read_sdk_model(message);
    auto const successor = tunnel_.handles().successor_of(names.reference);
    auto const changed =
        successor.empty() ? std::string{} : lmstudio::with_reference(message, successor);
    if (changed.empty())
        return true;
    std::string frame;
    append_frame_up(frame, changed);
    tunnel_.up_.add(frame);
    return false;
}

// Another message of the client for it.
message_course watched_tunnel::upward::follow(operation& one) {
    one.touch();
    switch (one.take(sdk_event::client_message)) {
    case sdk_action::keep_behind:
        waiting_ = &one;
        return message_course::read;
    case sdk_action::release_and_drop:
        tunnel_.release(one);
        return message_course::drop;
    default:
        return message_course::pass;
    }
}

void watched_tunnel::upward::read(std::string_view payload, http::ws_mask mask) {
    if (opening_ != nullptr)
        opening_->keep(payload, mask);
    else if (waiting_ != nullptr || call_ != sdk_endpoint::other)
        http::append_unmasked(text_, payload, mask);
}

bool watched_tunnel::upward::end() {
    auto* const waiting = std::exchange(waiting_, nullptr);
    auto* const opening = std::exchange(opening_, nullptr);
    auto const call = std::exchange(call_, sdk_endpoint::other);
    auto const text = std::exchange(text_, {});
    if (waiting != nullptr)
        waiting->keep_behind(text);
    if (call != sdk_endpoint::other)
        return end_call(call, text);
    if (opening == nullptr)
        return true;
    opening->read_model();
    bool const held = !tunnel_.up_.held_message().empty();
    if (!held || !opening->replayable() || !opening->must_wait()) {
        bool const changes = held && opening->follow_handle();
        if (changes)
            tunnel_.up_.add(opening->frames_up());
        opening->begin();
        return !changes;
    }
    opening->wait();
    opening->awaited = true;
    ++tunnel_.awaiting_;
    net::spawn(tunnel_.await_admission(*opening));
    return false;
}

void watched_tunnel::upward::forget(operation const& one) noexcept {
    if (opening_ == &one)
        opening_ = nullptr;
    if (waiting_ == &one)
        waiting_ = nullptr;
}

void watched_tunnel::downward::forget(operation const& one) noexcept {
    if (failing_ == &one)
        failing_ = nullptr;
}

message_course watched_tunnel::downward::begin(std::string_view beginning) {
    if (tunnel_.unwanted())
        tunnel_.lose({});
    if (tunnel_.blind_)
        return message_course::pass;
    if (std::exchange(admission_, false)) {
        if (lmstudio::parse_admission(beginning) != lmstudio::admission::admitted)
            tunnel_.lose(blindness::admission);
        return message_course::pass;
    }
    auto const message = lmstudio::read_sdk_prefix(beginning);
    auto* const one =
        message.id ? tunnel_.operations_.find({is_of_call(message.type), *message.id}) : nullptr;
    if (one == nullptr || one->state() == sdk_state::waiting)
        return message_course::pass;
    if (one->state() == sdk_state::held) {
        tunnel_.release(*one);
        return message_course::pass;
    }
    switch (message.type) {
    case sdk_message::channel_send:
        if (lmstudio::is_opening(one->opens(), message.packet) && one->state() == sdk_state::sent)
            return one->shows(message.packet, beginning) ? message_course::pass
                                                         : message_course::drop;
        if (one->state() == sdk_state::sent)
            one->commit();
        static_cast<void>(one->take(sdk_event::telling));
        return begin_telling(one->opens());
    case sdk_message::rpc_result:
        one->commit();
        [[fallthrough]];
    case sdk_message::channel_close:
        static_cast<void>(one->take(sdk_event::result));
        tunnel_.finish(*one, operation_end::complete);
        break;
    case sdk_message::channel_error:
    case sdk_message::rpc_error:
        return begin_error(*one, beginning.size());
    default:
        break;
    }
    return message_course::pass;
}

// That of a load has the reference of the instance.
message_course watched_tunnel::downward::begin_telling(lmstudio::sdk_endpoint endpoint) {
    auto const left = tunnel_.down_.message_left();
    loaded_ = lmstudio::loads(endpoint) && left && *left <= longest_read;
    text_.clear();
    return loaded_ ? message_course::pass_read : message_course::pass;
}

// It is read whole, and held meanwhile where it may be cured.
message_course watched_tunnel::downward::begin_error(operation& one, std::size_t size) {
    auto const left = tunnel_.down_.message_left();
    if (!left || size + *left > tunnel_.request_.settings->limits.error_body) {
        tunnel_.finish(one, operation_end::error);
        return message_course::pass;
    }
    failing_ = &one;
    text_.clear();
    bool const holds = one.state() == sdk_state::sent && one.replayable() && tunnel_.acts();
    return holds ? message_course::hold : message_course::pass_read;
}

void watched_tunnel::downward::read(std::string_view payload, http::ws_mask mask) {
    http::append_unmasked(text_, payload, mask);
}

bool watched_tunnel::downward::end() {
    auto* const one = std::exchange(failing_, nullptr);
    auto const text = std::exchange(text_, {});
    if (std::exchange(loaded_, false))
        tunnel_.learn_reference(text);
    return one == nullptr || tunnel_.passes_error(*one, text);
}

} // namespace secondwind::proxy
