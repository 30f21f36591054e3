// A lab that wants the lease of a host, and writes down what it hears.
#pragma once

#include <secondwind/recovery/lab_lease.hpp>

#include <functional>
#include <string>
#include <vector>

namespace secondwind::test {

struct scripted_lab final : recovery::lab {
    void granted() override {
        has_it = true;
        heard.emplace_back("granted");
        on_grant();
    }
    void wanted(std::vector<std::string> const& models) override {
        std::string line = "wanted";
        for (auto const& each : models)
            line += " " + each;
        heard.push_back(std::move(line));
    }
    void ended(std::string_view reason) override {
        has_it = false;
        heard.push_back("ended: " + std::string{reason});
    }

    std::vector<std::string> heard;
    std::function<void()> on_grant = [] {};
    bool has_it = false; // as far as it knows
};

} // namespace secondwind::test
