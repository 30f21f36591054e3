#include "registry_verbs.hpp"

#include "lmstrix.hpp"
#include "model_choice.hpp"
#include "place.hpp"
#include "report.hpp"
#include "report_text.hpp"
#include "workbench.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/json.hpp>
#include <secondwind/base/path.hpp>
#include <secondwind/registry/backup.hpp>
#include <secondwind/registry/store.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

using nlohmann::ordered_json;
using registry::store;

constexpr int usage = 2;
constexpr int in_use = 75;

registry::time_point now() {
    return std::chrono::system_clock::now();
}

// The registry's hosts; with `command.host`, only that one.
overview read_overview(lab_command const& command, std::filesystem::path const& file) {
    store const registry{file, store::access::read};
    auto all = registry.overview();
    if (!command.host || all.empty())
        return all;
    std::string names;
    for (auto const& each : all)
        names += (names.empty() ? "" : ", ") + each.host.name;
    std::erase_if(all, [&](auto const& each) { return each.host.name != *command.host; });
    if (all.empty())
        throw registry::registry_error{
            registry::registry_error::kind::unusable,
            fmt::format("the registry has no host {}: it has {}", in_quotes(*command.host), names)};
    return all;
}

// False, after a sentence, if the file was not written.
bool write_file(std::string const& path, std::string const& content, console const& console) {
    if (path.empty() || path == "-")
        return console.print(content);
    std::ofstream file{utf8_path(path), std::ios::binary};
    bool const written = file << content && file.flush();
    if (!written)
        console.print_error(fmt::format("{} could not be written: {}", in_quotes(path),
                                        std::generic_category().message(errno)));
    return written;
}

std::optional<list_options> options_of(lab_command const& command, console const& console) {
    list_options options;
    if (!is_sort_key(command.sort)) {
        console.print_error("--sort takes key, ctx, max, size, tps, ttft or date, but got " +
                            in_quotes(command.sort));
        return std::nullopt;
    }
    options.sort = command.sort;
    options.reverse = command.reverse;
    options.missing = command.missing;
    if (command.type.empty())
        return options;
    options.type = registry::model_type_from_string(command.type);
    if (options.type)
        return options;
    console.print_error("--type takes llm or embedding, but got " + in_quotes(command.type));
    return std::nullopt;
}

struct found_model {
    registry::overview_host const* host = nullptr;
    registry::overview_entry const* entry = nullptr;
};

// The model that a name means, among those of all hosts. Nothing, after a sentence.
std::optional<found_model> find_model(overview const& all, std::string const& name,
                                      console const& console) {
    std::vector<std::string> keys;
    for (auto const& host : all)
        for (auto const& each : host.models)
            if (std::ranges::find(keys, each.model.key) == keys.end())
                keys.push_back(each.model.key);
    auto const meant = match_key(name, keys);
    if (!meant.problem.empty()) {
        console.print_error(meant.problem);
        return std::nullopt;
    }
    std::vector<found_model> found;
    std::string names;
    for (auto const& host : all)
        for (auto const& each : host.models)
            if (each.model.key == meant.key) {
                found.push_back({&host, &each});
                names += (names.empty() ? "" : ", ") + host.host.name;
            }
    if (found.size() == 1)
        return found.front();
    console.print_error(fmt::format("{} is on several hosts: choose one with --host ({})",
                                    in_quotes(meant.key), names));
    return std::nullopt;
}

std::string size_text(std::uintmax_t bytes) {
    // The table's unit is too large for a young registry.
    constexpr std::uintmax_t kilobyte = 1000;
    constexpr std::uintmax_t megabyte = 1000 * kilobyte;
    return bytes < megabyte ? fmt::format("{} kB", (bytes + kilobyte - 1) / kilobyte)
                            : bytes_text(static_cast<std::int64_t>(bytes));
}

