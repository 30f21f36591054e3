// The record of recoveries.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/recovery/ledger_file.hpp>
#include <secondwind/recovery/record.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::recovery {

// A ring of the newest records. Each step of a recovery is logged as it happens, and the observers
// are called with it; a record that is complete goes to the file.
class ledger {
public:
    static constexpr std::size_t kept = 1000;

    using observer = std::function<void(step, record const&)>;

    // Throws std::runtime_error if the file (recovery.ledger_file; empty: none) cannot be opened.
    explicit ledger(std::string const& file = {}) : file_{file} {}

    std::shared_ptr<record> open(std::string host, trigger cause);
    // Adds the step to the record.
    void note(step s, record& r);
    // The recovery's own work is over.
    void finish(record& r);
    // The outcome for an exchange that has awaited it; `led` if it is the one that led it.
    void conclude(record& r, std::string_view request_id, outcome o, bool led);

    // Adds an observer. It is called in the middle of a recovery: it must neither throw nor await,
    // and must be callable as long as there are recoveries.
    void observe(observer o) { observers_.push_back(std::move(o)); }
    // Appends to another file from now on; reopen() to a new one of the same name, and throws as
    // the constructor does.
    void write_to(ledger_file other) noexcept { file_ = std::move(other); }
    void reopen() { write_to(ledger_file{file_.name()}); }
    // Bounds the size of the file from now on (recovery.ledger_size).
    void bound(std::uint64_t bytes) noexcept { most_bytes_ = bytes; }

    // How many recoveries this process has begun.
    std::uint64_t opened() const noexcept { return opened_; }
    // Adds the complete records of earlier processes, before this one has begun any. They keep
    // their numbers as far as these grow, and observers do not hear of them.
    void restore(std::vector<record> earlier);
    std::string const& file() const noexcept { return file_.name(); } // empty: there is none

    std::deque<std::shared_ptr<record>> const& records() const noexcept { return records_; }

private:
    void keep_if_done(record const& r);

    std::deque<std::shared_ptr<record>> records_; // oldest first
    std::uint64_t next_id_ = 1;
    std::uint64_t opened_ = 0;
    std::vector<observer> observers_;
    ledger_file file_;
    std::uint64_t most_bytes_ = config::recovery{}.ledger_size;
};

} // namespace secondwind::recovery
