#include "connection.hpp"

#include "network.hpp"
#include "statements.hpp"

#include <secondwind/registry/backup.hpp>

#include <sqlite3.h>

#include <array>
#include <chrono>
#include <thread>
#include <utility>

namespace secondwind::registry {
namespace {

using kind = registry_error::kind;

constexpr std::string_view bad_header = "its header names no version of the registry";
constexpr int patience_for_others = 5000; // ms
constexpr int attempts_at_wal = 500;      // one each 10 ms
constexpr int most_migrations = 1000;     // a larger number is none that a version has written

void set_no_checkpoint(SQLite::Database& opened, int on) {
    ::sqlite3_db_config(opened.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on, nullptr);
}

// By the names that their columns have in rows.hpp.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> tables{
    {{"host h", host_columns},
     {"model m", model_columns},
     {"run r", run_columns},
     {"probe p", probe_columns},
     {"result s", result_columns},
     {"restore t", restore_columns}}};

std::int64_t number_of(SQLite::Database& opened, char const* query) {
    return opened.execAndGet(query).getInt64();
}

bool lacks_shared_memory(SQLite::Exception const& error) {
    switch (error.getExtendedErrorCode()) {
    case SQLITE_CANTOPEN: // of the shared memory: the file itself is open
    case SQLITE_IOERR_SHMOPEN:
    case SQLITE_IOERR_SHMLOCK:
    case SQLITE_IOERR_SHMMAP:
        return true;
    default:
        return false;
    }
}

void choose_journal(SQLite::Database& opened, std::filesystem::path const& file) {
    constexpr auto const* keep_rollback_journal = "PRAGMA journal_mode=DELETE";
    bool const alone = opened.execAndGet("PRAGMA locking_mode").getString() == "exclusive";
    auto const* change =
        alone || is_on_network(file) ? keep_rollback_journal : "PRAGMA journal_mode=WAL";
    for (int left = attempts_at_wal;; --left) {
        try {
            // Where the file cannot have it, it keeps the one that it has.
            opened.execAndGet(change);
            if (alone)
                opened.execAndGet("PRAGMA locking_mode=NORMAL");
            return;
        } catch (SQLite::Exception const& error) {
            // SQLite does not wait here for another process that makes the same change.
            if ((error.getErrorCode() & 0xff) == SQLITE_BUSY && left > 0)
                std::this_thread::sleep_for(std::chrono::milliseconds{10});
            else if (lacks_shared_memory(error))
                change = keep_rollback_journal;
            else
                throw;
        }
    }
}

} // namespace

registry_error damage_of(std::filesystem::path const& registry, std::string_view fault) {
    auto sentence = "the registry " + registry.string() + " is damaged (" + std::string{fault} +
                    "); nothing is read from it or written to it. ";
    if (auto const good = newest_good_backup(registry))
        sentence += "The newest good backup is " + good->file.string() +
                    ": \"secondwind lab restore latest\" puts it back";
    else
        sentence += "There is no good backup: move the file away to begin with an empty registry";
    return {kind::damaged, sentence};
}

void throw_for(std::filesystem::path const& registry, SQLite::Exception const& error) {
    auto const code = error.getExtendedErrorCode();
    auto const text = std::string{error.what()};
    auto const of = "the registry " + registry.string();
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        throw damage_of(registry, text);
    case SQLITE_FULL:
        throw registry_error{kind::full, "cannot write " + of +
                                             ": the disk is full; free some space and try again: "
                                             "what was stored before is intact"};
    case SQLITE_IOERR:
        throw registry_error{
            kind::full, "cannot write " + of + ": " + text +
                            "; check the disk and try again: what was stored before is intact"};
    case SQLITE_CONSTRAINT:
        throw registry_error{kind::invalid,
                             of + " does not keep this: " + text + "; nothing has been written"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        throw registry_error{kind::unusable,
                             of + " is in use by another process; end it and try again"};
    case SQLITE_READONLY:
        throw registry_error{kind::unusable,
                             "cannot write " + of +
                                 ": this user may not, and reading takes it as well; run it as the "
                                 "owner of the file"};
    default:
        throw registry_error{kind::unusable, "cannot open " + of + ": " + text +
                                                 "; check that it can be read and written"};
    }
}

SQLite::Database open_unchecked(std::filesystem::path const& file) {
    SQLite::Database opened{file.string(), SQLite::OPEN_READWRITE, patience_for_others};
    set_no_checkpoint(opened, 1);
    try {
        number_of(opened, "PRAGMA schema_version");
    } catch (SQLite::Exception const& error) {
        if (!lacks_shared_memory(error))
            throw;
        // It came from a place with shared memory. One process can do without.
        opened.execAndGet("PRAGMA locking_mode=EXCLUSIVE");
        number_of(opened, "PRAGMA schema_version");
    }
    opened.exec("PRAGMA cell_size_check=ON; PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL");
    return opened;
}

void end_of_checks(SQLite::Database& opened) {
    set_no_checkpoint(opened, 0);
}

