#include "generation.hpp"
#include "behaviour.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

namespace secondwind::emulator {

namespace {

constexpr std::string_view cache_error = "Unable to reuse from cache: llama_memory is null";
constexpr std::string_view unloaded_error = "Model unloaded.";

// How the progress of a long prompt is reported: once for so many tokens, and at most so often.
constexpr std::uint64_t tokens_per_step = 4096;
constexpr std::uint64_t most_steps = 64;

enum class ending : std::uint8_t { complete, client_left, unloaded, broken, reset, cut };

class generation {
public:
    generation(std::shared_ptr<emulated_host> host, generation_sink& sink, instance instance,
               prediction p, std::optional<reply> said)
        : host_{std::move(host)}, sink_{sink}, instance_{std::move(instance)}, p_{std::move(p)},
          profile_{host_->profile_of(instance_)} {
        if (!said && p_.prompt.schema) {
            said.emplace();
            said->text = example_of(*p_.prompt.schema);
        }
        auto const usual = std::max<std::size_t>(host_->options.tokens_per_answer, 1);
        if (profile_ != nullptr)
            take_prompt();
        if (!said && profile_ != nullptr && instance_.type == model_type::llm) {
            auto const text = text_of(p_.prompt.content);
            auto const kept = last_tokens(text, p_.prompt.tokens);
            said = reply_to(kept, p_.prompt.reasoning, *profile_, p_.prompt.limit.value_or(usual));
        }
        speech_ = said ? speech_of(*said) : usual_speech(usual);
        auto const limit = std::min(p_.prompt.limit.value_or(speech_.size()), room_);
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
        host_->log_prompt(instance_, text_of(p_.prompt.content));
        host_->notify();
        auto end = interrupted();
        if (!end) {
            co_await sink_.begin(p_);
            end = co_await process_prompt();
            if (!end)
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
        case ending::cut:
            ++host_->counts.generations_failed;
            sink_.close_connection();
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

    // What the profile makes of the prompt, before anything is sent.
    void take_prompt() {
        auto const& faults = profile_->faults;
        auto& prompt = p_.prompt;
        auto const context = instance_.context_length;
        bool const truncates = faults.overflow == overflow_answer::truncate;
        auto kept = faults.truncate_at.value_or(prompt.tokens);
        if (truncates)
            kept = std::min(kept, context);
        prompt.tokens = std::min(prompt.tokens, kept);
        if (prompt.tokens > context)
            overflow_ = overflow_text(faults.overflow, prompt.tokens, context);
        // The answer ends where the context does.
        room_ = std::max<std::uint64_t>(context - std::min(prompt.tokens, context), 1);
        auto const reading = speed_at(profile_->prompt_tps, *profile_, prompt.tokens);
        p_.first_token_seconds = static_cast<double>(prompt.tokens) / reading;
        p_.tokens_per_second = speed_at(profile_->tps, *profile_, prompt.tokens);
        p_.shows_reasoning = !profile_->reasoning.empty();
        p_.is_stored = prompt.store;
        prompt.dimensions = profile_->dimensions;
        if (!p_.failure && faults.cut_after)
            p_.failure = breakdown{*faults.cut_after, {}, false, true};
    }

    // Nothing if the prompt is processed, and the answer can begin.
    asio::awaitable<std::optional<ending>> process_prompt() {
        if (!overflow_.empty()) {
            failure_ = overflow_;
            co_return ending::broken;
        }
        auto const steps = profile_ == nullptr ? 1 : steps_of(p_.prompt.tokens);
        auto const pause = host_->options.prompt_time / static_cast<std::int64_t>(steps);
        auto stop = [this] { return interrupted().has_value(); };
        for (std::uint64_t step = 1; step <= steps; ++step) {
            if (pause.count() > 0)
                co_await host_->changed.until(stop, signal::clock::now() + pause);
            bool const stopped = (pause.count() > 0 || step > 1) && stop();
            if (stopped)
                co_return interrupted();
            if (!hold(p_.prompt.tokens * step / steps))
                co_return ending::broken;
            auto const part = static_cast<double>(step) / static_cast<double>(steps);
            co_await sink_.processed(p_, part);
        }
        co_return std::nullopt;
    }

    static std::uint64_t steps_of(std::uint64_t tokens) {
        return std::clamp<std::uint64_t>(tokens / tokens_per_step, 1, most_steps);
    }

    // Whether the instance survives so many tokens in its cache.
    bool hold(std::uint64_t tokens) {
        if (profile_ == nullptr)
            return true;
        auto const deadly = profile_->faults.crash_at;
        bool const survives =
            (!deadly || tokens < *deadly) && host_->models.grow_cache(instance_.serial, tokens);
        if (!survives) {
            failure_ = crash_text();
            host_->crash(instance_);
        }
        return survives;
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
                co_return failure->reset_connection ? ending::reset
                : failure->close_connection         ? ending::cut
                                                    : ending::broken;
            }
            if (p_.tokens == speech_.size())
                co_return ending::complete;
            if (host_->options.token_interval.count() > 0)
                co_await host_->changed.until(stop,
                                              signal::clock::now() + host_->options.token_interval);
            if (auto const reason = interrupted())
                co_return *reason;
            if (!hold(p_.prompt.tokens + p_.tokens + 1))
                co_return ending::broken;
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
    profile const* profile_; // of the instance's model, or null
    speech speech_;
    std::uint64_t room_ = std::numeric_limits<std::uint64_t>::max(); // tokens of the answer
    std::string overflow_;                                           // the error, or empty
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
