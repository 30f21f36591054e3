#include "generation.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace secondwind::emulator {

namespace {

constexpr std::string_view cache_error = "Unable to reuse from cache: llama_memory is null";
constexpr std::string_view unloaded_error = "Model unloaded.";

enum class ending : std::uint8_t { complete, client_left, unloaded, broken, reset };

class generation {
public:
    generation(std::shared_ptr<emulated_host> host, generation_sink& sink, instance instance,
               prediction p, std::optional<reply> said)
        : host_{std::move(host)}, sink_{sink}, instance_{std::move(instance)}, p_{std::move(p)} {
        if (!said && p_.prompt.schema) {
            said.emplace();
            said->text = example_of(*p_.prompt.schema);
        }
        auto const usual = std::max<std::size_t>(host_->options.tokens_per_answer, 1);
        speech_ = said ? speech_of(*said) : usual_speech(usual);
        auto const limit = p_.prompt.limit.value_or(speech_.size());
        p_.cut_short = limit < speech_.size();
        if (p_.cut_short)
            speech_.resize(limit);
    }

    asio::awaitable<void> execute() {
        busy_.emplace(host_, instance_.serial);
        auto served = [this] { return busy_->is_served() || interrupted(); };
        co_await host_->changed.until(served);
        ++host_->counts.generations_started;
        host_->report(event::kind::generation_started, instance_.id);
        host_->notify();
        auto end = interrupted();
        if (!end) {
            co_await sink_.begin(p_);
            end = co_await run();
        }
        busy_.reset();

        // Counted before the last bytes are written: a client that has read them finds it counted.
        switch (*end) {
        case ending::complete:
            ++host_->counts.generations_finished;
            host_->report(event::kind::generation_finished, instance_.id, p_.text());
            co_await sink_.finish(p_);
            break;
        case ending::client_left:
            ++host_->counts.generations_aborted;
            host_->report(event::kind::generation_aborted, instance_.id);
            co_await sink_.abandon(p_);
            break;
        case ending::unloaded:
            ++host_->counts.generations_unloaded;
            co_await fail(std::string{unloaded_error});
            break;
        case ending::broken:
            ++host_->counts.generations_failed;
            co_await fail(failure_);
            break;
        case ending::reset:
            ++host_->counts.generations_failed;
            sink_.reset_connection();
            break;
        }
        host_->notify();
    }

private:
    bool lives() const { return host_->models.find_serial(instance_.serial) != nullptr; }

    std::optional<ending> interrupted() const {
        if (sink_.gone() || host_->stopping)
            return ending::client_left;
        if (!lives())
            return ending::unloaded;
        return std::nullopt;
    }

    asio::awaitable<ending> run() {
        auto const failure = p_.failure ? p_.failure : host_->script.take_breakdown();
        auto stop = [this] { return interrupted().has_value(); };
        auto go_on = [this, stop] {
            return stop() || !host_->script.generation_held(instance_.key, p_.tokens);
        };
        for (;;) {
            co_await host_->changed.until(go_on);
            if (auto const reason = interrupted())
                co_return *reason;
            if (auto const* self = host_->models.find_serial(instance_.serial); self->corrupt) {
                failure_ = cache_error;
                co_return ending::broken;
            }
            if (failure && p_.tokens >= failure->after_tokens) {
                failure_ = failure->text;
                co_return failure->reset_connection ? ending::reset : ending::broken;
            }
            if (p_.tokens == speech_.size())
                co_return ending::complete;
            if (host_->options.token_interval.count() > 0)
                co_await host_->changed.until(stop,
                                              signal::clock::now() + host_->options.token_interval);
            if (auto const reason = interrupted())
                co_return *reason;
            auto& next = speech_[p_.tokens];
            if (next.part)
                p_.parts.push_back(*next.part);
            p_.say(next.text);
            busy_->first_token();
            co_await sink_.piece(p_);
        }
    }

    asio::awaitable<void> fail(std::string reason) {
        host_->report(event::kind::generation_failed, instance_.id, reason);
        co_await sink_.fail(p_, std::move(reason));
    }

    std::shared_ptr<emulated_host> host_;
    generation_sink& sink_;
    instance instance_;
    prediction p_;
    std::optional<busy_mark> busy_;
    speech speech_;
    std::string failure_;
};

} // namespace

asio::awaitable<void> generate(std::shared_ptr<emulated_host> host, generation_sink& sink,
                               instance instance, prediction p, std::optional<reply> said) {
    generation generation{std::move(host), sink, std::move(instance), std::move(p),
                          std::move(said)};
    co_await generation.execute();
}

} // namespace secondwind::emulator