identity identify(SQLite::Database& opened, int& schema, std::size_t known) {
    auto const id = number_of(opened, "PRAGMA application_id");
    schema = static_cast<int>(number_of(opened, "PRAGMA user_version"));
    if (id == application_id && schema > 0 && schema <= most_migrations)
        return static_cast<std::size_t>(schema) > known ? identity::newer : identity::registry;
    auto const count = number_of(opened, "SELECT count(*) FROM sqlite_schema");
    if (id == 0 && schema == 0 && count == 0)
        return identity::empty;
    bool const ours =
        id == application_id ||
        number_of(opened, "SELECT count(*) FROM sqlite_schema WHERE type='table' AND "
                          "name IN ('host','model','run','probe','result','restore')") == 6;
    return ours ? identity::damaged : identity::other;
}

std::optional<std::string> first_fault(SQLite::Database& opened, int schema) {
    auto const answer = opened.execAndGet("PRAGMA quick_check(1)").getString();
    if (answer != "ok")
        return answer;
    // Nothing else notices damage to the texts that define the tables.
    if (schema == static_cast<int>(migrations().size()))
        for (auto const& [table, columns] : tables) {
            auto const query = joined({"SELECT ", columns, " FROM ", table});
            try {
                SQLite::Statement{opened, query};
            } catch (SQLite::Exception const& error) {
                return error.what();
            }
        }
    return std::nullopt;
}

bool has_lost_everything(std::filesystem::path const& blank) {
    return !backups_of(blank).empty();
}

std::optional<std::string> fault_of(std::filesystem::path const& file) {
    try {
        auto opened = open_unchecked(file);
        int schema = 0;
        switch (identify(opened, schema)) {
        case identity::registry:
            return first_fault(opened, schema);
        case identity::newer:
            return "it is of a later version of secondwind";
        case identity::damaged:
            return std::string{bad_header};
        default:
            return "it is no registry of secondwind";
        }
    } catch (SQLite::Exception const& error) {
        return error.what();
    }
}

void migrate(SQLite::Database& opened, std::span<std::string_view const> steps) {
    for (;;) {
        SQLite::Transaction step{opened, SQLite::TransactionBehavior::IMMEDIATE};
        // Within the transaction: another process may do the same.
        auto const schema = static_cast<std::size_t>(number_of(opened, "PRAGMA user_version"));
        if (schema >= steps.size())
            return;
        opened.exec(std::string{steps[schema]});
        opened.exec("PRAGMA application_id=" + std::to_string(application_id) +
                    "; PRAGMA user_version=" + std::to_string(schema + 1));
        step.commit();
    }
}

connection::connection(std::filesystem::path const& file, purpose wanted,
                       std::span<std::string_view const> steps)
    : steps_{steps}, file_{resolved(file)} {
    guarded(file_, [&] {
        if (wanted == purpose::write)
            make_folder(file_.parent_path());
        if (std::filesystem::is_directory(file_.parent_path()))
            use_.emplace(file_);
        open(wanted);
    });
}

void connection::open(purpose wanted) {
    if (wanted == purpose::write) {
        make_file(file_);
    } else if (!std::filesystem::exists(file_)) {
        return open_empty();
    }

    sql_.emplace(open_unchecked(file_));
    int schema = 0;
    auto const found = identify(*sql_, schema, steps_.size());
    if (found == identity::newer)
        throw registry_error{kind::newer, "the registry " + file_.string() + " has schema " +
                                              std::to_string(schema) +
                                              ", and this secondwind knows " +
                                              std::to_string(steps_.size()) +
                                              " at most; use the later version that has made it"};
    if (found == identity::other)
        throw registry_error{kind::unusable, file_.string() +
                                                 " is the database of another program, not a "
                                                 "registry; choose another file with --registry"};
    if (found == identity::damaged)
        throw damage_of(file_, bad_header);
    if (found == identity::empty && has_lost_everything(file_))
        throw damage_of(file_, lost_everything);
    if (auto const fault = first_fault(*sql_, schema))
        throw damage_of(file_, *fault);
    end_of_checks(*sql_);

    bool const old = schema < static_cast<int>(steps_.size());
    if (wanted == purpose::write) {
        if (found == identity::registry && old)
            back_up(file_, "migration", std::chrono::system_clock::now());
        choose_journal(*sql_, file_);
        if (old)
            migrate(*sql_, steps_);
        return;
    }
    if (found == identity::empty)
        return open_empty();
    if (wanted == purpose::copy)
        return;
    if (old)
        throw registry_error{kind::unusable, "the registry " + file_.string() +
                                                 " is of an earlier version; " +
                                                 "\"secondwind lab scan\" brings it up to date"};
    sql_->exec("PRAGMA query_only=ON");
}

void connection::open_empty() {
    stored_ = false;
    sql_.emplace(":memory:", SQLite::OPEN_READWRITE);
    migrate(*sql_, steps_);
    sql_->exec("PRAGMA query_only=ON");
}

transaction::transaction(connection& of) : connection_{of} {
    connection_.sql().exec(connection_.in_batch ? "SAVEPOINT part" : "BEGIN IMMEDIATE");
}

transaction::~transaction() {
    // After some errors SQLite has taken it back itself, and there is nothing to do.
    if (open_)
        connection_.sql().tryExec(connection_.in_batch ? "ROLLBACK TO part; RELEASE part"
                                                       : "ROLLBACK");
}

void transaction::commit() {
    connection_.sql().exec(connection_.in_batch ? "RELEASE part" : "COMMIT");
    open_ = false;
}

} // namespace secondwind::registry
