#include "ws_port.hpp"
#include "ws_documents.hpp"
#include "ws_load.hpp"
#include "ws_parameters.hpp"
#include "ws_predict.hpp"

#include <boost/asio/co_spawn.hpp>
#include <spdlog/fmt/fmt.h>

#include <utility>
#include <variant>

#include <unistd.h>

namespace secondwind::emulator {

namespace {

constexpr int most_warnings = 5;

// /api/v1 came with 0.4.0.
std::string_view version(options const& how) {
    return how.rest_v1 ? "0.4.5" : "0.3.30";
}

json version_result(options const& how) {
    json result;
    result["version"] = version(how);
    result["build"] = 1;
    return result;
}

json info_result(options const& how) {
    json result;
    result["pid"] = ::getpid();
    result["isDaemon"] = true;
    result["version"] = version(how);
    return result;
}

json downloaded(store const& models) {
    auto list = json::array();
    for (auto const& m : models.models())
        list.push_back(ws_model_info(m));
    return list;
}

// The script speaks HTTP: what counts of its body is the error in it.
std::string text_of(std::string const& body) {
    auto const document = json::parse(body, nullptr, false);
    if (!document.is_object() || !document.contains("error"))
        return body;
    auto const& error = document["error"];
    if (error.is_string())
        return error.get<std::string>();
    if (error.is_object() && error.contains("message") && error["message"].is_string())
        return error["message"].get<std::string>();
    return body;
}

} // namespace

ws_port::ws_port(std::shared_ptr<machine> m, std::shared_ptr<ws_peer> to, ws_namespace in)
    : m_{std::move(m)}, to_{std::move(to)}, in_{in} {}

void ws_port::receive(std::string_view text) {
    auto message = parse_ws_message(text);
    if (message)
        std::visit([this](auto& one) { take(std::move(one)); }, *message);
}

void ws_port::disconnected() {
    for (auto const& [id, channel] : channels_)
        channel->client()->gone = true;
    m_->notify();
}

void ws_port::take(ws_rpc_call call) {
    auto const endpoint = find_ws_rpc(in_, call.endpoint);
    bool const is_too_new =
        endpoint == ws_rpc::get_instance_processing_state && !m_->how.tells_activity;
    if (!endpoint || is_too_new)
        warn("Received rpcCall for unknown endpoint, endpoint = " + call.endpoint);
    else if (!answer(*endpoint, call))
        warn("Received invalid parameter for rpcCall, endpointName = " + call.endpoint);
}

void ws_port::take(ws_channel_create create) {
    auto const kind = find_ws_channel(in_, create.endpoint);
    if (!kind)
        return warn("Received channelCreate for unknown endpoint, endpoint = " + create.endpoint);
    if (channels_.contains(create.id))
        return warn(fmt::format("Received channelCreate for already open channel, channelId = {}",
                                create.id));
    auto channel = std::make_shared<ws_channel>(create.id, to_);
    auto work = serve(*kind, create.parameter.value_or(json{}), channel);
    if (!work)
        return warn("Received invalid creationParameter for channel, endpointName = " +
                    create.endpoint);
    channels_[create.id] = std::move(channel);
    asio::co_spawn(to_->executor(), run(shared_from_this(), create.id, std::move(*work)), rethrow);
}

void ws_port::take(ws_channel_send sent) {
    auto const at = channels_.find(sent.id);
    if (at == channels_.end())
        return warn(
            fmt::format("Received channelSend for unknown channel, channelId = {}", sent.id));
    if (!is_ws_cancel(sent.packet))
        return warn(fmt::format("Received invalid message for channel, channelId = {}", sent.id));
    at->second->client()->gone = true;
    m_->notify();
}

// The emulator asks for none, so none can be expected.
void ws_port::take(ws_channel_ack ack) {
    if (!channels_.contains(ack.id))
        warn(fmt::format("Received channelAck for unknown channel, channelId = {}", ack.id));
}

void ws_port::take(ws_subscribe subscribe) {
    warn(fmt::format("Received {} for unknown endpoint, endpoint = {}", subscribe.type,
                     subscribe.endpoint));
}

void ws_port::take(ws_keep_alive) {
    to_->send(ws_keep_alive_ack());
}

bool ws_port::answer(ws_rpc endpoint, ws_rpc_call const& call) {
    switch (endpoint) {
    case ws_rpc::list_loaded:
        return answer_list_loaded(call);
    case ws_rpc::unload_model:
        return answer_unload(call);
    case ws_rpc::get_model_info:
        return answer_info(call);
    case ws_rpc::get_load_config:
        return answer_load_config(call);
    case ws_rpc::get_instance_processing_state:
        return answer_processing_state(call);
    case ws_rpc::version:
        return answer_void(call, version_result(m_->how));
    case ws_rpc::info:
        return answer_void(call, info_result(m_->how));
    case ws_rpc::list_downloaded_models:
        break;
    }
    return answer_void(call, downloaded(m_->models));
}

// A parameter of null or {} is one too many.
bool ws_port::answer_void(ws_rpc_call const& call, json const& result) {
    if (call.parameter)
        return false;
    to_->send(ws_rpc_result(call.id, result));
    return true;
}

bool ws_port::answer_list_loaded(ws_rpc_call const& call) {
    auto list = json::array();
    for (auto const& i : m_->models.instances())
        if (i.type == models_of(in_) && i.state == instance_state::loaded)
            list.push_back(describe(i));
    return answer_void(call, list);
}

bool ws_port::answer_unload(ws_rpc_call const& call) {
    auto identifier = parse_ws_unload(call.parameter.value_or(json{}));
    if (!identifier)
        return false;
    asio::co_spawn(to_->executor(), unload(shared_from_this(), call.id, std::move(*identifier)),
                   rethrow);
    return true;
}

bool ws_port::answer_info(ws_rpc_call const& call) {
    auto const lookup = parse_ws_lookup(call.parameter.value_or(json{}));
    if (!lookup)
        return false;
    auto const* found = find_specified(m_->models, lookup->of, models_of(in_));
    if (found != nullptr)
        to_->send(ws_rpc_result(call.id, describe(*found)));
    else if (lookup->throws)
        to_->send(ws_rpc_error(call.id, ws_not_loaded(m_->models, lookup->of, models_of(in_))));
    else
        to_->send(ws_rpc_result(call.id, std::nullopt));
    return true;
}

bool ws_port::answer_load_config(ws_rpc_call const& call) {
    auto const specifier = parse_ws_specified(call.parameter.value_or(json{}));
    if (!specifier)
        return false;
    auto const* found = find_specified(m_->models, *specifier, models_of(in_));
    if (found != nullptr)
        to_->send(ws_rpc_result(call.id, ws_load_config(*found)));
    else
        to_->send(ws_rpc_error(call.id, ws_not_loaded(m_->models, *specifier, models_of(in_))));
    return true;
}

// Its result is no optional one: what is not found is an error, whatever `throwIfNotFound` says.
bool ws_port::answer_processing_state(ws_rpc_call const& call) {
    auto const lookup = parse_ws_lookup(call.parameter.value_or(json{}));
    if (!lookup)
        return false;
    auto const* found = find_specified(m_->models, lookup->of, models_of(in_));
    if (found != nullptr)
        to_->send(ws_rpc_result(call.id, ws_processing_state(*found, m_->used[found->serial])));
    else
        to_->send(ws_rpc_error(call.id, ws_not_loaded(m_->models, lookup->of, models_of(in_))));
    return true;
}

std::optional<asio::awaitable<void>> ws_port::serve(ws_channel_kind kind, json const& parameter,
                                                    std::shared_ptr<ws_channel> channel) {
    if (kind == ws_channel_kind::predict) {
        auto what = parse_ws_predict(parameter);
        if (!what)
            return std::nullopt;
        return serve_ws_predict(m_, std::move(channel), std::move(*what));
    }
    bool const by_hand = kind == ws_channel_kind::load_model;
    auto what = by_hand ? parse_ws_load_model(parameter) : parse_ws_get_or_load(parameter);
    if (!what)
        return std::nullopt;
    if (by_hand)
        return serve_ws_load(m_, std::move(channel), models_of(in_), std::move(*what));
    return serve_ws_get_or_load(m_, std::move(channel), models_of(in_), std::move(*what));
}

// A client that leaves does not take its unload back.
asio::awaitable<void> ws_port::unload(std::shared_ptr<ws_port> self, std::int64_t call,
                                      std::string identifier) {
    auto& m = *self->m_;
    auto released = [&m] { return !m.told.unloads_held() || m.stopping; };
    co_await m.changed.until(released);
    auto const type = models_of(self->in_);
    auto const* target = m.models.find_instance(identifier);
    if (target == nullptr || target->type != type || target->state != instance_state::loaded) {
        ws_specifier which;
        which.query["identifier"] = identifier;
        self->to_->send(ws_rpc_error(call, ws_not_loaded(m.models, which, type)));
        co_return;
    }
    if (auto const failure = m.told.take_unload_failure()) {
        self->to_->send(ws_rpc_error(call, ws_error(text_of(failure->second))));
        co_return;
    }
    m.unload(identifier);
    self->to_->send(ws_rpc_result(call, std::nullopt));
}

asio::awaitable<void> ws_port::run(std::shared_ptr<ws_port> self, std::int64_t channel,
                                   asio::awaitable<void> work) {
    co_await std::move(work);
    self->channels_.erase(channel);
}

void ws_port::warn(std::string_view text) {
    if (warnings_ >= most_warnings)
        return;
    ++warnings_;
    to_->send(ws_warning(text));
}

json ws_port::describe(instance const& i) const {
    auto const use = m_->used.find(i.serial);
    auto info = ws_instance_info(*m_->models.find_model(i.key), i,
                                 use == m_->used.end() ? usage{} : use->second);
    if (!m_->how.tells_activity) {
        info.erase("ttlMs");
        info.erase("lastUsedTime");
    }
    return info;
}

} // namespace secondwind::emulator