ordered_json text_or_null(std::string const& text) {
    return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

std::string health_json(registry::health const& state) {
    auto backups = ordered_json::array();
    for (auto const& each : state.backups)
        backups.push_back({{"file", each.backup.file.string()},
                           {"reason", each.backup.reason},
                           {"bytes", each.backup.bytes},
                           {"fault", text_or_null(each.fault)}});
    ordered_json const document{{"registry", state.file.string()},
                                {"exists", state.exists},
                                {"sound", state.faults.empty()},
                                {"faults", state.faults},
                                {"bytes", state.bytes},
                                {"journal_mode", state.journal_mode},
                                {"schema", state.schema},
                                {"hosts", state.hosts},
                                {"models", state.models},
                                {"runs", state.runs},
                                {"probes", state.probes},
                                {"results", state.results},
                                {"left_on_hosts", state.unclean_probes},
                                {"to_load_again", state.open_restores},
                                {"complaints", state.complaints},
                                {"backups", std::move(backups)}};
    return write_json(document) + "\n";
}

std::string health_text(registry::health const& state, bool verbose) {
    if (!state.exists && state.faults.empty())
        return state.file.string() +
               ": there is no registry yet (`secondwind lab scan` makes it)\n";
    auto out =
        fmt::format("{}: {}\n", state.file.string(), state.faults.empty() ? "sound" : "not sound");
    for (auto const& fault : state.faults)
        out += "  " + fault + "\n";
    out += fmt::format("{}, schema {}, journal mode {}\n", size_text(state.bytes), state.schema,
                       state.journal_mode);
    auto const some = [](std::size_t count, std::string_view noun) {
        return counted(static_cast<std::int64_t>(count), noun);
    };
    out += fmt::format("{}, {}, {}, {}, {}\n", some(state.hosts, "host"),
                       some(state.models, "model"), some(state.runs, "run"),
                       some(state.probes, "probe"), some(state.results, "result"));
    if (state.unclean_probes + state.open_restores > 0)
        out += fmt::format("a run that has not ended, or died, has left {} on a host, and {} to be "
                           "loaded again: run `secondwind lab clean`\n",
                           some(state.unclean_probes, "instance"), state.open_restores);
    if (state.backups.empty())
        out += "no backup (`secondwind lab backup` makes one)\n";
    else
        out += fmt::format("{}, the newest made {} ({})\n",
                           counted(static_cast<std::int64_t>(state.backups.size()), "backup"),
                           age_text(state.backups.front().backup.made, now()),
                           state.backups.front().backup.reason);
    if (!verbose)
        return out;
    for (auto const& each : state.backups)
        out += fmt::format("  {}: {}, {}\n", each.backup.file.string(),
                           size_text(each.backup.bytes), each.fault.empty() ? "sound" : each.fault);
    for (auto const& complaint : state.complaints)
        out += "complaint: " + complaint + "\n";
    return out;
}

} // namespace

int list_models(lab_command const& command, console const& console) {
    auto const options = options_of(command, console);
    if (!options)
        return usage;
    auto const file = registry_place(command.registry_file);
    auto const all = read_overview(command, file);
    if (all.empty() && !command.json) {
        console.print_error("the registry has no models yet: run `secondwind lab scan`");
        return 1;
    }
    bool const printed = console.print(command.json ? list_json(all, *options, file.string(), now())
                                                    : list_table(all, *options, now()));
    return printed ? 0 : 1;
}

int show_model(lab_command const& command, console const& console) {
    auto const file = registry_place(command.registry_file);
    auto const all = read_overview(command, file);
    auto const found = find_model(all, command.models.front(), console);
    if (!found)
        return usage;
    store const registry{file, store::access::read};
    auto const& entry = *found->entry;
    auto const& host = found->host->host;
    auto const probes = registry.probes(entry.model.id);
    if (!command.file.empty())
        return write_file(command.file, show_svg(entry.model, probes), console) ? 0 : 1;
    bool const printed =
        console.print(command.json ? show_json(entry, host, probes, now())
                                   : show_text(entry, host, probes, console.colours));
    return printed ? 0 : 1;
}

int show_health(lab_command const& command, console const& console) {
    auto const state = registry::examine(registry_place(command.registry_file), command.verbose);
    bool const printed =
        console.print(command.json ? health_json(state) : health_text(state, command.verbose));
    bool const good_backups =
        std::ranges::all_of(state.backups, [](auto const& each) { return each.fault.empty(); });
    bool const left = state.unclean_probes + state.open_restores > 0;
    return printed && state.faults.empty() && good_backups && !left ? 0 : 1;
}

int make_backup(lab_command const& command, console const& console) {
    auto const made = registry::back_up(registry_place(command.registry_file), "manual", now());
    if (!made) {
        console.print_error("there is no registry yet: run `secondwind lab scan`");
        return 1;
    }
    console.print(made->file.string() + "\n");
    return 0;
}

