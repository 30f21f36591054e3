#include "ws_predict.hpp"
#include "generation.hpp"

#include <ctime>
#include <optional>
#include <utility>

namespace secondwind::emulator {

namespace {

json no_fields() {
    json config;
    config["fields"] = json::array();
    return config;
}

prediction prediction_by(emulated_host& host, instance const& serving, json content) {
    prediction p;
    p.number = host.next_prediction++;
    p.created = static_cast<std::int64_t>(std::time(nullptr));
    p.model = serving.id;
    p.prompt.model = serving.id;
    p.prompt.tokens = compact(content).size() / 4 + 1;
    p.prompt.content = std::move(content);
    return p;
}

class ws_sink final : public generation_sink {
public:
    ws_sink(std::shared_ptr<emulated_host> host, std::shared_ptr<ws_channel> channel,
            instance instance)
        : host_{std::move(host)}, channel_{std::move(channel)}, instance_{std::move(instance)},
          before_error_{host_->script.packets_before_errors()} {}

    bool gone() const override { return channel_->client()->gone; }

    asio::awaitable<void> begin(prediction const&) override { co_return; }

    asio::awaitable<void> processed(prediction const& p, double part) override {
        if (!is_corrupt() || !before_error_ || channel_->packets() < *before_error_)
            channel_->send(ws_prompt_progress(part, p.prompt.tokens));
        co_return;
    }

    asio::awaitable<void> piece(prediction const& p) override {
        auto const& part = p.parts.back();
        if (p.opens_part() && p.parts.size() > 1)
            end_part(p, p.parts[p.parts.size() - 2]);
        if (part.type == spoken_part::kind::tool_call)
            send_argument(p, part);
        else
            send_fragment(p, part);
        co_await channel_->connection().drain_queue();
    }

    asio::awaitable<void> finish(prediction const& p) override {
        bool const calls = !p.parts.empty() && p.parts.back().type == spoken_part::kind::tool_call;
        if (calls && !p.cut_short)
            end_part(p, p.parts.back());
        else if (calls)
            fail_call(p.parts.back());
        succeed(p, p.cut_short       ? "maxPredictedTokensReached"
                   : p.calls_tools() ? "toolCalls"
                                     : "eosFound");
        co_return;
    }

    asio::awaitable<void> fail(prediction const& p, std::string reason) override {
        while (is_corrupt() && channel_->packets() < before_error_.value_or(0))
            channel_->send(ws_prompt_progress(1, p.prompt.tokens));
        channel_->fail(ws_error(reason));
        co_return;
    }

    asio::awaitable<void> abandon(prediction const& p) override {
        succeed(p, "userStopped");
        co_return;
    }

    void reset_connection() override { channel_->connection().reset(); }
    void close_connection() override { channel_->connection().finish(); }

private:
    bool is_corrupt() const {
        auto const* self = host_->models.find_serial(instance_.serial);
        return self != nullptr && self->corrupt;
    }

    void send_fragment(prediction const& p, spoken_part const& part) {
        auto fragment = ws_packet("fragment");
        auto& content = fragment["fragment"];
        content["content"] = p.last_token;
        content["tokensCount"] = 1;
        content["containsDrafted"] = false;
        content["reasoningType"] = part.type == spoken_part::kind::reasoning ? "reasoning" : "none";
        content["isStructural"] = false;
        channel_->send(fragment);
    }

    void send_argument(prediction const& p, spoken_part const& part) {
        if (p.opens_part()) {
            auto start = ws_packet("toolCallGenerationStart");
            start["toolCallId"] = call_id(p);
            channel_->send(start);
            auto name = ws_packet("toolCallGenerationNameReceived");
            name["name"] = part.tool;
            channel_->send(name);
        }
        auto piece = ws_packet("toolCallGenerationArgumentFragmentGenerated");
        piece["content"] = p.last_token;
        channel_->send(piece);
    }

    void end_part(prediction const& p, spoken_part const& part) {
        if (part.type != spoken_part::kind::tool_call)
            return;
        auto end = ws_packet("toolCallGenerationEnd");
        auto& request = end["toolCallRequest"];
        request["id"] = call_id(p);
        request["type"] = "function";
        request["arguments"] = json::parse(part.text, nullptr, false);
        request["name"] = part.tool;
        end["rawContent"] = part.text;
        channel_->send(end);
        ++calls_;
    }

    void fail_call(spoken_part const& part) {
        auto failed = ws_packet("toolCallGenerationFailed");
        failed["error"] = ws_error("Failed to parse the arguments of a tool call");
        failed["rawContent"] = part.text;
        channel_->send(failed);
    }

