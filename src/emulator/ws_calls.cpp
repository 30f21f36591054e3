#include "ws_calls.hpp"
#include "ws_predict.hpp"

#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace secondwind::emulator {

namespace {

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
    result["pid"] = 1234; // the machine is not this one
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

json no_fields_of(instance const&) {
    json config;
    config["fields"] = json::array();
    return config;
}

} // namespace

ws_calls::ws_calls(std::shared_ptr<emulated_host> host, std::shared_ptr<ws_connection> connection,
                   ws_namespace space)
    : host_{std::move(host)}, connection_{std::move(connection)}, namespace_{space} {}

bool ws_calls::knows(ws_rpc endpoint) const noexcept {
    if (endpoint == ws_rpc::get_instance_processing_state)
        return host_->options.reports_activity;
    return endpoint != ws_rpc::estimate_model_usage || host_->options.estimates;
}

bool ws_calls::answer(ws_rpc endpoint, ws_rpc_call const& call) {
    if (auto const failure = host_->script.take_operation_failure(call.endpoint)) {
        fail(call.id, error_of(*failure));
        return true;
    }
    auto const parameter = call.parameter.value_or(json{});
    switch (endpoint) {
    case ws_rpc::list_loaded:
        return answer_list_loaded(call);
    case ws_rpc::unload_model:
        return answer_unload(call);
    case ws_rpc::get_model_info:
        return answer_info(call);
    case ws_rpc::get_load_config:
        return answer_about(call, parse_ws_specified(parameter), &ws_load_config);
    case ws_rpc::get_base_prediction_config:
        return answer_about(call, parse_ws_specified(parameter), &no_fields_of);
    case ws_rpc::get_instance_processing_state:
        return answer_processing_state(call);
    case ws_rpc::estimate_model_usage:
        return answer_estimate(call);
    case ws_rpc::embed_string:
        return answer_embedding(call);
    case ws_rpc::tokenize:
        return answer_text(call, parse_ws_input(parameter, "specifier", "inputString"), &ws_tokens);
    case ws_rpc::count_tokens:
        return answer_text(call, parse_ws_input(parameter, "specifier", "inputString"),
                           &ws_token_count);
    case ws_rpc::preload_draft_model:
        return answer_text(call, parse_ws_input(parameter, "specifier", "draftModelKey"), nullptr);
    case ws_rpc::apply_prompt_template:
        return answer_template(call);
    case ws_rpc::upload_file:
        return answer_upload(call);
    case ws_rpc::search_models:
        return answer_search(call);
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
bool ws_calls::answer_without_parameter(ws_rpc_call const& call, json const& result) {
    if (call.parameter)
        return false;
    reply(call.id, result);
    return true;
}

bool ws_calls::answer_list_loaded(ws_rpc_call const& call) {
    auto list = json::array();
    for (auto const& i : host_->models.instances())
        if (i.type == models_of(namespace_) && i.state == instance_state::loaded)
            list.push_back(describe(i));
    return answer_without_parameter(call, list);
}

bool ws_calls::answer_unload(ws_rpc_call const& call) {
    auto identifier = parse_ws_unload(call.parameter.value_or(json{}));
    if (!identifier)
        return false;
    asio::co_spawn(connection_->executor(),
                   unload(shared_from_this(), call.id, std::move(*identifier)), rethrow);
    return true;
}

bool ws_calls::answer_info(ws_rpc_call const& call) {
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

bool ws_calls::answer_about(ws_rpc_call const& call, std::optional<ws_specifier> specifier,
                            json (*describe_one)(instance const&)) {
    if (!specifier)
        return false;
    if (auto const* found = find(*specifier); found != nullptr)
        reply(call.id, describe_one(*found));
    else
        reply_not_loaded(call.id, *specifier);
    return true;
}

// A null `result_of` means a void result.
bool ws_calls::answer_text(ws_rpc_call const& call, std::optional<ws_input> input,
                           json (*result_of)(std::string_view)) {
    if (!input)
        return false;
    if (find(input->specifier) == nullptr)
        reply_not_loaded(call.id, input->specifier);
    else
        reply(call.id, result_of != nullptr ? std::optional{result_of(input->text)} : std::nullopt);
    return true;
}

bool ws_calls::answer_template(ws_rpc_call const& call) {
    auto const parsed = parse_ws_template(call.parameter.value_or(json{}));
    if (!parsed)
        return false;
    if (find(parsed->specifier) == nullptr)
        reply_not_loaded(call.id, parsed->specifier);
    else
        reply(call.id, ws_formatted(parsed->history));
    return true;
}

bool ws_calls::answer_embedding(ws_rpc_call const& call) {
    auto input = parse_ws_input(call.parameter.value_or(json{}), "modelSpecifier", "inputString");
    if (!input)
        return false;
    auto result = [self = shared_from_this(), id = call.id](json const& r) { self->reply(id, r); };
    auto error = [self = shared_from_this(), id = call.id](json const& e) { self->fail(id, e); };
    ws_embedding_answer answer{std::move(result), std::move(error)};
    asio::co_spawn(connection_->executor(),
                   serve_ws_embedding(host_, connection_, std::move(*input), std::move(answer)),
                   rethrow);
    return true;
}

bool ws_calls::answer_upload(ws_rpc_call const& call) {
    auto const file = parse_ws_upload(call.parameter.value_or(json{}));
    if (!file)
        return false;
    reply(call.id, ws_uploaded(file->name, file->content, host_->next_upload++));
    return true;
}

bool ws_calls::answer_search(ws_rpc_call const& call) {
    auto const search = parse_ws_search(call.parameter.value_or(json{}));
    if (!search)
        return false;
    reply(call.id, ws_search_results(host_->models, search->term, search->limit));
    return true;
}

// The result is not optional: an instance that is not found is an error, even without
// `throwIfNotFound`.
bool ws_calls::answer_processing_state(ws_rpc_call const& call) {
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
bool ws_calls::answer_estimate(ws_rpc_call const& call) {
    auto const load = parse_ws_estimate(call.parameter.value_or(json{}));
    if (!load)
        return false;
    auto const type = models_of(namespace_);
    auto const* known = host_->models.find_model(load->key);
    if (known == nullptr || known->type != type) {
        fail(call.id, ws_not_loadable(host_->models, load->key, type));
        return true;
    }
    auto const usual = known->profile ? known->profile->default_context : usual_context;
    auto const context = load->context_length.value_or(usual);
    bool const passes =
        !host_->options.guardrail || host_->models.has_room(estimated_bytes(*known, context));
    reply(call.id, ws_estimate(*known, context, passes));
    return true;
}

// The unload happens even if its client leaves.
asio::awaitable<void> ws_calls::unload(std::shared_ptr<ws_calls> self, std::int64_t call,
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
        self->fail(call, ws_error(error_in(failure->second)));
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

void ws_calls::reply(std::int64_t call, std::optional<json> const& result) {
    answer_with(ws_rpc_result(call, result));
}

void ws_calls::fail(std::int64_t call, json const& error) {
    answer_with(ws_rpc_error(call, error));
}

void ws_calls::reply_not_loaded(std::int64_t call, ws_specifier const& specifier) {
    fail(call, ws_not_loaded(host_->models, specifier, models_of(namespace_)));
}

void ws_calls::answer_with(std::string message) {
    auto const path = path_of(namespace_);
    auto const delay = host_->script.take_delay(path);
    if (delay.count() == 0 && !host_->script.calls_held(path))
        return connection_->send(std::move(message));
    asio::co_spawn(connection_->executor(),
                   answer_later(shared_from_this(), std::move(message), delay), rethrow);
}

asio::awaitable<void> ws_calls::answer_later(std::shared_ptr<ws_calls> self, std::string message,
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

instance const* ws_calls::find(ws_specifier const& specifier) const {
    return find_specified(host_->models, specifier, models_of(namespace_));
}

json ws_calls::describe(instance const& i) const {
    auto info = ws_instance_info(*host_->models.find_model(i.key), i, host_->usage_of(i));
    if (!host_->options.reports_activity) {
        info.erase("ttlMs");
        info.erase("lastUsedTime");
    }
    return info;
}

} // namespace secondwind::emulator
