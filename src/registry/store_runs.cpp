// The part of the store that a run of the lab writes.
#include "connection.hpp"
#include "ranges.hpp"
#include "statements.hpp"

#include <secondwind/base/json.hpp>
#include <secondwind/registry/store.hpp>

#include <nlohmann/json.hpp>

namespace secondwind::registry {
namespace {

std::string list_of(std::vector<std::string> const& names) {
    return write_json(nlohmann::json(names));
}

void require_one_row(int changed, std::string_view noun, row_id id) {
    if (changed != 1)
        throw registry_error{registry_error::kind::invalid,
                             "the registry has no " + std::string{noun} + " " + std::to_string(id)};
}

} // namespace

row_id store::begin_run(run const& begun) {
    return guarded(file(), [&] {
        check(begun);
        transaction all_of_it{*connection_};
        auto const id =
            change_returning(connection_->sql(),
                             "INSERT INTO run(host,began,ended,boot,pid,program,options,outcome) "
                             "VALUES(?,?,?,?,?,?,?,?) RETURNING id",
                             begun.host, begun.began, begun.ended, begun.boot, begun.pid,
                             begun.program, begun.options, nullable{begun.outcome});
        all_of_it.commit();
        return id;
    });
}

void store::end_run(row_id run, std::string_view outcome, time_point now) {
    guarded(file(), [&] {
        transaction all_of_it{*connection_};
        require_one_row(change(connection_->sql(), "UPDATE run SET outcome=?,ended=? WHERE id=?",
                               outcome, now, run),
                        "run", run);
        all_of_it.commit();
    });
}

std::vector<run> store::open_runs(row_id host) const {
    return guarded(file(), [&] {
        return all(connection_->sql(), read_run,
                   joined({"SELECT ", run_columns,
                           " FROM run r WHERE r.host=? AND r.ended IS NULL ORDER BY r.id"}),
                   host);
    });
}

row_id store::begin_probe(probe const& begun) {
    return guarded(file(), [&] {
        check(begun);
        transaction all_of_it{*connection_};
        auto const id = change_returning(
            connection_->sql(),
            "INSERT INTO probe(run,model,fingerprint,lmstudio,settings,asked,filled,beside,began) "
            "VALUES(?,?,?,?,?,?,?,?,?) RETURNING id",
            begun.run, begun.model, begun.fingerprint, nullable{begun.lmstudio},
            canonical(begun.settings), begun.asked, begun.filled, list_of(begun.beside),
            begun.began);
        all_of_it.commit();
        return id;
    });
}

void store::update(probe const& changed, result const* added_up) {
    guarded(file(), [&] {
        check(changed);
        std::string const recalled{changed.recall ? to_string(*changed.recall) : ""};
        transaction all_of_it{*connection_};
        require_one_row(
            change(connection_->sql(),
                   "UPDATE probe SET fingerprint=?,lmstudio=?,settings=?,asked=?,effective=?,"
                   "filled=?,outcome=?,error=?,instance=?,clean=?,load=?,ttft=?,tps=?,"
                   "prompt_tokens=?,output_tokens=?,recall=?,memory=?,beside=?,ended=? WHERE id=?",
                   changed.fingerprint, nullable{changed.lmstudio}, canonical(changed.settings),
                   changed.asked, changed.effective, changed.filled, to_string(changed.outcome),
                   nullable{changed.error}, nullable{changed.instance}, changed.clean, changed.load,
                   changed.ttft, changed.tps, changed.prompt_tokens, changed.output_tokens,
                   nullable{recalled}, changed.memory, list_of(changed.beside), changed.ended,
                   changed.id),
            "probe", changed.id);
        if (added_up != nullptr)
            write(*added_up);
        all_of_it.commit();
    });
}

std::vector<probe> store::probes(row_id model) const {
    return guarded(file(), [&] {
        return all(
            connection_->sql(), read_probe,
            joined({"SELECT ", probe_columns, " FROM probe p WHERE p.model=? ORDER BY p.id"}),
            model);
    });
}

std::vector<probe> store::unclean_probes(row_id host) const {
    return guarded(file(), [&] {
        return all(connection_->sql(), read_probe,
                   joined({"SELECT ", probe_columns,
                           " FROM probe p JOIN run r ON r.id=p.run WHERE r.host=? AND p.clean=0 "
                           "ORDER BY p.id"}),
                   host);
    });
}

void store::write(result const& added_up) {
    check(added_up);
    change(connection_->sql(),
           "INSERT INTO result(model,settings,fingerprint,lmstudio,status,mode,works,limited_by,"
           "document,measured) VALUES(?,?,?,?,?,?,?,?,?,?) ON CONFLICT(model,settings) DO UPDATE "
           "SET fingerprint=excluded.fingerprint,lmstudio=excluded.lmstudio,status=excluded.status,"
           "mode=excluded.mode,works=excluded.works,limited_by=excluded.limited_by,"
           "document=excluded.document,measured=excluded.measured",
           added_up.model, canonical(added_up.settings), added_up.fingerprint,
           nullable{added_up.lmstudio}, added_up.status, added_up.mode, added_up.works,
           nullable{added_up.limited_by}, added_up.document, added_up.measured);
}

void store::keep(result const& added_up) {
    guarded(file(), [&] {
        transaction all_of_it{*connection_};
        write(added_up);
        all_of_it.commit();
    });
}

std::vector<result> store::results(row_id model) const {
    return guarded(file(), [&] {
        return all(connection_->sql(), read_result,
                   joined({"SELECT ", result_columns,
                           " FROM result s WHERE s.model=? ORDER BY s.settings"}),
                   model);
    });
}

std::optional<result> store::default_result(row_id model) const {
    return guarded(file(), [&]() -> std::optional<result> {
        auto const found = all(connection_->sql(), read_result,
                               joined({"SELECT ", result_columns,
                                       " FROM result s WHERE s.model=? AND s.settings='{}'"}),
                               model);
        return found.empty() ? std::nullopt : std::optional{found.front()};
    });
}

row_id store::begin_restore(restore const& wanted) {
    return guarded(file(), [&] {
        check(wanted);
        transaction all_of_it{*connection_};
        auto const id = change_returning(
            connection_->sql(),
            "INSERT INTO restore(run,instance,config,done) VALUES(?,?,?,?) RETURNING id",
            wanted.run, wanted.instance, wanted.config, wanted.done);
        all_of_it.commit();
        return id;
    });
}

void store::end_restore(row_id id) {
    guarded(file(), [&] {
        transaction all_of_it{*connection_};
        require_one_row(change(connection_->sql(), "UPDATE restore SET done=1 WHERE id=?", id),
                        "restore", id);
        all_of_it.commit();
    });
}

std::vector<restore> store::open_restores(row_id host) const {
    return guarded(file(), [&] {
        return all(connection_->sql(), read_restore,
                   joined({"SELECT ", restore_columns,
                           " FROM restore t JOIN run r ON r.id=t.run WHERE r.host=? AND t.done=0 "
                           "ORDER BY t.id"}),
                   host);
    });
}

} // namespace secondwind::registry
