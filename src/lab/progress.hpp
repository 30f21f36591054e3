// Tells a user how a run goes: on a terminal one line that is rewritten, with finished models above
// it; elsewhere a line for each event; or JSON lines on standard output.
#pragma once

#include "narrator.hpp"

#include <secondwind/base/console.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::lab {

// Where progress is written. The process's own standard error, or a test's.
struct screen {
    std::function<void(std::string_view bytes)> write;
    bool terminal = false;
    std::function<std::size_t()> width = [] { return std::size_t{80}; };
    std::function<std::chrono::steady_clock::time_point()> now = &std::chrono::steady_clock::now;
};
screen standard_error();

class progress final : public narrator {
public:
    // Both must outlive it.
    progress(console const& asking, screen const& on) : console_{asking}, screen_{on} {}
    ~progress() override;

    void begins(std::size_t models) override;
    void planned(std::span<planned_model const> models) override;
    void probing(position const& at, wanted_probe const& wanted) override;
    void probed(position const& at, registry::probe const& ended) override;
    void finished(position const& at, result const& added_up, searched_model const& model,
                  double seconds, std::optional<double> seconds_left) override;
    void yields(std::vector<std::string> const& models) override;
    void says(std::string const& sentence) override;
    std::optional<bool> asks(std::string const& question) override;

private:
    void line(std::string_view text);   // stays
    void status(std::string_view text); // is rewritten
    void wipe();

    console const& console_;
    screen const& screen_;
    bool shown_ = false; // a status line is on the screen
    std::optional<std::chrono::steady_clock::time_point> written_;
};

// JSON lines: {"event":"run"|"plan"|"probe"|"model"|"yield"|"note"|"end", ...}.
class json_lines final : public narrator {
public:
    explicit json_lines(console const& to) : console_{to} {}

    void begins(std::size_t models) override;
    void planned(std::span<planned_model const> models) override;
    void probing(position const&, wanted_probe const&) override {}
    void probed(position const& at, registry::probe const& ended) override;
    void finished(position const& at, result const& added_up, searched_model const& model,
                  double seconds, std::optional<double> seconds_left) override;
    void yields(std::vector<std::string> const& models) override;
    void says(std::string const& sentence) override;
    std::optional<bool> asks(std::string const&) override { return std::nullopt; }
    void ended(int code);

private:
    console const& console_;
};

} // namespace secondwind::lab
