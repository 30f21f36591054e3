#include "narrator.hpp"

#include <fmt/format.h>

namespace secondwind::demo {

namespace {

std::string_view name_of(narrator::voice who) noexcept {
    switch (who) {
    case narrator::voice::client:
        return "your app";
    case narrator::voice::proxy:
        return "secondwind";
    case narrator::voice::host:
        return "LM Studio";
    }
    return {};
}

} // namespace

void narrator::title(std::string_view text) {
    fmt::print(out_, "\n{}\n\n", text);
    std::fflush(out_);
}

void narrator::say(voice who, std::string_view text) {
    fmt::print(out_, "  {:>10} | {}\n", name_of(who), text);
    std::fflush(out_);
}

void narrator::plain(std::string_view text) {
    fmt::print(out_, "{}\n", text);
    std::fflush(out_);
}

void narrator::hear(emulator::event const& e) {
    using kind = emulator::event::kind;
    switch (e.type) {
    case kind::load_started:
        break;
    case kind::loaded:
        say(voice::host, "loaded " + e.model);
        break;
    case kind::load_refused:
        say(voice::host, "REFUSED to load " + e.model + ": " + e.text);
        break;
    case kind::unloaded:
        say(voice::host, "unloaded " + e.model);
        break;
    case kind::generation_started:
        say(voice::host, e.model + " answers ...");
        break;
    case kind::generation_finished:
        break;
    case kind::generation_aborted:
        say(voice::host, e.model + " stopped: its client left");
        break;
    case kind::generation_failed:
        say(voice::host, e.model + " failed: " + e.text);
        break;
    }
}

void narrator::hear(recovery::step s, recovery::record const& r) {
    using recovery::step;
    switch (s) {
    case step::began:
        say(voice::proxy, fmt::format("held that answer back: {}. Recovery {} begins",
                                      policy::to_string(r.trigger.verdict), r.id));
        break;
    case step::listed:
        say(voice::proxy, "asked which models are loaded");
        break;
    case step::planned:
        say(voice::proxy, fmt::format("made its plan: {}", policy::to_string(r.plan.reason)));
        break;
    case step::waiting:
        say(voice::proxy, "waits until one of them is idle");
        break;
    case step::unloading:
        say(voice::proxy, "unloads " + r.unloads.back().instance.id);
        break;
    case step::unloaded:
        break;
    case step::verified:
        say(voice::proxy, "saw that it is gone");
        break;
    case step::finished:
        if (r.acted == recovery::outcome::pending)
            say(voice::proxy,
                fmt::format("replays the buffered request, {:.1f} ms after the refusal",
                            std::chrono::duration<double, std::milli>{r.took}.count()));
        else
            say(voice::proxy, "could not help: " + r.error);
        break;
    case step::concluded:
        say(voice::proxy, fmt::format("relayed the answer: {}, {} unloaded",
                                      recovery::to_string(r.outcome), r.unloaded()));
        break;
    }
}

} // namespace secondwind::demo
