// Recoveries as JSON lines in a file.
#pragma once

#include <secondwind/recovery/record.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace secondwind::recovery {

// One record as JSON, without a line end. Times are UTC, durations milliseconds.
std::string to_json(record const& r);

// Appends whole lines. A write that fails is logged once and never stops a recovery.
class ledger_file {
public:
    // Throws std::runtime_error with a sentence that names the file if it cannot be opened. An
    // empty name is no file.
    explicit ledger_file(std::string const& name);

    void append(record const& r);
    std::string const& name() const noexcept { return name_; } // empty: there is none

private:
    struct closer {
        void operator()(std::FILE* f) const noexcept { std::fclose(f); }
    };
    std::string name_;
    std::unique_ptr<std::FILE, closer> out_;
    bool failed_ = false;
};

} // namespace secondwind::recovery
