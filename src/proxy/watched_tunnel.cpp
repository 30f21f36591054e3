#include "watched_tunnel.hpp"

#include "tunnel_pump.hpp"
#include <secondwind/lmstudio/sdk_admission.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace secondwind::proxy {

using lmstudio::sdk_message;
using telemetry::blindness;
using telemetry::operation_end;

namespace {

constexpr std::string_view llm_path = "/llm";
constexpr std::string_view embedding_path = "/embedding";

bool watches(config::recovery const& settings) noexcept {
    return settings.websocket != config::websocket_mode::off &&
           settings.mode != config::recovery_mode::off;
}

bool is_of_call(sdk_message type) noexcept {
    return type == sdk_message::rpc_call || type == sdk_message::rpc_result ||
           type == sdk_message::rpc_error;
}

} // namespace

bool may_watch(request const& request) {
    return watches(request.settings->recovery) &&
           (request.path() == llm_path || request.path() == embedding_path);
}

watched_tunnel::watched_tunnel(context& shared, client& c, request const& request,
                               host::connection& host, access_record& record)
    : shared_{shared}, client_{c}, request_{request}, host_{host}, record_{record},
      setting_{request.host->recovery,
               shared.budget,
               request.settings->limits.replay_buffer,
               request.id,
               request.path(),
               authorization_,
               request.path() == embedding_path ? lmstudio::model_kind::embedding
                                                : lmstudio::model_kind::llm},
      up_reader_{*this}, down_reader_{*this}, up_{http::ws_sender::client, up_reader_},
      down_{http::ws_sender::server, down_reader_} {
    record_.tunnel = std::make_unique<tunnel_figures>();
    record_.tunnel->watched = true;
    ++shared_.traffic.tunnels_watched;
}

watched_tunnel::~watched_tunnel() {
    shared_.traffic.tunnels_watched -= !blind_;
}

net::task<void> watched_tunnel::run(std::string first, std::string after) {
    auto const stall = request_.settings->timeouts.write_stall;
    record_.first_byte = access_record::clock::now();
    record_.bytes_out = first.size() + after.size();
    first += down_.take(after);
    client_write writing{client_, stall, first};
    auto const ec = co_await writing;
    if (ec) {
        record_.ending = ending::client_gone;
        co_return;
    }
    // What the client sent along with its handshake.
    auto const early = std::move(client_.unread());
    record_.bytes_in += early.size();
    std::string const upward_bytes{up_.take(early)};
    net::write_all forwarding{host_.socket, client_.slot(), stall, upward_bytes};
    auto const early_ec = co_await forwarding;
    if (early_ec)
        record_.ending = ending::cut;
    else
        co_await pump_both(shared_, client_, host_, record_, up_, down_);
    while (!operations_.empty())
        finish(operations_.first(), operation_end::cut);
}

bool watched_tunnel::unwanted() const {
    return !watches(shared_.settings->recovery);
}

void watched_tunnel::lose(std::optional<blindness> reason) {
    if (std::exchange(blind_, true))
        return;
    --shared_.traffic.tunnels_watched;
    record_.tunnel->watched = false;
    if (reason)
        shared_.traffic.blinded(*reason);
    while (!operations_.empty())
        finish(operations_.first(), operation_end::cut);
    up_.go_blind();
    down_.go_blind();
}

void watched_tunnel::finish(operation& one, operation_end result) {
    shared_.traffic.operation_ended(static_cast<std::size_t>(one.endpoint()) - 1, result);
    up_reader_.forget(one);
    operations_.erase(one);
}

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
    if (message.endpoint == lmstudio::sdk_endpoint::other || !message.id)
        return message_course::pass;
    opening_ = tunnel_.operations_.add(tunnel_.setting_, {is_of_call(message.type), *message.id},
                                       message.endpoint);
    if (opening_ == nullptr)
        return message_course::pass;
    ++tunnel_.record_.tunnel->operations;
    if (auto const left = tunnel_.up_.message_left())
        opening_->expect(beginning.size() + *left);
    return message_course::pass_read;
}

void watched_tunnel::upward::read(std::string_view payload, http::ws_mask mask) {
    if (opening_ != nullptr)
        opening_->keep(payload, mask);
}

bool watched_tunnel::upward::end() {
    if (auto* const one = std::exchange(opening_, nullptr))
        one->begin();
    return true;
}

void watched_tunnel::upward::forget(operation const& one) noexcept {
    if (opening_ == &one)
        opening_ = nullptr;
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
    if (one == nullptr)
        return message_course::pass;
    switch (message.type) {
    case sdk_message::channel_send:
        if (!lmstudio::is_opening(one->endpoint(), message.packet))
            one->commit();
        break;
    case sdk_message::rpc_result:
        one->commit();
        [[fallthrough]];
    case sdk_message::channel_close:
        tunnel_.finish(*one, operation_end::complete);
        break;
    case sdk_message::channel_error:
    case sdk_message::rpc_error:
        tunnel_.finish(*one, operation_end::error);
        break;
    default:
        break;
    }
    return message_course::pass;
}

} // namespace secondwind::proxy
