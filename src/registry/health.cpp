#include "connection.hpp"
#include "ranges.hpp"
#include "statements.hpp"

#include <secondwind/registry/backup.hpp>

#include "schema.hpp"

#include <system_error>

namespace secondwind::registry {
namespace {

constexpr std::size_t most_faults = 100;

class examination {
public:
    examination(health& found, SQLite::Database& opened) : found_{found}, opened_{opened} {}

    void examine_all() {
        found_.journal_mode = opened_.execAndGet("PRAGMA journal_mode").getString();
        switch (identify(opened_, found_.schema)) {
        case identity::empty:
            if (has_lost_everything(found_.file))
                fault(std::string{lost_everything});
            return;
        case identity::newer:
            return fault("its schema " + std::to_string(found_.schema) +
                         " is of a later version of secondwind");
        case identity::other:
            return fault("it is the database of another program");
        case identity::damaged:
            fault("its header names no version of the registry");
            break;
        case identity::registry:
            break;
        }
        check_integrity();
        check_references();
        if (found_.faults.empty() && found_.schema == static_cast<int>(migrations().size()))
            read_tables();
    }

private:
    void fault(std::string sentence) {
        if (found_.faults.size() < most_faults)
            found_.faults.push_back(std::move(sentence));
    }

    void check_integrity() {
        SQLite::Statement lines{opened_, "PRAGMA integrity_check(100)"};
        while (lines.executeStep())
            if (auto line = lines.getColumn(0).getString(); line != "ok")
                fault(std::move(line));
    }

    void check_references() {
        SQLite::Statement rows{opened_, "PRAGMA foreign_key_check"};
        while (rows.executeStep())
            fault(rows.getColumn(0).getString() + " " + rows.getColumn(1).getString() +
                  " belongs to a " + rows.getColumn(2).getString() + " that is not there");
    }

    void read_tables() {
        found_.hosts = read("host", joined({"SELECT ", host_columns, " FROM host h"}), read_host);
        found_.models =
            read("model", joined({"SELECT ", model_columns, " FROM model m ORDER BY m.key"}),
                 read_model);
        found_.runs = read("run", joined({"SELECT ", run_columns, " FROM run r"}), read_run);
        found_.probes =
            read("probe", joined({"SELECT ", probe_columns, " FROM probe p"}), read_probe);
        found_.results =
            read("result", joined({"SELECT ", result_columns, " FROM result s"}), read_result);
        read("restore", joined({"SELECT ", restore_columns, " FROM restore t"}), read_restore);
    }

    // The number of rows; those that this program would not have written are faults.
    template<class Record>
    std::size_t read(std::string const& table, std::string const& query,
                     Record (*read_record)(SQLite::Statement&, int&)) {
        SQLite::Statement rows{opened_, query};
        std::size_t count = 0;
        for (; rows.executeStep(); ++count) {
            try {
                int first = 0;
                auto const record = read_record(rows, first);
                check(record);
                note(record);
            } catch (std::runtime_error const& error) {
                fault(table + " " + rows.getColumn(0).getString() + ": " + error.what());
            }
        }
        return count;
    }

    void note(host const&) {}
    void note(run const&) {}
    void note(result const&) {}
    void note(model const& each) {
        if (!each.complaint.empty())
            found_.complaints.push_back(each.key + ": " + each.complaint);
    }
    void note(probe const& each) { found_.unclean_probes += each.clean ? 0 : 1; }
    void note(restore const& each) { found_.open_restores += each.done ? 0 : 1; }

    health& found_;
    SQLite::Database& opened_;
};

std::uintmax_t bytes_of(std::filesystem::path const& file) {
    std::error_code failed;
    auto const bytes = std::filesystem::file_size(file, failed);
    return failed ? 0 : bytes;
}

void examine_file(health& found) {
    try {
        std::optional<shared_use> use;
        if (std::filesystem::is_directory(found.file.parent_path()))
            use.emplace(found.file);
        found.exists = std::filesystem::exists(found.file);
        if (!found.exists)
            return;
        found.bytes = bytes_of(found.file) + bytes_of(with_suffix(found.file, "-wal"));
        auto opened = open_unchecked(found.file);
        examination{found, opened}.examine_all();
        if (found.faults.empty())
            end_of_checks(opened);
    } catch (std::runtime_error const& error) {
        found.faults.emplace_back(error.what());
    }
}

} // namespace

health examine(std::filesystem::path const& registry, bool verbose) {
    health out;
    out.file = resolved(registry);
    examine_file(out);
    for (auto const& each : backups_of(out.file)) {
        auto fault = verbose ? fault_of(each.file) : std::nullopt;
        out.backups.push_back({each, std::move(fault).value_or("")});
    }
    return out;
}

} // namespace secondwind::registry
