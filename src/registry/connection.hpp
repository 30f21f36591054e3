// An open registry, checked, and the sentences for what SQLite refuses.
#pragma once

#include "rows.hpp"
#include "schema.hpp"
#include "use.hpp"

#include <secondwind/registry/error.hpp>

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace secondwind::registry {

// With the newest backup that is sound, and how to restore it.
registry_error damage_of(std::filesystem::path const& registry, std::string_view fault);
[[noreturn]] void throw_for(std::filesystem::path const& registry, SQLite::Exception const& error);

// Runs a function, whose errors become registry_error.
template<class Work>
auto guarded(std::filesystem::path const& registry, Work work) -> decltype(work()) {
    try {
        return work();
    } catch (SQLite::Exception const& error) {
        throw_for(registry, error);
    } catch (bad_row const& error) {
        throw damage_of(registry, error.what());
    } catch (std::filesystem::filesystem_error const& error) {
        throw registry_error{registry_error::kind::unusable,
                             "cannot use the registry " + registry.string() + ": " +
                                 error.code().message() + "; check who may read and write it"};
    }
}

// Opens an SQLite file without any check. Until end_of_checks(), closing it leaves it as it is.
// Throws SQLite::Exception.
SQLite::Database open_unchecked(std::filesystem::path const& file);
void end_of_checks(SQLite::Database& opened);

// What a file is, before its tables are read.
enum class identity { empty, registry, newer, damaged, other };
identity identify(SQLite::Database& opened, int& schema, std::size_t known = migrations().size());
// The first fault that quick_check finds, or a column that is missing. Nothing: it is sound.
std::optional<std::string> first_fault(SQLite::Database& opened, int schema);
// A registry that was backed up is not empty unless something has emptied it. To begin with
// an empty one, its file is removed.
bool has_lost_everything(std::filesystem::path const& blank);
inline constexpr std::string_view lost_everything = "it is empty, but there are backups of it";
// Of a file that should be a registry: a backup, or a registry in use. Nothing: it is sound.
std::optional<std::string> fault_of(std::filesystem::path const& file);

// Makes the newest schema out of an older one, each step in a transaction. Throws
// SQLite::Exception.
void migrate(SQLite::Database& opened, std::span<std::string_view const> steps);

class connection {
public:
    enum class purpose {
        read,  // no file: an empty registry; never changes what it holds
        write, // makes or migrates it if needed
        copy   // as read, but of any schema, and a backup can be made of it
    };
    // Throws registry_error.
    connection(std::filesystem::path const& file, purpose wanted,
               std::span<std::string_view const> steps = migrations());

    std::filesystem::path const& file() const noexcept { return file_; }
    SQLite::Database& sql() noexcept { return *sql_; }

    // False for an empty registry that is only read.
    bool is_stored() const noexcept { return stored_; }

    bool in_batch = false; // a transaction is open that other calls take part in

private:
    void open(purpose wanted);
    void open_empty();

    std::span<std::string_view const> steps_;
    std::filesystem::path file_;
    std::optional<shared_use> use_;
    std::optional<SQLite::Database> sql_;
    bool stored_ = true;
};

// Takes its changes back unless they are committed. Within a batch it is a part of the batch's.
// Throws SQLite::Exception.
class transaction {
public:
    explicit transaction(connection& of);
    ~transaction();
    transaction(transaction const&) = delete;
    transaction& operator=(transaction const&) = delete;
    void commit();

private:
    connection& connection_;
    bool open_ = true;
};

} // namespace secondwind::registry
