#include "http_api.hpp"
#include "access.hpp"
#include "generation.hpp"
#include "model_documents.hpp"
#include "router.hpp"

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

namespace secondwind::emulator {

namespace {

// Answers in the dialect of an HTTP interface, as a stream if the request asks for one.
class http_sink final : public generation_sink {
public:
    http_sink(responder& out, dialect const& dialect) : out_{out}, dialect_{dialect} {}

    bool gone() const override { return out_.gone(); }

    asio::awaitable<void> begin(prediction const& p) override {
        if (!p.prompt.stream)
            co_return;
        if (!out_.streaming())
            co_await out_.begin_stream();
        co_await out_.send(dialect_.opening(p));
    }

    asio::awaitable<void> processed(prediction const& p, double part) override {
        if (p.prompt.stream)
            co_await out_.send(dialect_.processed(p, part));
    }

    asio::awaitable<void> piece(prediction const& p) override {
        if (p.prompt.stream)
            co_await out_.send(dialect_.piece(p));
    }

    asio::awaitable<void> finish(prediction const& p) override {
        if (p.prompt.stream) {
            co_await out_.send(dialect_.closing(p));
            co_await out_.end_stream();
        } else {
            co_await out_.send(pretty(200, dialect_.whole(p)));
        }
    }

    asio::awaitable<void> fail(prediction const& p, std::string reason) override {
        if (out_.streaming()) {
            co_await out_.send(dialect_.broken(p, reason));
            co_await out_.end_stream();
        } else {
            co_await out_.send(dialect_.failed(reason));
        }
    }

    asio::awaitable<void> abandon(prediction const&) override { co_return; }
    void reset_connection() override { out_.reset_connection(); }
    void close_connection() override { out_.close_connection(); }

private:
    responder& out_;
    dialect const& dialect_;
};

double seconds(std::chrono::milliseconds d) {
    return static_cast<double>(d.count()) / 1000.0;
}

class inference {
public:
    inference(std::shared_ptr<emulated_host> host, responder& out, endpoint endpoint, prompt prompt,
              std::string body)
        : host_{std::move(host)}, out_{out}, dialect_{dialect_of(endpoint)},
          type_{endpoint == endpoint::embeddings ? model_type::embedding : model_type::llm},
          body_{std::move(body)} {
        p_.number = host_->next_prediction++;
        p_.created = static_cast<std::int64_t>(std::time(nullptr));
        p_.prompt = std::move(prompt);
    }

    asio::awaitable<void> execute() {
        auto const& continued = p_.prompt.previous_response;
        auto const oldest = host_->options.first_answer;
        if (!continued.empty() && !was_stored(continued, oldest, p_.number)) {
            co_await out_.send(dialect_.unknown_response(continued));
            co_return;
        }
        auto serving = co_await find_or_load();
        if (!serving)
            co_return;
        p_.model = serving->id;
        if (auto const* profile = host_->profile_of(*serving); profile != nullptr) {
            if (auto complaint = about_reasoning(*profile); !complaint.empty()) {
                co_await refuse_request(std::move(complaint));
                co_return;
            }
        }
        if (watched() && !out_.streaming())
            co_await greet(serving->id);
        http_sink sink{out_, dialect_};
        // What is scripted is for what generates: a request that is refused comes again.
        p_.failure = host_->script.breakdown_for(body_);
        auto said = host_->script.take_reply(body_, p_.prompt.tools);
        co_await generate(host_, sink, std::move(*serving), std::move(p_), std::move(said));
    }

private:
    // Whether the stream shows the load.
    bool watched() const { return p_.prompt.stream && dialect_.announces_load(); }

    asio::awaitable<void> greet(std::string id) {
        co_await out_.begin_stream();
        co_await out_.send(dialect_.greeting(id));
    }

    // A complaint, or nothing.
    std::string about_reasoning(profile const& profile) const {
        auto const& asked = p_.prompt.reasoning;
        auto const& allowed = profile.reasoning;
        if (asked.empty() || std::ranges::find(allowed, asked) != allowed.end())
            return {};
        return "The model does not support the reasoning setting '" + asked + "'";
    }

    asio::awaitable<void> refuse_request(std::string reason) {
        if (out_.streaming()) {
            co_await out_.send(dialect_.broken(p_, reason));
            co_await out_.end_stream();
        } else {
            co_await out_.send(dialect_.invalid(reason));
        }
    }

