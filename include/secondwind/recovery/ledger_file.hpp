// Recoveries as JSON lines in a file.
#pragma once

#include <secondwind/base/file.hpp>
#include <secondwind/recovery/record.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::recovery {

// One record as JSON, without a line end. Times are UTC, durations milliseconds.
std::string to_json(record const& r);

// Reads that again; nothing if it is damaged.
std::optional<record> from_json(std::string_view line);

struct ledger_content {
    std::vector<record> records; // oldest first
    std::size_t damaged = 0;     // lines that are none
};
// The last records of the file and, if that has too few, of "NAME.1"; the last 4 MiB of each at
// most. A file that cannot be read has none.
ledger_content read_ledger(std::string const& name, std::size_t most);

// Appends whole lines, to a file of limited size. A write that fails is logged once and never stops
// a recovery; what it has left in the file is taken back.
class ledger_file {
public:
    // Throws std::runtime_error with a sentence that names the file if it cannot be opened. An
    // empty name is no file.
    explicit ledger_file(std::string const& name);

    // If the file would become larger than `most` bytes, it is first renamed to "NAME.1", in place
    // of the one before, and a new one begins.
    void append(record const& r, std::uint64_t most);
    std::string const& name() const noexcept { return name_; } // empty: there is none

private:
    int make_room(std::size_t bytes, std::uint64_t most);
    int write_line(std::string const& line);

    std::string name_;
    descriptor out_;
    bool within_line_ = false; // what another process has left at the end is no whole line
    bool failed_ = false;
};

} // namespace secondwind::recovery
