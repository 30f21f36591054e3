#include "operator_verbs.hpp"

#include "operator_view.hpp"
#include "table.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr int switching_protocols = 101;
constexpr std::chrono::milliseconds shortest_pause{250};
constexpr std::chrono::milliseconds longest_pause{5000};

// A run's name goes into a request's target, where not every character may stand.
bool is_run(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

class follower {
public:
    follower(operator_order const& order, surroundings const& around)
        : order_{order}, around_{around}, stream_{order.where} {}

    int run() {
        for (;;) {
            auto const answer = stream_.open(target(), order_.bound);
            if (stream_.interrupted())
                return 0;
            if (answer.status == switching_protocols) {
                if (auto const code = read())
                    return *code;
            } else if (!was_cut_ || is_refusal(answer)) {
                around_.complain(complaint_about(order_.where, answer));
                return 1;
            }
            stream_.pause(pause_);
            pause_ = std::min(2 * pause_, longest_pause);
        }
    }

private:
    std::string target() const {
        return is_run(run_) ? fmt::format("/events?run={}&after={}", run_, sequence_) : "/events";
    }

    // It would say the same next time, whereas a server that is just starting will not.
    static bool is_refusal(admin_answer const& answer) noexcept {
        constexpr int first_refusal = 400;
        constexpr int first_failure = 500;
        return answer.status >= first_refusal && answer.status < first_failure;
    }

    // Until the connection is cut, or the exit code is known.
    std::optional<int> read() {
        for (;;) {
            auto const got = stream_.next();
            if (got.end == event_stream::end::interrupted)
                return 0;
            if (got.end == event_stream::end::cut) {
                around_.complain(printable(fmt::format("{} is gone: {}; connecting again",
                                                       to_string(order_.where), got.why)));
                was_cut_ = true;
                return std::nullopt;
            }
            if (auto const code = take(got.message))
                return code;
        }
    }

    std::optional<int> take(std::string const& message) {
        auto const event = json::parse(message, nullptr, false);
        if (!event.is_object()) {
            around_.complain(to_string(order_.where) +
                             " sent what is no event: is secondwind's admin listener there?");
            return 1;
        }
        auto const type = text_member(event, "type");
        if (was_cut_ && (type == "snapshot" || type == "resumed"))
            tell_of_return(event, type);
        if (auto const run = text_member(event, "run", ""); !run.empty())
            run_ = run;
        if (member(event, "sequence").is_number_unsigned())
            sequence_ = count_member(event, "sequence");
        pause_ = shortest_pause;
        if (!print(message, event, type))
            return 1;
        return order_.once ? std::optional{0} : std::nullopt;
    }

    void tell_of_return(json const& event, std::string const& type) const {
        if (type == "resumed")
            around_.complain("connected again: no event was missed");
        else if (text_member(event, "run") == run_)
            around_.complain("connected again: some events were missed, here is how all is now");
        else
            around_.complain("connected again: secondwind was started anew");
    }

    bool print(std::string const& message, json const& event, std::string const& type) const {
        if (order_.json)
            return print_line(around_, message);
        if (type == "resumed")
            return true;
        if (order_.once && type == "snapshot")
            return around_.print(status_view(member(event, "status"), list_member(event, "hosts"),
                                             list_member(event, "recoveries"), around_.colours));
        return around_.print(event_view(event, around_.colours));
    }

    operator_order const& order_;
    surroundings const& around_;
    event_stream stream_;
    bool was_cut_ = false;
    std::string run_;
    std::uint64_t sequence_ = 0;
    std::chrono::milliseconds pause_ = shortest_pause;
};

} // namespace

int follow_events(operator_order const& order, surroundings const& around) {
    return follower{order, around}.run();
}

} // namespace secondwind::app