    // Nothing if the request is done: it was answered with an error, or its client has left.
    asio::awaitable<std::optional<instance>> find_or_load() {
        while (!out_.gone() && !host_->stopping) {
            auto const found = resolve(host_->models, p_.prompt.model, type_, host_->options.jit);
            switch (found.availability) {
            case availability::ready:
                co_return *found.serving;
            case availability::loading:
                if (host_->options.duplicate_loads) {
                    auto another = co_await load(*host_->models.find_model(found.serving->key));
                    co_return another;
                }
                // If the other client leaves, the model is gone, and this request loads it itself.
                co_await await_other_load(host_, found.serving->serial, out_.client());
                break;
            case availability::on_disk: {
                auto loaded = co_await load(*found.stored);
                co_return loaded;
            }
            case availability::none:
            case availability::ambiguous:
                co_await out_.send(dialect_.unserved(found.availability, !host_->options.rest_v1));
                co_return std::nullopt;
            }
        }
        co_return std::nullopt;
    }

    asio::awaitable<std::optional<instance>> load(model wanted) {
        if (watched()) {
            co_await greet(wanted.key);
            co_await out_.send(dialect_.load_started(wanted.key));
        }
        load_choice choice{load_reason::just_in_time};
        choice.context_length = p_.prompt.context_length;
        choice.ttl_ms = p_.prompt.ttl_ms;
        auto attempt = co_await start_load(host_, wanted, std::move(choice), out_.client());
        auto const begun = attempt.begun;
        if (!begun) {
            co_await refuse(wanted, std::move(attempt.cause));
            co_return std::nullopt;
        }
        bool const loaded = co_await await_load(host_, *begun, out_.client());
        if (!loaded)
            co_return std::nullopt;
        p_.load_seconds = seconds(host_->options.load_time);
        if (watched())
            co_await out_.send(dialect_.load_finished(begun->id, *p_.load_seconds));
        co_return begun;
    }

    asio::awaitable<void> refuse(model wanted, std::string cause) {
        if (out_.streaming()) {
            co_await out_.send(dialect_.refused_in_stream(wanted, cause));
            co_await out_.end_stream();
        } else {
            co_await out_.send(dialect_.refused(wanted, cause));
        }
    }

