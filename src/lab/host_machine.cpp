#include "host_machine.hpp"

#include "documents.hpp"

#include <secondwind/lmstudio/rest_codec.hpp>
#include <secondwind/lmstudio/ws_codec.hpp>
#include <secondwind/lmstudio/ws_load.hpp>
#include <secondwind/net/timed_wait.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t largest_listing = 16 * 1024 * 1024;
constexpr std::size_t largest_answer = 4 * 1024 * 1024;

call_end end_of(host::failure const& failed) noexcept {
    using host::fault;
    switch (failed.kind) {
    case fault::none:
        return call_end::answered;
    case fault::resolve:
    case fault::connect:
    case fault::connect_timeout:
    case fault::tls:
    case fault::descriptors:
        return call_end::unreachable;
    case fault::timeout:
        return call_end::timeout;
    case fault::cancelled:
        return call_end::cancelled;
    case fault::closed:
    case fault::malformed:
    case fault::misfit:
    case fault::too_large:
        break;
    }
    return call_end::cut;
}

call_end end_of(host::socket_fault kind) noexcept {
    using host::socket_fault;
    switch (kind) {
    case socket_fault::none:
        return call_end::answered;
    case socket_fault::unreachable:
        return call_end::unreachable;
    case socket_fault::no_answer:
        return call_end::timeout;
    case socket_fault::cancelled:
        return call_end::cancelled;
    case socket_fault::refused:
    case socket_fault::rejected:
    case socket_fault::unknown_call:
    case socket_fault::cut:
    case socket_fault::broken:
        break;
    }
    return call_end::cut;
}

// The host answers, but not such a call.
bool is_missing(host::socket_fault kind) noexcept {
    using host::socket_fault;
    return kind == socket_fault::refused || kind == socket_fault::rejected ||
           kind == socket_fault::unknown_call || kind == socket_fault::broken;
}

// For what comes before a load, and for the end of one that is cancelled.
constexpr milliseconds socket_patience{10'000};

} // namespace

host_machine::host_machine(host::environment env, config::upstream const& upstream,
                           config::current_settings const& settings)
    : env_{env}, upstream_{upstream}, pool_{env.io, env.deadlines, upstream, settings},
      woken_{env.io} {
    if (!upstream.api_token.empty())
        authorization_ = "Bearer " + upstream.api_token;
}

net::task<host_machine::ended> host_machine::ask(host::call_request request,
                                                 host::raw_call::bounds within) {
    host::raw_call through{env_, pool_};
    under_way_ = &through;
    request.authorization = authorization_;
    auto got = co_await host::call(env_, through, upstream_, std::move(request), std::move(within));
    under_way_ = nullptr;
    ended out;
    out.end = end_of(got.failure);
    out.status = got.status;
    if (got.failure)
        out.error = host::describe(got.failure);
    out.body = std::move(got.body);
    co_return out;
}

host::socket_host host_machine::at(milliseconds limit) {
    return {env_, pool_, authorization_, host::sdk_socket::clock::now() + limit};
}

net::task<listing> host_machine::list(milliseconds limit) {
    host::raw_call::bounds within{limit, largest_listing};
    host::call_request request{"GET", "/api/v1/models", {}, {}};
    auto got = co_await ask(std::move(request), std::move(within));
    listing out;
    out.end = got.end;
    out.status = got.status;
    out.error = std::move(got.error);
    if (!out.error.empty())
        co_return out;
    if (auto read = parse_listing(got.body)) {
        out.models = std::move(read->models);
        out.left_out = read->left_out;
        co_return out;
    }
    out.error = describe_no_listing(got.status, got.body);
    co_return out;
}

net::task<load_answer> host_machine::load(load_request request, milliseconds limit) {
    auto const body = load_body(request);
    auto const began = now();
    host::raw_call::bounds within{limit, largest_answer};
    within.new_connection = true;
    host::call_request call{"POST", "/api/v1/models/load", body, {}};
    auto got = co_await ask(std::move(call), std::move(within));
    load_answer out;
    out.end = got.end;
    out.status = got.status;
    out.error = std::move(got.error);
    out.seconds = seconds_between(began, now());
    if (out.end == call_end::answered)
        read_load(out, got.body);
    co_return out;
}

net::task<std::string> host_machine::describe(std::string instance, milliseconds limit) {
    auto listed = co_await host::list_over_socket(at(limit));
    auto const found = std::ranges::find_if(listed.instances, [&instance](auto const& each) {
        return each.listed.instance.id == instance && each.listed.instance.device.empty();
    });
    if (found == listed.instances.end())
        co_return std::string{};
    auto const got = co_await host::load_config_over_socket(at(limit), *found);
    if (got.failure || !got.error.empty())
        co_return std::string{};
    auto const& one = found->listed;
    bool const embeds = found->path == host::embedding_path;
    lmstudio::load_description const described{one.instance.id,
                                               one.instance.model,
                                               embeds ? lmstudio::model_kind::embedding
                                                      : lmstudio::model_kind::llm,
                                               {},
                                               one.ttl_ms,
                                               got.config};
    co_return lmstudio::write_description(described);
}

