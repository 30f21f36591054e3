#include <secondwind/emulator/generation.hpp>

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
    run(std::shared_ptr<machine> m, responder& out, dialect const& speak, instance by, prediction p)
        : m_{std::move(m)}, out_{out}, speak_{speak}, by_{std::move(by)}, p_{std::move(p)} {
        auto const wanted = std::max<std::size_t>(m_->how.tokens_per_answer, 1);
        auto const limit = p_.asked.limit.value_or(wanted);
        p_.cut_short = limit < wanted;
        wanted_ = std::min<std::size_t>(wanted, limit);
    }

    asio::awaitable<void> go() {
        ++m_->counts.generations_started;
        m_->report(event::kind::generation_started, by_.id);
        m_->notify();
        if (p_.asked.stream && !out_.streaming())
            co_await out_.begin_stream();
        if (p_.asked.stream)
            co_await out_.send(speak_.opening(p_));

        auto const ended = co_await tell();
        switch (ended) {
        case cut::none:
            co_await finish();
            break;
        case cut::client_left:
            ++m_->counts.generations_aborted;
            m_->report(event::kind::generation_aborted, by_.id);
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
            out_.vanish();
            break;
        }
        m_->notify();
    }

private:
    bool lives() const { return m_->models.find_serial(by_.serial) != nullptr; }

    std::optional<cut> interrupted() const {
        if (out_.gone() || m_->stopping)
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
            if (p_.asked.stream)
                co_await out_.send(speak_.piece(p_));
        }
    }

    // What counts is told before the last bytes leave: who has read them finds it counted.
    asio::awaitable<void> finish() {
        ++m_->counts.generations_finished;
        m_->report(event::kind::generation_finished, by_.id, p_.text());
        if (p_.asked.stream) {
            co_await out_.send(speak_.closing(p_));
            co_await out_.end_stream();
        } else {
            co_await out_.send(pretty(200, speak_.whole(p_)));
        }
    }

    asio::awaitable<void> fail(std::string why) {
        m_->report(event::kind::generation_failed, by_.id, why);
        if (p_.asked.stream) {
            co_await out_.send(speak_.broken(p_, why));
            co_await out_.end_stream();
        } else {
            co_await out_.send(speak_.failed(why));
        }
    }

    std::shared_ptr<machine> m_;
    responder& out_;
    dialect const& speak_;
    instance by_;
    prediction p_;
    std::size_t wanted_ = 1;
    std::string why_;
};

} // namespace

std::string token_at(std::size_t index) {
    std::string token = index == 0 ? "" : " ";
    return token += words[index % words.size()];
}

asio::awaitable<void> generate(std::shared_ptr<machine> m, responder& out, dialect const& speak,
                               instance by, prediction p) {
    run one{std::move(m), out, speak, std::move(by), std::move(p)};
    co_await one.go();
}

} // namespace secondwind::emulator