    std::shared_ptr<emulated_host> host_;
    responder& out_;
    dialect const& dialect_;
    model_type type_;
    std::string body_;
    prediction p_;
};

asio::awaitable<void> infer(std::shared_ptr<emulated_host> host, responder& out, endpoint endpoint,
                            std::string body) {
    auto parsed = parse_prompt(endpoint, body);
    if (auto const* failure = std::get_if<unreadable>(&parsed)) {
        co_await out.send(dialect_of(endpoint).invalid(failure->reason));
        co_return;
    }
    inference inference{std::move(host), out, endpoint, std::move(std::get<prompt>(parsed)),
                        std::move(body)};
    co_await inference.execute();
}

std::optional<std::string> string_field(json const& document, char const* name) {
    if (!document.is_object())
        return std::nullopt;
    auto const at = document.find(name);
    if (at == document.end() || !at->is_string())
        return std::nullopt;
    return at->get<std::string>();
}

answer missing(std::string_view field) {
    return rest_error(400, "invalid_request", "Missing required field '" + std::string{field} + "'",
                      "missing_required_parameter", field);
}

answer unknown_model(std::string_view field) {
    return rest_error(404, "model_not_found", "No model found that fits the query",
                      "model_not_found", field);
}

// Returns a complaint, or nothing. `ttl` is no member of LM Studio's documented load.
std::string read_load_choice(json const& document, load_choice& into) {
    if (auto const at = document.find("context_length"); at != document.end()) {
        if (!at->is_number_integer() || at->get<std::int64_t>() <= 0)
            return "'context_length' must be a positive integer";
        into.context_length = at->get<std::uint64_t>();
    }
    for (auto const& [name, value] :
         {std::pair{"flash_attention", &into.flash_attention},
          std::pair{"offload_kv_cache_to_gpu", &into.kv_cache_on_gpu}}) {
        auto const at = document.find(name);
        if (at == document.end())
            continue;
        if (!at->is_boolean())
            return "'" + std::string{name} + "' must be a boolean";
        *value = at->get<bool>();
    }
    return {};
}

asio::awaitable<void> load_model(std::shared_ptr<emulated_host> host, responder& out,
                                 std::string body) {
    auto const document = json::parse(body, nullptr, false);
    auto const key = string_field(document, "model");
    if (!key) {
        co_await out.send(missing("model"));
        co_return;
    }
    auto const* known = host->models.find_model(*key);
    if (known == nullptr) {
        co_await out.send(unknown_model("model"));
        co_return;
    }
    load_choice by_hand;
    if (auto const complaint = read_load_choice(document, by_hand); !complaint.empty()) {
        co_await out.send(rest_error(400, "invalid_request", complaint));
        co_return;
    }
    auto const attempt = co_await start_load(host, *known, std::move(by_hand), out.client());
    auto const& begun = attempt.begun;
    if (!begun) {
        co_await out.send(
            rest_error(500, "model_load_failed", rest_refusal(*known, attempt.cause)));
        co_return;
    }
    bool const loaded = co_await await_load(host, *begun, out.client());
    if (!loaded)
        co_return;
    auto const echo = document.find("echo_load_config");
    bool const echoes = echo != document.end() && echo->is_boolean() && echo->get<bool>();
    auto const took = seconds(host->options.load_time);
    auto const parallel = echoes ? std::optional{host->options.parallel} : std::nullopt;
    co_await out.send(pretty(200, v1_loaded(*begun, took, parallel)));
}

asio::awaitable<void> unload_model(std::shared_ptr<emulated_host> host, responder& out,
                                   std::string body) {
    auto const id = string_field(json::parse(body, nullptr, false), "instance_id");
    if (!id) {
        co_await out.send(missing("instance_id"));
        co_return;
    }
    auto released = [host = host.get()] { return !host->script.unloads_held() || host->stopping; };
    co_await host->changed.until(released);

    auto const* target = host->models.find_instance(*id);
    if (target == nullptr || target->state != instance_state::loaded) {
        co_await out.send(unknown_model("instance_id"));
        co_return;
    }
    if (auto failure = host->script.take_unload_failure(*id)) {
        auto reply = canned::json(failure->first, std::move(failure->second));
        co_await out.send(std::move(reply));
        co_return;
    }
    if (host->unload_for_client(instance{*target}))
        co_await out.send(pretty(200, v1_unloaded(*id)));
    else
        co_await out.send(unknown_model("instance_id"));
}

} // namespace

asio::awaitable<void> answer_request(std::shared_ptr<emulated_host> host, responder& out,
                                     request request) {
    if (auto prepared = host->script.take_answer(path_of(request.target))) {
        co_await out.send(std::move(*prepared));
        co_return;
    }
    if (auto refusal = refuse_request(host->options.api_token, request)) {
        co_await out.send(std::move(*refusal));
        co_return;
    }
    auto const to = route(request.method, request.target, host->options.rest_v1);
    if (is_inference(to.endpoint)) {
        co_await infer(host, out, to.endpoint, std::move(request.body));
        co_return;
    }
    switch (to.endpoint) {
    case endpoint::v1_load:
        co_await load_model(host, out, std::move(request.body));
        co_return;
    case endpoint::v1_unload:
        co_await unload_model(host, out, std::move(request.body));
        co_return;
    case endpoint::greeting: {
        answer hello{200, "application/json; charset=utf-8", R"({"lmstudio":true})"};
        co_await out.send(std::move(hello));
        co_return;
    }
    case endpoint::models:
        co_await out.send(pretty(200, openai_list(host->models, host->options.jit)));
        co_return;
    case endpoint::v0_models:
        co_await out.send(pretty(200, v0_list(host->models, host->options.jit)));
        co_return;
    case endpoint::v0_model: {
        auto const found = v0_model(host->models, to.model);
        auto reply = found ? pretty(200, *found)
                           : object_error(404, "Model not found", "model", "model_not_found");
        co_await out.send(std::move(reply));
        co_return;
    }
    case endpoint::v1_models:
        co_await out.send(pretty(200, v1_list(host->models, host->options.parallel)));
        co_return;
    default:
        break;
    }
    unsigned const status = to.endpoint == endpoint::preflight    ? 400
                            : to.endpoint == endpoint::unknown_v1 ? 404
                                                                  : 200;
    co_await out.send(unexpected_endpoint(status, request.method, request.target));
}

} // namespace secondwind::emulator