    // Of the tool call that is not ended.
    std::string call_id(prediction const& p) const {
        return "call-" + std::to_string(p.number) + "-" + std::to_string(calls_);
    }

    void succeed(prediction const& p, char const* reason) {
        auto success = ws_packet("success");
        auto& stats = success["stats"];
        stats["stopReason"] = reason;
        stats["tokensPerSecond"] = p.tokens_per_second;
        stats["timeToFirstTokenSec"] = p.first_token_seconds;
        stats["promptTokensCount"] = p.prompt.tokens;
        stats["predictedTokensCount"] = p.tokens;
        stats["totalTokensCount"] = p.prompt.tokens + p.tokens;
        success["modelInfo"] = ws_instance_info(*host_->models.find_model(instance_.key), instance_,
                                                host_->usage_of(instance_));
        success["loadModelConfig"] = ws_load_config(instance_);
        success["predictionConfig"] = no_fields();
        channel_->send(success);
        channel_->close();
    }

    std::shared_ptr<emulated_host> host_;
    std::shared_ptr<ws_channel> channel_;
    instance instance_;
    std::optional<std::size_t> before_error_; // packets, as the script wants
    std::size_t calls_ = 0;                   // of tools, that have ended
};

class embedding_sink final : public generation_sink {
public:
    embedding_sink(std::shared_ptr<ws_connection> connection, ws_embedding_answer answer)
        : connection_{std::move(connection)}, answer_{std::move(answer)} {}

    bool gone() const override { return connection_->gone(); }
    asio::awaitable<void> begin(prediction const&) override { co_return; }
    asio::awaitable<void> processed(prediction const&, double) override { co_return; }
    asio::awaitable<void> piece(prediction const&) override { co_return; }

    asio::awaitable<void> finish(prediction const& p) override {
        json result;
        result["embedding"] = embedding_of(p.prompt);
        answer_.result(result);
        co_return;
    }

    asio::awaitable<void> fail(prediction const&, std::string reason) override {
        answer_.error(ws_error(reason));
        co_return;
    }

    asio::awaitable<void> abandon(prediction const&) override { co_return; }
    void reset_connection() override { connection_->reset(); }
    void close_connection() override { connection_->finish(); }

private:
    std::shared_ptr<ws_connection> connection_;
    ws_embedding_answer answer_;
};

} // namespace

asio::awaitable<void> serve_ws_predict(std::shared_ptr<emulated_host> host,
                                       std::shared_ptr<ws_channel> channel,
                                       ws_prediction parameter) {
    bool const is_raw = channel->kind() == ws_channel_kind::complete_raw_text;
    if (auto const failure =
            host->script.take_operation_failure(is_raw ? "completeRawText" : "predict")) {
        auto const tokens = compact(parameter.content).size() / 4 + 1;
        while (channel->packets() < failure->after_packets)
            channel->send(ws_prompt_progress(0, tokens));
        channel->fail(error_of(*failure));
        co_return;
    }
    auto const* found = find_specified(host->models, parameter.specifier, model_type::llm);
    if (found == nullptr) {
        channel->fail(ws_not_loaded(host->models, parameter.specifier, model_type::llm));
        co_return;
    }
    auto const instance = *found;
    auto const text = compact(parameter.content);
    auto p = prediction_by(*host, instance, std::move(parameter.content));
    p.prompt.stream = true;
    p.prompt.limit = parameter.limit;
    p.prompt.tools = std::move(parameter.tools);
    p.prompt.schema = std::move(parameter.schema);
    p.failure = host->script.breakdown_for(text);
    auto said = host->script.take_reply(text, p.prompt.tools);
    ws_sink sink{host, channel, instance};
    co_await generate(host, sink, instance, std::move(p), std::move(said));
}

asio::awaitable<void> serve_ws_embedding(std::shared_ptr<emulated_host> host,
                                         std::shared_ptr<ws_connection> connection,
                                         ws_input parameter, ws_embedding_answer answer) {
    auto const* found = find_specified(host->models, parameter.specifier, model_type::embedding);
    if (found == nullptr) {
        answer.error(ws_not_loaded(host->models, parameter.specifier, model_type::embedding));
        co_return;
    }
    auto const instance = *found;
    auto p = prediction_by(*host, instance, std::move(parameter.text));
    p.failure = host->script.breakdown_for(p.prompt.content.get_ref<std::string const&>());
    embedding_sink sink{std::move(connection), std::move(answer)};
    co_await generate(host, sink, instance, std::move(p));
}

} // namespace secondwind::emulator
