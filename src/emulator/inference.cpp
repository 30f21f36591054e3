#include "inference.hpp"
#include "dialect.hpp"
#include "generation.hpp"
#include "load.hpp"

#include <chrono>
#include <ctime>

namespace secondwind::emulator {

namespace {

double seconds(std::chrono::milliseconds d) {
    return static_cast<double>(d.count()) / 1000.0;
}

class inference {
public:
    inference(std::shared_ptr<machine> m, responder& out, endpoint where, prompt asked)
        : m_{std::move(m)}, out_{out}, speak_{dialect_of(where)}, type_{where ==
                                                                                endpoint::embeddings
                                                                            ? model_type::embedding
                                                                            : model_type::llm} {
        p_.number = m_->next_prediction++;
        p_.created = static_cast<std::int64_t>(std::time(nullptr));
        p_.asked = std::move(asked);
    }

    asio::awaitable<void> go() {
        auto serving = co_await find_or_load();
        if (!serving)
            co_return;
        p_.model = serving->id;
        if (watched() && !out_.streaming())
            co_await greet(serving->id);
        co_await generate(m_, out_, speak_, std::move(*serving), std::move(p_));
    }

private:
    // The client watches the load in its stream.
    bool watched() const { return p_.asked.stream && speak_.announces_load(); }

    asio::awaitable<void> greet(std::string id) {
        co_await out_.begin_stream();
        co_await out_.send(speak_.greeting(id));
    }

    // Nothing when there is no more to do: the answer has gone out, or the client has.
    asio::awaitable<std::optional<instance>> find_or_load() {
        while (!out_.gone() && !m_->stopping) {
            auto const found = resolve(m_->models, p_.asked.model, type_, m_->how.jit);
            switch (found.what) {
            case resolution::kind::ready:
                co_return *found.at;
            case resolution::kind::loading:
                co_await wait_for_other_load(found.at->serial);
                break;
            case resolution::kind::load: {
                auto loaded = co_await load(*found.wanted);
                co_return loaded;
            }
            case resolution::kind::none:
            case resolution::kind::several:
                co_await out_.send(speak_.unserved(found.what, !m_->how.rest_v1));
                co_return std::nullopt;
            }
        }
        co_return std::nullopt;
    }

    // If the one that loads it leaves, this one finds the model gone and loads it itself.
    asio::awaitable<void> wait_for_other_load(std::uint64_t serial) {
        auto over = [this, serial] {
            auto const* other = m_->models.find_serial(serial);
            return other == nullptr || other->state == instance_state::loaded || out_.gone() ||
                   m_->stopping;
        };
        co_await m_->changed.until(over);
    }

    asio::awaitable<std::optional<instance>> load(model wanted) {
        if (watched()) {
            co_await greet(wanted.key);
            co_await out_.send(speak_.load_started(wanted.key));
        }
        auto const begun = m_->begin_load(wanted, load_reason::just_in_time);
        if (!begun) {
            co_await refuse(wanted);
            co_return std::nullopt;
        }
        auto const end = co_await await_load(m_, *begun, out_.client());
        if (end == load_end::abandoned)
            co_return std::nullopt;
        p_.load_seconds = seconds(m_->how.load_time);
        if (watched())
            co_await out_.send(speak_.load_finished(begun->id, *p_.load_seconds));
        co_return begun;
    }

    asio::awaitable<void> refuse(model wanted) {
        auto const cause = refusal_cause(m_->how.refusal, wanted.size_bytes);
        if (out_.streaming()) {
            co_await out_.send(speak_.refused_in_stream(wanted, cause));
            co_await out_.end_stream();
        } else {
            co_await out_.send(speak_.refused(wanted, cause));
        }
    }

    std::shared_ptr<machine> m_;
    responder& out_;
    dialect const& speak_;
    model_type type_;
    prediction p_;
};

} // namespace

asio::awaitable<void> infer(std::shared_ptr<machine> m, responder& out, endpoint where,
                            std::string body) {
    auto parsed = parse_prompt(where, body);
    if (auto const* bad = std::get_if<unreadable>(&parsed)) {
        co_await out.send(dialect_of(where).invalid(bad->why));
        co_return;
    }
    inference one{std::move(m), out, where, std::move(std::get<prompt>(parsed))};
    co_await one.go();
}

} // namespace secondwind::emulator
