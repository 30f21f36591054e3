#include <secondwind/recovery/record.hpp>

#include <algorithm>

namespace secondwind::recovery {

std::string_view to_string(outcome o) noexcept {
    switch (o) {
    case outcome::pending:
        return "pending";
    case outcome::recovered:
        return "recovered";
    case outcome::replay_failed:
        return "replay_failed";
    case outcome::unload_failed:
        return "unload_failed";
    case outcome::no_candidate:
        return "no_candidate";
    case outcome::busy_timeout:
        return "busy_timeout";
    case outcome::futile:
        return "futile";
    case outcome::healed:
        return "healed";
    case outcome::not_replayable:
        return "not_replayable";
    case outcome::client_gone:
        return "client_gone";
    case outcome::observed:
        return "observed";
    }
    return "pending";
}

std::optional<outcome> outcome_from_string(std::string_view name) noexcept {
    for (auto const each :
         {outcome::pending, outcome::recovered, outcome::replay_failed, outcome::unload_failed,
          outcome::no_candidate, outcome::busy_timeout, outcome::futile, outcome::healed,
          outcome::not_replayable, outcome::client_gone, outcome::observed})
        if (to_string(each) == name)
            return each;
    return std::nullopt;
}

std::string_view to_string(step s) noexcept {
    switch (s) {
    case step::began:
        return "began";
    case step::listed:
        return "listed";
    case step::planned:
        return "planned";
    case step::waiting:
        return "waiting";
    case step::unloading:
        return "unloading";
    case step::unloaded:
        return "unloaded";
    case step::verified:
        return "verified";
    case step::fitting:
        return "fitting";
    case step::fitted:
        return "fitted";
    case step::replaying:
        return "replaying";
    case step::refused:
        return "refused";
    case step::finished:
        return "finished";
    case step::concluded:
        return "concluded";
    }
    return "began";
}

std::size_t record::unloaded() const noexcept {
    return static_cast<std::size_t>(std::ranges::count(unloads, true, &unload_record::done));
}

} // namespace secondwind::recovery
