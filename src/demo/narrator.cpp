#include "narrator.hpp"

#include <chrono>

#include <fmt/format.h>

namespace secondwind::demo {

namespace {

constexpr std::chrono::milliseconds pause{50};       // until what was not taken is offered again
constexpr std::chrono::milliseconds last_wait{1000}; // at the end

std::string_view name_of(narrator::speaker from) noexcept {
    switch (from) {
    case narrator::speaker::client:
        return "your app";
    case narrator::speaker::proxy:
        return "secondwind";
    case narrator::speaker::host:
        return "LM Studio";
    }
    return {};
}

} // namespace

void narrator::title(std::string_view text) {
    print(fmt::format("\n{}\n", text));
}

void narrator::say(speaker from, std::string_view text) {
    print(fmt::format("  {:>10} | {}", name_of(from), text));
}

void narrator::plain(std::string_view text) {
    print(text);
}

narrator::~narrator() {
    out_.finish(last_wait);
}

void narrator::print(std::string_view line) {
    out_.append(line);
    flush();
}

void narrator::flush() {
    if (out_.flush() != log::output::result::blocked)
        return;
    again_.expires_after(pause);
    again_.async_wait([this](net::error_code ec) {
        if (!ec)
            flush();
    });
}

void narrator::on_event(emulator::event const& event) {
    using kind = emulator::event::kind;
    switch (event.type) {
    case kind::load_started:
        break;
    case kind::loaded:
        say(speaker::host, "loaded " + event.model);
        break;
    case kind::load_refused:
        say(speaker::host, "REFUSED to load " + event.model + ": " + event.text);
        break;
    case kind::unloaded:
        say(speaker::host, "unloaded " + event.model);
        break;
    case kind::generation_started:
        say(speaker::host, event.model + " is generating ...");
        break;
    case kind::generation_finished:
        break;
    case kind::generation_aborted:
        say(speaker::host, event.model + " stopped: its client disconnected");
        break;
    case kind::generation_failed:
        say(speaker::host, event.model + " failed: " + event.text);
        break;
    }
}

void narrator::on_step(recovery::step step, recovery::record const& record) {
    switch (step) {
    case recovery::step::began:
        say(speaker::proxy, fmt::format("kept that error from your app: {}. Recovery {} begins",
                                        policy::to_string(record.trigger.verdict), record.id));
        break;
    case recovery::step::listed:
        say(speaker::proxy, "listed the loaded models");
        break;
    case recovery::step::planned:
        say(speaker::proxy, fmt::format("made a plan: {}", policy::to_string(record.plan.reason)));
        break;
    case recovery::step::waiting:
        say(speaker::proxy, "is waiting for a model to become idle");
        break;
    case recovery::step::unloading:
        say(speaker::proxy, "is unloading " + record.unloads.back().instance.id);
        break;
    // The demo fits no contexts.
    case recovery::step::fitting:
    case recovery::step::fitted:
    case recovery::step::unloaded:
        break;
    case recovery::step::verified:
        say(speaker::proxy, "confirmed that it is unloaded");
        break;
    case recovery::step::replaying:
        say(speaker::proxy,
            fmt::format("is replaying the request, {:.1f} ms after the error",
                        std::chrono::duration<double, std::milli>{record.steps.back().at}.count()));
        break;
    case recovery::step::refused:
        say(speaker::proxy, "was refused again");
        break;
    case recovery::step::finished:
        if (record.acted != recovery::outcome::pending)
            say(speaker::proxy, "could not recover: " + record.error);
        break;
    case recovery::step::concluded:
        say(speaker::proxy, fmt::format("passed on the answer: {}, {} unloaded",
                                        recovery::to_string(record.outcome), record.unloaded()));
        break;
    }
}

} // namespace secondwind::demo
