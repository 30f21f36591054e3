#include <secondwind/registry/store.hpp>

#include "connection.hpp"
#include "ranges.hpp"
#include "statements.hpp"

#include <map>
#include <utility>

namespace secondwind::registry {
namespace {

connection::purpose purpose_for(store::access wanted) {
    return wanted == store::access::read ? connection::purpose::read : connection::purpose::write;
}

void keep_model(SQLite::Database& of, model const& kept, time_point now) {
    change(of,
           "INSERT INTO model(host,key,type,variant,size,quantization,max_context,facts,first_seen,"
           "last_seen,complaint) VALUES(?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(host,key) DO UPDATE SET "
           "type=excluded.type,variant=excluded.variant,size=excluded.size,"
           "quantization=excluded.quantization,max_context=excluded.max_context,"
           "facts=excluded.facts,last_seen=excluded.last_seen,missing_since=NULL,"
           "complaint=excluded.complaint",
           kept.host, kept.key, to_string(kept.type), nullable{kept.variant}, kept.size,
           nullable{kept.quantization}, kept.max_context, kept.facts, now, now,
           nullable{kept.complaint});
}

} // namespace

store::store(std::filesystem::path const& file, access wanted)
    : connection_{std::make_unique<connection>(file, purpose_for(wanted))} {}

store::~store() = default;

std::filesystem::path const& store::file() const noexcept {
    return connection_->file();
}

std::vector<host> store::hosts() const {
    return guarded(file(), [&] {
        return all(connection_->sql(), read_host,
                   joined({"SELECT ", host_columns, " FROM host h ORDER BY h.name,h.id"}));
    });
}

std::optional<host> store::find_host(std::string_view url) const {
    return guarded(file(), [&]() -> std::optional<host> {
        auto const found =
            all(connection_->sql(), read_host,
                joined({"SELECT ", host_columns, " FROM host h WHERE h.url=?"}), url);
        return found.empty() ? std::nullopt : std::optional{found.front()};
    });
}

row_id store::keep(host const& seen) {
    return guarded(file(), [&] {
        check(seen);
        transaction all_of_it{*connection_};
        auto const id =
            change_returning(connection_->sql(),
                             "INSERT INTO host(name,url,version,seen) VALUES(?,?,?,?) ON "
                             "CONFLICT(url) DO UPDATE SET "
                             "name=excluded.name,version=coalesce(excluded.version,version),"
                             "seen=coalesce(excluded.seen,seen) RETURNING id",
                             seen.name, seen.url, nullable{seen.version}, seen.seen);
        all_of_it.commit();
        return id;
    });
}

std::vector<model> store::models(row_id host) const {
    return guarded(file(), [&] {
        return all(
            connection_->sql(), read_model,
            joined({"SELECT ", model_columns, " FROM model m WHERE m.host=? ORDER BY m.key"}),
            host);
    });
}

std::vector<model> store::keep_listing(row_id host, std::span<model const> listed, time_point now) {
    return guarded(file(), [&] {
        std::map<std::string, model> kept;
        for (auto const& each : listed) {
            if (each.key.empty() || each.key.front() == '\0' || each.key.size() > longest_key)
                continue;
            auto fitting = within_ranges(each);
            fitting.host = host;
            check(fitting);
            kept.insert_or_assign(each.key, std::move(fitting));
        }

        transaction all_of_it{*connection_};
        auto const known = models(host);
        if (kept.empty() && !known.empty())
            throw registry_error{registry_error::kind::invalid,
                                 "the host lists no models, but had " +
                                     std::to_string(known.size()) +
                                     " before; the registry is left as it was"};
        for (auto const& [key, each] : kept)
            keep_model(connection_->sql(), each, now);
        for (auto const& each : known)
            if (!each.missing_since && !kept.contains(each.key))
                change(connection_->sql(), "UPDATE model SET missing_since=? WHERE id=?", now,
                       each.id);
        auto out = models(host);
        all_of_it.commit();
        return out;
    });
}

row_id store::add(model const& found, time_point now) {
    return guarded(file(), [&] {
        auto const fitting = within_ranges(found);
        check(fitting);
        transaction all_of_it{*connection_};
        keep_model(connection_->sql(), fitting, now);
        auto const id =
            change_returning(connection_->sql(),
                             "UPDATE model SET missing_since=? WHERE host=? AND key=? RETURNING id",
                             now, fitting.host, fitting.key);
        all_of_it.commit();
        return id;
    });
}

void store::forget(row_id model) {
    guarded(file(), [&] {
        transaction all_of_it{*connection_};
        change(connection_->sql(), "DELETE FROM model WHERE id=?", model);
        all_of_it.commit();
    });
}

std::vector<overview_host> store::overview() const {
    return guarded(file(), [&] {
        constexpr std::string_view from =
            " FROM host h LEFT JOIN model m ON m.host=h.id LEFT JOIN result s ON "
            "s.model=m.id AND s.settings='{}' ORDER BY h.name,h.id,m.key";
        auto rows = prepare(connection_->sql(), joined({"SELECT ", host_columns,
                                                        ",m.id IS NOT NULL,s.model IS NOT NULL,",
                                                        model_columns, ",", result_columns, from}));
        std::vector<overview_host> out;
        while (rows.executeStep()) {
            int next = 0;
            auto listed = read_host(rows, next);
            if (out.empty() || out.back().host.id != listed.id)
                out.push_back({std::move(listed), {}});
            bool const has_model = rows.getColumn(next++).getInt() != 0;
            bool const has_result = rows.getColumn(next++).getInt() != 0;
            if (!has_model)
                continue;
            overview_entry entry{read_model(rows, next), std::nullopt};
            if (has_result)
                entry.result = read_result(rows, next);
            out.back().models.push_back(std::move(entry));
        }
        return out;
    });
}

store::batch::batch(store& of) : store_{of} {
    guarded(store_.file(), [&] { store_.connection_->sql().exec("BEGIN IMMEDIATE"); });
    store_.connection_->in_batch = true;
}

store::batch::~batch() {
    store_.connection_->in_batch = false;
    if (!done_)
        store_.connection_->sql().tryExec("ROLLBACK");
}

void store::batch::commit() {
    guarded(store_.file(), [&] { store_.connection_->sql().exec("COMMIT"); });
    done_ = true;
}

} // namespace secondwind::registry
