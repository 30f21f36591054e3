#include "ws_port.hpp"
#include "model_documents.hpp"

#include <boost/asio/co_spawn.hpp>
#include <spdlog/fmt/fmt.h>

#include <utility>
#include <variant>

#include <unistd.h>

namespace secondwind::emulator {

namespace {

constexpr int most_warnings = 5;

// /api/v1 came with 0.4.0.
std::string_view version(options const& options) {
    return options.rest_v1 ? "0.4.5" : "0.3.30";
}

json version_result(options const& options) {
    json result;
    result["version"] = version(options);
    result["build"] = 1;
    return result;
}

json info_result(options const& options) {
    json result;
    result["pid"] = ::getpid();
    result["isDaemon"] = true;
    result["version"] = version(options);
    return result;
}

json downloaded(store const& models) {
    auto list = json::array();
    for (auto const& m : models.models())
        list.push_back(ws_model_info(m));
    return list;
}

// The error in the body of a scripted HTTP answer.
std::string error_in(std::string const& body) {
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

ws_port::ws_port(std::shared_ptr<emulated_host> host, std::shared_ptr<ws_connection> connection,
                 ws_namespace space)
    : host_{std::move(host)}, connection_{std::move(connection)}, namespace_{space} {}

void ws_port::receive(std::string_view text) {
    auto message = parse_ws_message(text);
    if (message)
        std::visit([this](auto& one) { take(std::move(one)); }, *message);
}

void ws_port::disconnected() {
    for (auto const& [id, channel] : channels_)
        channel->client()->gone = true;
    host_->notify();
}

void ws_port::take(ws_rpc_call call) {
    auto const endpoint = find_ws_rpc(namespace_, call.endpoint);
    bool const is_too_new =
        (endpoint == ws_rpc::get_instance_processing_state && !host_->options.reports_activity) ||
        (endpoint == ws_rpc::estimate_model_usage && !host_->options.estimates);
    if (!endpoint || is_too_new)
        warn("Received rpcCall for unknown endpoint, endpoint = " + call.endpoint);
    else if (!answer(*endpoint, call))
        warn("Received invalid parameter for rpcCall, endpointName = " + call.endpoint);
}

void ws_port::take(ws_channel_create create) {
    auto const kind = find_ws_channel(namespace_, create.endpoint);
    if (!kind)
        return warn("Received channelCreate for unknown endpoint, endpoint = " + create.endpoint);
    if (channels_.contains(create.id))
        return warn(fmt::format("Received channelCreate for already open channel, channelId = {}",
                                create.id));
    auto channel = std::make_shared<ws_channel>(create.id, connection_);
    auto work = serve(*kind, create.parameter.value_or(json{}), channel);
    if (!work)
        return warn("Received invalid creationParameter for channel, endpointName = " +
                    create.endpoint);
    channels_[create.id] = std::move(channel);
    asio::co_spawn(connection_->executor(), run(shared_from_this(), create.id, std::move(*work)),
                   rethrow);
}

void ws_port::take(ws_channel_send sent) {
    auto const at = channels_.find(sent.id);
    if (at == channels_.end())
        return warn(
            fmt::format("Received channelSend for unknown channel, channelId = {}", sent.id));
    if (!is_ws_cancel(sent.packet))
        return warn(fmt::format("Received invalid message for channel, channelId = {}", sent.id));
    at->second->client()->gone = true;
    host_->notify();
}

// The emulator never asks for an acknowledgement, so it expects none.
void ws_port::take(ws_channel_ack ack) {
    if (!channels_.contains(ack.id))
        warn(fmt::format("Received channelAck for unknown channel, channelId = {}", ack.id));
}

void ws_port::take(ws_subscribe subscribe) {
    warn(fmt::format("Received {} for unknown endpoint, endpoint = {}", subscribe.type,
                     subscribe.endpoint));
}

void ws_port::take(ws_keep_alive) {
    connection_->send(ws_keep_alive_ack());
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
    case ws_rpc::estimate_model_usage:
        return answer_estimate(call);
    case ws_rpc::version:
        return answer_without_parameter(call, version_result(host_->options));
    case ws_rpc::info:
        return answer_without_parameter(call, info_result(host_->options));
    case ws_rpc::list_downloaded_models:
        break;
    }
    return answer_without_parameter(call, downloaded(host_->models));
}

// Even null or {} is a parameter, which these endpoints refuse.
bool ws_port::answer_without_parameter(ws_rpc_call const& call, json const& result) {
    if (call.parameter)
        return false;
    reply(call.id, result);
    return true;
}

bool ws_port::answer_list_loaded(ws_rpc_call const& call) {
    auto list = json::array();
    for (auto const& i : host_->models.instances())
        if (i.type == models_of(namespace_) && i.state == instance_state::loaded)
            list.push_back(describe(i));
    return answer_without_parameter(call, list);
}

bool ws_port::answer_unload(ws_rpc_call const& call) {
    auto identifier = parse_ws_unload(call.parameter.value_or(json{}));
    if (!identifier)
        return false;
    asio::co_spawn(connection_->executor(),
                   unload(shared_from_this(), call.id, std::move(*identifier)), rethrow);
    return true;
}

bool ws_port::answer_info(ws_rpc_call const& call) {
    auto const lookup = parse_ws_lookup(call.parameter.value_or(json{}));
    if (!lookup)
        return false;
    if (auto const* found = find(lookup->specifier); found != nullptr)
        reply(call.id, describe(*found));
    else if (lookup->throws)
        reply_not_loaded(call.id, lookup->specifier);
    else
        reply(call.id, std::nullopt);
    return true;
}

bool ws_port::answer_load_config(ws_rpc_call const& call) {
    auto const specifier = parse_ws_specified(call.parameter.value_or(json{}));
    if (!specifier)
        return false;
    if (auto const* found = find(*specifier); found != nullptr)
        reply(call.id, ws_load_config(*found));
    else
        reply_not_loaded(call.id, *specifier);
    return true;
}

// The result is not optional: an instance that is not found is an error, even without
// `throwIfNotFound`.
bool ws_port::answer_processing_state(ws_rpc_call const& call) {
    auto const lookup = parse_ws_lookup(call.parameter.value_or(json{}));
    if (!lookup)
        return false;
    if (auto const* found = find(lookup->specifier); found != nullptr)
        reply(call.id, ws_processing_state(*found, host_->usage_of(*found)));
    else
        reply_not_loaded(call.id, lookup->specifier);
    return true;
}

// Nothing is loaded, the faults of the model do not show, and the host fits no context.
bool ws_port::answer_estimate(ws_rpc_call const& call) {
    auto const load = parse_ws_estimate(call.parameter.value_or(json{}));
    if (!load)
        return false;
    auto const type = models_of(namespace_);
    auto const* known = host_->models.find_model(load->key);
    if (known == nullptr || known->type != type) {
        answer_with(ws_rpc_error(call.id, ws_not_loadable(host_->models, load->key, type)));
        return true;
    }
    auto const usual = known->profile ? known->profile->default_context : usual_context;
    auto const context = load->context_length.value_or(usual);
    bool const passes =
        !host_->options.guardrail || host_->models.has_room(estimated_bytes(*known, context));
    reply(call.id, ws_estimate(*known, context, passes));
    return true;
}

std::optional<asio::awaitable<void>> ws_port::serve(ws_channel_kind kind, json const& parameter,
                                                    std::shared_ptr<ws_channel> channel) {
    if (kind == ws_channel_kind::predict) {
        auto prediction = parse_ws_predict(parameter);
        if (!prediction)
            return std::nullopt;
        return serve_ws_predict(host_, std::move(channel), std::move(*prediction));
    }
    bool const by_hand = kind == ws_channel_kind::load_model;
    auto load = by_hand ? parse_ws_load_model(parameter) : parse_ws_get_or_load(parameter);
    if (!load)
        return std::nullopt;
    if (by_hand)
        return serve_ws_load(host_, std::move(channel), models_of(namespace_), std::move(*load));
    return serve_ws_get_or_load(host_, std::move(channel), models_of(namespace_), std::move(*load));
}

// The unload happens even if its client leaves.
asio::awaitable<void> ws_port::unload(std::shared_ptr<ws_port> self, std::int64_t call,
                                      std::string identifier) {
    auto& host = *self->host_;
    auto released = [&host] { return !host.script.unloads_held() || host.stopping; };
    co_await host.changed.until(released);
    auto const* target = host.models.find_instance(identifier);
    if (target == nullptr || target->type != models_of(self->namespace_) ||
        target->state != instance_state::loaded) {
        ws_specifier specifier;
        specifier.query["identifier"] = identifier;
        self->reply_not_loaded(call, specifier);
        co_return;
    }
    if (auto const failure = host.script.take_unload_failure(identifier)) {
        self->answer_with(ws_rpc_error(call, ws_error(error_in(failure->second))));
        co_return;
    }
    if (host.unload_for_client(instance{*target})) {
        self->reply(call, std::nullopt);
        co_return;
    }
    ws_specifier specifier;
    specifier.query["identifier"] = identifier;
    self->reply_not_loaded(call, specifier);
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
    connection_->send(ws_warning(text));
}

void ws_port::reply(std::int64_t call, std::optional<json> const& result) {
    answer_with(ws_rpc_result(call, result));
}

void ws_port::reply_not_loaded(std::int64_t call, ws_specifier const& specifier) {
    answer_with(ws_rpc_error(call, ws_not_loaded(host_->models, specifier, models_of(namespace_))));
}

void ws_port::answer_with(std::string message) {
    auto const path = path_of(namespace_);
    auto const delay = host_->script.take_delay(path);
    if (delay.count() == 0 && !host_->script.calls_held(path))
        return connection_->send(std::move(message));
    asio::co_spawn(connection_->executor(),
                   answer_later(shared_from_this(), std::move(message), delay), rethrow);
}

asio::awaitable<void> ws_port::answer_later(std::shared_ptr<ws_port> self, std::string message,
                                            std::chrono::milliseconds delay) {
    auto& host = *self->host_;
    auto over = [&host, p = self.get()] { return host.stopping || p->connection_->gone(); };
    co_await host.changed.until(over, signal::clock::now() + delay);
    auto released = [&host, over, path = path_of(self->namespace_)] {
        return over() || !host.script.calls_held(path);
    };
    co_await host.changed.until(released);
    self->connection_->send(std::move(message));
}

instance const* ws_port::find(ws_specifier const& specifier) const {
    return find_specified(host_->models, specifier, models_of(namespace_));
}

json ws_port::describe(instance const& i) const {
    auto info = ws_instance_info(*host_->models.find_model(i.key), i, host_->usage_of(i));
    if (!host_->options.reports_activity) {
        info.erase("ttlMs");
        info.erase("lastUsedTime");
    }
    return info;
}

} // namespace secondwind::emulator
