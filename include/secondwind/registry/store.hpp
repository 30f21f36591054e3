// The registry's file: an SQLite database. Every call is synchronous and, where it changes
// something, durable when it returns. Times are kept to the millisecond.
#pragma once

#include <secondwind/registry/error.hpp>
#include <secondwind/registry/records.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace secondwind::registry {

class connection;

class store {
public:
    enum class access : std::uint8_t {
        read, // no file: an empty registry; nothing is created or migrated
        write // creates the file, and its directory for the owner alone; migrates it after a backup
    };
    // Checks the file (quick_check) before anything else, and does not touch one that is damaged,
    // of a later version or another program's. While a store is open, no backup can be restored;
    // if restoring was interrupted, opening completes it. Throws registry_error.
    store(std::filesystem::path const& file, access wanted);
    ~store();
    store(store const&) = delete;
    store& operator=(store const&) = delete;

    // All throw registry_error. What changes is one transaction each. Values out of their ranges
    // are refused (`invalid`): give the functions within_ranges() what hosts claim.

    std::vector<host> hosts() const;
    std::optional<host> find_host(std::string_view url) const;
    // Notes that a host was seen: a new row, or its name, version and time. An unknown version or
    // time does not replace a known one. Returns its id.
    row_id keep(host const& seen);

    std::vector<model> models(row_id host) const; // by key
    // The host's whole listing: new models are added, known ones updated (never their results), and
    // those that are not listed are marked missing. `listed` must not be empty where models are
    // known; that throws `invalid`. What is out of its range is left out, as within_ranges() does,
    // and a model whose key is empty or too long is not kept. Returns the models with their ids,
    // missing ones too.
    std::vector<model> keep_listing(row_id host, std::span<model const> listed, time_point now);
    // A model that the host has not listed, of an import: new, or the known one of that key.
    // Returns its id.
    row_id add(model const& found, time_point now);
    // Removes a model with its probes and results.
    void forget(row_id model);

    row_id begin_run(run const& begun);
    void end_run(row_id run, std::string_view outcome, time_point now);
    // Runs of this host without an end.
    std::vector<run> open_runs(row_id host) const;

    // Stored with outcome `running`.
    row_id begin_probe(probe const& begun);
    // Overwrites the row of that id, except for its run, its model and its beginning. With
    // `added_up`, the model's result in the same transaction.
    void update(probe const& changed, result const* added_up = nullptr);
    std::vector<probe> probes(row_id model) const; // oldest first
    // Probes that are not clean: what a run that died may have left on the host.
    std::vector<probe> unclean_probes(row_id host) const;

    // Replaces the result of the same model and settings.
    void keep(result const& added_up);
    std::vector<result> results(row_id model) const;
    // With settings "{}": what lists show.
    std::optional<result> default_result(row_id model) const;

    row_id begin_restore(restore const& wanted);
    void end_restore(row_id id);
    std::vector<restore> open_restores(row_id host) const;

    // All hosts and models with one result each (settings "{}"), in few queries.
    std::vector<overview_host> overview() const;

    // Several changes as one transaction, for imports. A change that throws `invalid` is left out,
    // and the others go on.
    class batch {
    public:
        explicit batch(store& of);
        ~batch(); // takes them back, unless committed
        batch(batch const&) = delete;
        batch& operator=(batch const&) = delete;
        void commit();

    private:
        store& store_;
        bool done_ = false;
    };

    // The file itself, where the given path was a symbolic link.
    std::filesystem::path const& file() const noexcept;

private:
    void write(result const& added_up);

    std::unique_ptr<connection> connection_;
};

} // namespace secondwind::registry