net::task<load_answer> host_machine::load_again(std::string description, milliseconds limit) {
    load_answer out;
    auto wanted = lmstudio::read_description(description);
    if (!wanted) {
        out.offered = false;
        out.error = "what is known of its load cannot be read";
        co_return out;
    }
    auto const began = now();
    net::cancellation by;
    reload_ = &by;
    host::socket_load_limits const limits{limit, socket_patience};
    auto got = co_await host::load_over_socket(at(socket_patience), std::move(*wanted), limits, by);
    reload_ = nullptr;
    out.end = end_of(got.failure.kind);
    out.offered = !is_missing(got.failure.kind);
    out.seconds = seconds_between(began, now());
    if (got.loaded)
        out.instance = got.loaded->instance.id;
    else
        out.error =
            got.failure ? std::move(got.failure.reason) : lmstudio::error_title(got.refusal);
    co_return out;
}

net::task<chat_answer> host_machine::chat(chat_request request, milliseconds silence,
                                          milliseconds limit) {
    auto const body = chat_body(request);
    chat_answer out;
    chat_reader reader{out};
    host::raw_call::bounds within{limit, largest_answer};
    within.silence = silence;
    within.new_connection = true;
    within.on_data = [&reader](std::string_view data) { reader.push(data); };
    host::call_request call{"POST", "/api/v1/chat", body, {}};
    auto got = co_await ask(std::move(call), std::move(within));
    reader.finish();
    out.end = got.end;
    out.status = got.status;
    if (out.error.empty())
        out.error = std::move(got.error);
    if (out.error.empty() && !out.complete)
        out.error =
            fmt::format("the chat was answered with status {}, and not to its end", got.status);
    co_return out;
}

net::task<embedding_answer> host_machine::embed(std::string instance, std::string text,
                                                milliseconds limit) {
    auto const body = embedding_body(instance, text);
    host::raw_call::bounds within{limit, largest_answer};
    within.new_connection = true;
    host::call_request call{"POST", "/v1/embeddings", body, {}};
    auto got = co_await ask(std::move(call), std::move(within));
    embedding_answer out;
    out.end = got.end;
    out.status = got.status;
    out.error = std::move(got.error);
    if (out.end == call_end::answered)
        read_embedding(out, got.body);
    co_return out;
}

net::task<unload_answer> host_machine::unload(std::string instance, milliseconds limit) {
    auto const body = lmstudio::unload_body(instance);
    host::raw_call::bounds within{limit, largest_answer};
    host::call_request call{"POST", "/api/v1/models/unload", body, {}};
    auto got = co_await ask(std::move(call), std::move(within));
    unload_answer out;
    out.end = got.end;
    out.status = got.status;
    out.error = std::move(got.error);
    if (out.end != call_end::answered)
        co_return out;
    auto const result = lmstudio::parse_unload(got.status, got.body, instance);
    out.found = result != lmstudio::unload_result::not_found;
    out.gone = result != lmstudio::unload_result::refused;
    if (!out.gone)
        out.error = error_in(got.body);
    if (!out.gone && out.error.empty())
        out.error = fmt::format("the unload was answered with status {}", got.status);
    co_return out;
}

net::task<activity> host_machine::activity(std::vector<loaded_instance> loaded,
                                           milliseconds limit) {
    lab::activity out;
    out.loaded = std::move(loaded);
    if (out.loaded.empty())
        co_return out;
    for (auto const path : {host::llm_path, host::embedding_path}) {
        auto const told = co_await host::activity_over_socket(at(limit), limit, path, std::nullopt);
        for (auto const& each : told.told) {
            auto const one = std::ranges::find(out.loaded, each.id, &loaded_instance::id);
            if (one == out.loaded.end())
                continue;
            one->just_in_time = one->just_in_time || each.jit;
            one->busy = each.doing == lmstudio::activity::busy;
            out.known = out.known || each.doing != lmstudio::activity::unknown;
        }
    }
    co_return out;
}

net::task<std::optional<estimate>> host_machine::guess(load_request request, milliseconds limit) {
    std::optional<estimate> found;
    if (!estimates_)
        co_return found;
    host::sdk_socket over{env_, pool_, host::sdk_socket::clock::now() + limit};
    auto const failed = co_await over.open(std::string{host::llm_path}, authorization_);
    host::socket_reply got;
    if (!failed)
        got = co_await over.call("estimateModelUsage", estimate_parameter(request));
    // One that is late may answer the next time.
    using host::socket_fault;
    auto const kind = failed ? failed.kind : got.failure.kind;
    if (kind == socket_fault::refused || kind == socket_fault::unknown_call)
        estimates_ = false;
    if (kind != socket_fault::none)
        co_return found;
    found = parse_estimate(got.message);
    if (found)
        found->context = request.context.value_or(0);
    co_return found;
}

net::task<std::string> host_machine::version(milliseconds limit) {
    auto got = co_await host::version_over_socket(at(limit));
    co_return std::move(got.version);
}

void host_machine::cancel() noexcept {
    if (under_way_)
        under_way_->cancel();
    if (reload_)
        reload_->cancel();
    woken_.open();
}

net::task<void> host_machine::wait(milliseconds span) {
    net::timed_wait pause{woken_, env_.deadlines, span};
    bool const woken = co_await pause;
    (void)woken;
}

} // namespace secondwind::lab
