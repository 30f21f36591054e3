// Why the registry cannot be used. Pure.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace secondwind::registry {

// Its text is a sentence that says what failed, why, and what to do.
class registry_error : public std::runtime_error {
public:
    enum class kind : std::uint8_t {
        unusable, // it cannot be opened or locked, or another program's file is in its place
        newer,    // a later secondwind has made it
        damaged,  // restore a backup
        full,     // no room on the disk, or a write failed; what was stored before is intact
        invalid   // a value is out of its range; nothing has been written
    };
    registry_error(kind k, std::string const& sentence) : std::runtime_error{sentence}, kind_{k} {}
    kind which() const noexcept { return kind_; }

private:
    kind kind_;
};

} // namespace secondwind::registry
