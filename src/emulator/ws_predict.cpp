#include "ws_predict.hpp"
#include "generation.hpp"
#include "ws_documents.hpp"

#include <ctime>
#include <string>
#include <utility>

namespace secondwind::emulator {

namespace {

json no_fields() {
    json config;
    config["fields"] = json::array();
    return config;
}

class ws_audience final : public audience {
public:
    ws_audience(std::shared_ptr<machine> m, std::shared_ptr<ws_channel> to, instance by)
        : m_{std::move(m)}, to_{std::move(to)}, by_{std::move(by)} {}

    bool gone() const override { return to_->client()->gone; }

    asio::awaitable<void> begin(prediction const&) override {
        auto processed = ws_packet("promptProcessingProgress");
        processed["progress"] = 1.0;
        to_->send(processed);
        co_return;
    }

    asio::awaitable<void> piece(prediction const& p) override {
        auto fragment = ws_packet("fragment");
        auto& what = fragment["fragment"];
        what["content"] = p.tokens.back();
        what["tokensCount"] = 1;
        what["containsDrafted"] = false;
        what["reasoningType"] = "none";
        what["isStructural"] = false;
        to_->send(fragment);
        co_await to_->peer().keep_pace();
    }

    asio::awaitable<void> finish(prediction const& p) override {
        succeed(p, p.cut_short ? "maxPredictedTokensReached" : "eosFound");
        co_return;
    }

    asio::awaitable<void> fail(prediction const&, std::string why) override {
        to_->fail(ws_error(why));
        co_return;
    }

    asio::awaitable<void> leave(prediction const& p) override {
        succeed(p, "userStopped");
        co_return;
    }

    void vanish() override { to_->peer().vanish(); }

private:
    void succeed(prediction const& p, char const* reason) {
        auto success = ws_packet("success");
        auto& stats = success["stats"];
        stats["stopReason"] = reason;
        stats["tokensPerSecond"] = 50.0;
        stats["timeToFirstTokenSec"] = 0.1;
        stats["promptTokensCount"] = p.asked.tokens;
        stats["predictedTokensCount"] = p.tokens.size();
        stats["totalTokensCount"] = p.asked.tokens + p.tokens.size();
        success["modelInfo"] =
            ws_instance_info(*m_->models.find_model(by_.key), by_, m_->used[by_.serial]);
        success["loadModelConfig"] = ws_load_config(by_);
        success["predictionConfig"] = no_fields();
        to_->send(success);
        to_->close();
    }

    std::shared_ptr<machine> m_;
    std::shared_ptr<ws_channel> to_;
    instance by_;
};

} // namespace

asio::awaitable<void> serve_ws_predict(std::shared_ptr<machine> m, std::shared_ptr<ws_channel> to,
                                       ws_prediction what) {
    auto const* found = find_specified(m->models, what.by, model_type::llm);
    if (found == nullptr) {
        to->fail(ws_not_loaded(m->models, what.by, model_type::llm));
        co_return;
    }
    auto const by = *found;
    prediction p;
    p.number = m->next_prediction++;
    p.created = static_cast<std::int64_t>(std::time(nullptr));
    p.model = by.id;
    p.asked.model = by.id;
    p.asked.stream = true;
    p.asked.limit = what.limit;
    p.asked.tokens = what.prompt_tokens;
    ws_audience client{m, to, by};
    co_await tell(m, client, by, std::move(p));
}

} // namespace secondwind::emulator
