// An emulated host that a file describes: docs/emulator.md. Pure.
#pragma once

#include <secondwind/emulator/options.hpp>
#include <secondwind/emulator/store.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::emulator {

struct machine {
    struct preload {
        std::string model;
        load_choice choice{};
    };

    emulator::options options{};
    std::uint64_t occupied_bytes = 0; // by other programs
    std::vector<preload> loaded{};    // at the start
};

// The file is not such a description.
class machine_error : public std::runtime_error {
public:
    explicit machine_error(std::vector<std::string> faults);

    // Each names the member, and says what is wrong with it.
    std::vector<std::string> const& faults() const noexcept { return faults_; }

private:
    std::vector<std::string> faults_;
};

// JSON, which may have comments. Throws machine_error with all faults.
machine parse_machine(std::string_view text);

} // namespace secondwind::emulator
