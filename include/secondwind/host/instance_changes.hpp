// Which models a host has loaded and unloaded, as its lists show it. Pure.
#pragma once

#include <secondwind/lmstudio/instance.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace secondwind::host {

// Counts the instances that come and go between two lists, whoever loads and unloads them. What is
// loaded and unloaded again between two lists is not seen.
class instance_changes {
public:
    // Of models of one host; what comes beyond is not counted.
    static constexpr std::size_t most_models = 1'000;

    struct counts {
        std::uint64_t loads = 0;
        std::uint64_t unloads = 0;
    };

    void note(lmstudio::inventory const& before, lmstudio::inventory const& after);

    std::map<std::string, counts> const& by_model() const noexcept { return by_model_; }

private:
    counts* find(std::string const& model);

    std::map<std::string, counts> by_model_;
};

} // namespace secondwind::host
