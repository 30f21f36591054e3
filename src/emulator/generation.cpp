#include "generation.hpp"
#include "activity.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace secondwind::emulator {

namespace {

constexpr std::string_view cache_error = "Unable to reuse from cache: llama_memory is null";
constexpr std::string_view unloaded_error = "Model unloaded.";

constexpr std::array<std::string_view, 8> words{"Every", "model", "that", "left",
                                                "made",  "room",  "for",  "another."};

// How a prediction ended, if not with its last token.
enum class cut : std::uint8_t { none, client_left, unloaded, broken, vanished };

class run {
public:
    run(std::shared_ptr<machine> m, audience& to, instance by, prediction p)
        : m_{std::move(m)}, to_{to}, by_{std::move(by)}, p_{std::move(p)} {
        auto const wanted = std::max<std::size_t>(m_->how.tokens_per_answer, 1);
        auto const limit = p_.asked.limit.value_or(wanted);
        p_.cut_short = limit < wanted;
        wanted_ = std::min<std::size_t>(wanted, limit);
    }

    asio::awaitable<void> go() {
        ++m_->counts.generations_started;
        m_->report(event::kind::generation_started, by_.id);
        busy_.emplace(m_, by_.serial);
        m_->notify();
        co_await to_.begin(p_);
        auto const ended = co_await tell();
        busy_.reset();

        // What counts is told before the last bytes leave: who has read them finds it counted.
        switch (ended) {
        case cut::none:
            ++m_->counts.generations_finished;
            m_->report(event::kind::generation_finished, by_.id, p_.text());
            co_await to_.finish(p_);
            break;
        case cut::client_left:
            ++m_->counts.generations_aborted;
            m_->report(event::kind::generation_aborted, by_.id);
            co_await to_.leave(p_);
            break;
        case cut::unloaded:
            ++m_->counts.generations_unloaded;
            co_await fail(std::string{unloaded_error});
            break;
        case cut::broken:
            ++m_->counts.generations_failed;
            co_await fail(why_);
            break;
        case cut::vanished:
            ++m_->counts.generations_failed;
            to_.vanish();
            break;
        }
        m_->notify();
    }

private:
    bool lives() const { return m_->models.find_serial(by_.serial) != nullptr; }

    std::optional<cut> interrupted() const {
        if (to_.gone() || m_->stopping)
            return cut::client_left;
        if (!lives())
            return cut::unloaded;
        return std::nullopt;
    }

    asio::awaitable<cut> tell() {
        auto const breaks = m_->told.take_breakdown();
        auto stop = [this] { return interrupted().has_value(); };
        auto go_on = [this, stop] { return stop() || !m_->told.generation_held(p_.tokens.size()); };
        for (;;) {
            co_await m_->changed.until(go_on);
            if (auto const why = interrupted())
                co_return *why;
            if (auto const* self = m_->models.find_serial(by_.serial); self->corrupt) {
                why_ = cache_error;
                co_return cut::broken;
            }
            if (breaks && p_.tokens.size() >= breaks->after_tokens) {
                why_ = breaks->text;
                co_return breaks->vanish ? cut::vanished : cut::broken;
            }
            if (p_.tokens.size() == wanted_)
                co_return cut::none;
            if (m_->how.token_interval.count() > 0)
                co_await m_->changed.until(stop, signal::clock::now() + m_->how.token_interval);
            if (auto const why = interrupted())
                co_return *why;
            p_.tokens.push_back(token_at(p_.tokens.size()));
            busy_->first_token();
            co_await to_.piece(p_);
        }
    }

    asio::awaitable<void> fail(std::string why) {
        m_->report(event::kind::generation_failed, by_.id, why);
        co_await to_.fail(p_, std::move(why));
    }

    std::shared_ptr<machine> m_;
    audience& to_;
    instance by_;
    prediction p_;
    std::optional<activity> busy_;
    std::size_t wanted_ = 1;
    std::string why_;
};

// A client of the HTTP interfaces.
class http_audience final : public audience {
public:
    http_audience(responder& out, dialect const& speak) : out_{out}, speak_{speak} {}

    bool gone() const override { return out_.gone(); }

    asio::awaitable<void> begin(prediction const& p) override {
        if (!p.asked.stream)
            co_return;
        if (!out_.streaming())
            co_await out_.begin_stream();
        co_await out_.send(speak_.opening(p));
    }

    asio::awaitable<void> piece(prediction const& p) override {
        if (p.asked.stream)
            co_await out_.send(speak_.piece(p));
    }

    asio::awaitable<void> finish(prediction const& p) override {
        if (p.asked.stream) {
            co_await out_.send(speak_.closing(p));
            co_await out_.end_stream();
        } else {
            co_await out_.send(pretty(200, speak_.whole(p)));
        }
    }

    asio::awaitable<void> fail(prediction const& p, std::string why) override {
        if (p.asked.stream) {
            co_await out_.send(speak_.broken(p, why));
            co_await out_.end_stream();
        } else {
            co_await out_.send(speak_.failed(why));
        }
    }

    asio::awaitable<void> leave(prediction const&) override { co_return; }
    void vanish() override { out_.vanish(); }

private:
    responder& out_;
    dialect const& speak_;
};

} // namespace

std::string token_at(std::size_t index) {
    std::string token = index == 0 ? "" : " ";
    return token += words[index % words.size()];
}

asio::awaitable<void> tell(std::shared_ptr<machine> m, audience& to, instance by, prediction p) {
    run one{std::move(m), to, std::move(by), std::move(p)};
    co_await one.go();
}

asio::awaitable<void> generate(std::shared_ptr<machine> m, responder& out, dialect const& speak,
                               instance by, prediction p) {
    http_audience client{out, speak};
    co_await tell(std::move(m), client, std::move(by), std::move(p));
}

} // namespace secondwind::emulator
