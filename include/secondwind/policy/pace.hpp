// How fast a host serves and loads, learned from what it did. Pure.
#pragma once

#include <secondwind/policy/price.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::policy {

// Moving averages, kept in memory only.
class pace {
public:
    // A request for the model took so long, its load not counted.
    void served(std::string_view model, seconds took);
    // A load of so many bytes took so long. Nothing is learned from 0 bytes, nor from less than
    // shortest_load: what was ready so soon had been loaded before.
    void loaded(std::uint64_t bytes, seconds took) noexcept;

    // What a request for the model takes; nothing if none was served.
    std::optional<seconds> of(std::string_view model) const noexcept;
    // Changes whenever a request was served: of() may be something else then.
    std::uint64_t lessons() const noexcept { return lessons_; }
    // What a load of so many bytes takes, at `rate` if few were seen.
    seconds load_time(std::uint64_t bytes, double rate = usual_rate) const noexcept;
    // Bytes a second that are loaded; nothing if no load was seen.
    std::optional<double> rate() const noexcept {
        return bytes_ > 0 ? std::optional{rate(usual_rate)} : std::nullopt;
    }
    static constexpr double usual_rate = 1e9;
    static constexpr seconds shortest_load{0.2};

    // Of more models, all are forgotten: their names come from requests.
    static constexpr std::size_t most = 256;

private:
    // As if first_bytes had been loaded at that rate before.
    double rate(double first) const noexcept;

    std::map<std::string, seconds, std::less<>> served_;
    std::uint64_t lessons_ = 0;
    double bytes_ = 0;  // of the loads, the last ones counting most
    seconds reading_{}; // what they took
};

} // namespace secondwind::policy