int restore_backup(lab_command const& command, console const& console) {
    auto const file = registry_place(command.registry_file);
    locks alone{file};
    if (!alone.take_registry(console))
        return in_use;
    auto from = utf8_path(command.file);
    if (from.empty() || from == "latest") {
        auto const backups = registry::backups_of(file);
        if (backups.empty()) {
            console.print_error("there is no backup beside " + file.string());
            return 1;
        }
        from = backups.front().file;
    }
    auto const before = registry::restore_from(file, from, now());
    console.print(fmt::format("restored from {}\n", from.string()));
    if (before)
        console.print(fmt::format("what was there before is {}\n", before->string()));
    return 0;
}

int forget_models(lab_command const& command, console const& console) {
    auto const file = registry_place(command.registry_file);
    auto const all = read_overview(command, file);
    std::vector<registry::model> going;
    if (command.missing)
        for (auto const& host : all)
            for (auto const& each : host.models)
                if (each.model.missing_since)
                    going.push_back(each.model);
    for (auto const& name : command.models) {
        auto const found = find_model(all, name, console);
        if (!found)
            return usage;
        going.push_back(found->entry->model);
    }
    if (going.empty()) {
        console.print("nothing to forget\n");
        return 0;
    }
    if (!command.yes && !console.confirm) {
        console.print_error("there is no terminal to ask: give --yes");
        return usage;
    }
    auto const question = fmt::format("Remove {} with all that was measured?",
                                      counted(static_cast<std::int64_t>(going.size()), "model"));
    if (!command.yes && !console.confirm(question))
        return 0;
    locks alone{file};
    if (!alone.take_registry(console))
        return in_use;
    registry::back_up(file, "forget", now());
    store registry{file, store::access::write};
    for (auto const& model : going) {
        registry.forget(model.id);
        console.print("forgot " + in_quotes(model.key) + "\n");
    }
    return 0;
}

int export_results(lab_command const& command, console const& console) {
    auto const file = registry_place(command.registry_file);
    auto const all = read_overview(command, file);
    list_options options;
    options.missing = true;
    if (command.format == "json" || command.format == "csv") {
        auto const text = command.format == "json" ? list_json(all, options, file.string(), now())
                                                   : list_csv(all, options, now());
        return write_file(command.file, text, console) ? 0 : 1;
    }
    if (command.format != "lmstrix") {
        console.print_error("--format takes json, csv or lmstrix, but got " +
                            in_quotes(command.format));
        return usage;
    }
    if (all.size() != 1) {
        console.print_error("lmstrix keeps one host: choose it with --host");
        return usage;
    }
    auto const text = write_lmstrix(all.front(), {}, local_time_here());
    return write_file(command.file, text, console) ? 0 : 1;
}

int import_results(lab_command const& command, console const& console) {
    std::ifstream in{command.file, std::ios::binary};
    std::string const text{std::istreambuf_iterator<char>{in}, {}};
    if (!in.is_open() || in.bad()) {
        console.print_error(in_quotes(command.file) + " cannot be read");
        return 1;
    }
    auto const read = read_lmstrix(text, local_time_here(), now());
    if (!read.error.empty()) {
        console.print_error(in_quotes(command.file) + ": " + read.error);
        return 1;
    }
    auto const file = registry_place(command.registry_file);
    auto const all = read_overview(command, file);
    if (all.size() != 1) {
        console.print_error(all.empty() ? "the registry has no host yet: run `secondwind lab scan`"
                                        : "choose the host that the file is about with --host");
        return all.empty() ? 1 : usage;
    }
    auto plan = plan_import(read, all.front());
    for (auto const& line : plan.lines)
        console.print_error(line);
    if (!command.dry_run) {
        locks alone{file};
        if (!alone.take_registry(console))
            return in_use;
        registry::back_up(file, "import", now());
        store registry{file, store::access::write};
        store::batch whole{registry};
        for (auto& step : plan.steps) {
            if (step.model.id == 0)
                step.model.id = registry.add(step.model, now());
            if (step.result) {
                step.result->model = step.model.id;
                registry.keep(*step.result);
            }
        }
        whole.commit();
    }
    console.print(fmt::format("{}{}, {}; {} kept, because the lab has measured them itself\n",
                              command.dry_run ? "would import " : "imported ",
                              counted(static_cast<std::int64_t>(plan.results), "result"),
                              counted(static_cast<std::int64_t>(plan.models), "new model"),
                              plan.kept));
    return 0;
}

} // namespace secondwind::lab
