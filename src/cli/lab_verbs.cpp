#include "lab_verbs.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/units.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace secondwind::cli {
namespace {

constexpr auto lab_footer =
    "It talks to the upstreams of the configuration directly, with their api_token.\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some model works at no context,\n"
    "75 the host or the registry is in use, 78 unusable configuration, 130 ended by Ctrl-C.";

// "on" or "off"; nothing for an empty text. False for anything else.
bool read_switch(std::string const& text, std::optional<bool>& into) {
    if (text.empty())
        return true;
    into = text == "on";
    return text == "on" || text == "off";
}

constexpr bool prints_json(lab_verb verb) noexcept {
    return verb == lab_verb::list || verb == lab_verb::show || verb == lab_verb::test ||
           verb == lab_verb::health;
}

} // namespace

lab_verbs::lab_verbs(CLI::App& app, flag_values& values) : values_{values} {
    lab_ = app.add_subcommand(
        "lab", "Find out which models work up to which context, and how fast they are");
    lab_->require_subcommand(1);
    lab_->footer(lab_footer);
    add(lab_verb::scan, "scan", "Ask the hosts which models they have, and keep the list");
    auto& list = add(lab_verb::list, "list", "List the models and their results; asks no host");
    list.add_option("--sort", command_.sort, "key (default), ctx, max, size, tps, ttft or date")
        ->type_name("KEY");
    list.add_flag("--reverse", command_.reverse, "In the opposite order");
    list.add_option("--type", command_.type, "Only llm or embedding models")->type_name("TYPE");
    list.add_flag("--missing", command_.missing, "Also models that the host no longer lists");
    auto& show = add(lab_verb::show, "show", "Show all probes of a model");
    show.add_option("MODEL", command_.models, "Key of the model, or a part of it")
        ->required()
        ->expected(1);
    show.add_option("--svg", command_.file, "Write the speed over the context to this file")
        ->type_name("FILE");
    add_test();
    add(lab_verb::clean, "clean",
        "Unload what a run that died has left, and load what it had unloaded");
    add(lab_verb::publish, "publish", "Give the results to the secondwind that runs here");
    auto& health = add(lab_verb::health, "health", "Check the registry and its backups");
    health.add_flag("--verbose", command_.verbose, "Check and list each backup and complaint");
    add(lab_verb::backup, "backup", "Make a backup of the registry");
    auto& restore = add(lab_verb::restore, "restore", "Put a backup in the registry's place");
    restore.add_option("FILE", command_.file, "The backup (default: the latest)");
    auto& forget = add(lab_verb::forget, "forget", "Remove models with their results");
    forget.add_option("MODEL", command_.models, "Keys of models, or a part of one each");
    forget.add_flag("--missing", command_.missing, "Those that the host no longer lists");
    forget.add_flag("--yes", command_.yes, "Do not ask for confirmation");
    auto& exported = add(lab_verb::export_results, "export", "Write all results to a file");
    exported.add_option("FILE", command_.file, "The file (default: standard output)");
    exported.add_option("--format", command_.format, "json (default), csv or lmstrix")
        ->type_name("FORMAT");
    auto& imported =
        add(lab_verb::import_results, "import", "Take over the results of an lmstrix.json");
    imported.add_option("FILE", command_.file, "The file")->required();
    imported.add_flag("--dry-run", command_.dry_run, "Only say what would be taken over");
}

CLI::App& lab_verbs::add(lab_verb verb, std::string const& name, std::string const& help) {
    auto* one = lab_->add_subcommand(name, help);
    add_config_flag(*one, values_);
    one->add_option("--registry", command_.registry_file,
                    "File of the registry (default: secondwind/registry.db in the user's state "
                    "directory)")
        ->type_name("FILE");
    one->add_option("--host", host_, "Name of the upstream, if there are several")
        ->type_name("NAME");
    if (prints_json(verb))
        one->add_flag("--json", command_.json, "Print JSON");
    add_flag(*one, values_, "--upstream", "--upstream", "URL",
             "The LM Studio host, if not that of the configuration", true);
    one->footer(lab_footer);
    verbs_[verb] = one;
    return *one;
}

void lab_verbs::add_test() {
    auto& test = add(lab_verb::test, "test",
                     "Find the largest context at which models work, and their speed");
    test.add_option("MODEL", command_.models, "Keys of models, or a part of one each");
    test.add_flag("--all", command_.all, "All models, except those with a fresh result");
    test.add_option("--ctx", command_.context, "Probe this context, and search nothing")
        ->type_name("TOKENS");
    test.add_option("--max", command_.most, "Search up to this context")->type_name("TOKENS");
    test.add_flag("--quick", command_.quick, "Fill no prompt");
    test.add_flag("--thorough", command_.thorough, "Fill every prompt, and try more sizes");
    test.add_flag("--failed", command_.failed, "Only models whose last result is bad or partial");
    test.add_flag("--again", command_.again, "Also models with a fresh result");
    test.add_flag("--dry-run", command_.dry_run, "Say what would be tested, and load nothing");
    test.add_flag("--keep", command_.keep, "Unload nothing that others have loaded");
    test.add_flag("--exclusive", command_.exclusive,
                  "Let requests wait until the run ends, as long as recovery.busy_wait");
    test.add_flag("--skip-embeddings", command_.skip_embeddings, "Leave embedding models out");
    test.add_flag("--require-recall", command_.require_recall,
                  "A context works only if the model repeats what stood at both ends of it");
    test.add_flag("--force", command_.force,
                  "With --ctx: also a context above the declared one, or one that failed before");
    test.add_flag("--yes", command_.yes, "Do not ask before models are unloaded");
    test.add_option("--flash-attention", flash_attention_, "Load with flash attention on or off")
        ->type_name("on|off");
    test.add_option("--kv-on-gpu", kv_on_gpu_, "Load with the cache in GPU memory on or off")
        ->type_name("on|off");
    test.add_option("--load-timeout", load_timeout_, "For one load (10m)")->type_name("TIME");
    test.add_option("--prompt-time", prompt_time_, "For reading one prompt (10m)")
        ->type_name("TIME");
    test.add_option("--wait", wait_, "For a host that is in use or down (10m)")->type_name("TIME");
    test.add_option("--quiet", quiet_, "After the requests of others (30s)")->type_name("TIME");
}

std::string lab_verbs::complaint() {
    if (!given())
        return {};
    for (auto const& [flag, values] : values_)
        if (!values.empty() && flag != config_flag && flag != "--upstream")
            return "lab takes no " + flag;
    for (auto const& [verb, app] : verbs_)
        if (app->parsed())
            command_.verb = verb;
    if (!host_.empty())
        command_.host = host_;
    command_.direct = joined(values_, "--upstream").has_value();
    if (command_.verb == lab_verb::forget && command_.models.empty() && !command_.missing)
        return "lab forget takes keys of models, or --missing";
    if (command_.verb != lab_verb::test)
        return {};
    if (command_.all && !command_.models.empty())
        return "lab test takes keys of models or --all, not both";
    if (!command_.all && command_.models.empty())
        return "lab test takes keys of models (secondwind lab list shows them) or --all";
    if (command_.quick && command_.thorough)
        return "lab test takes --quick or --thorough, not both";
    if (!command_.context.empty() && !command_.most.empty())
        return "lab test takes --ctx or --max, not both";
    if (!read_switch(flash_attention_, command_.flash_attention))
        return "--flash-attention takes on or off, but got " + in_quotes(flash_attention_);
    if (!read_switch(kv_on_gpu_, command_.kv_on_gpu))
        return "--kv-on-gpu takes on or off, but got " + in_quotes(kv_on_gpu_);
    struct duration {
        std::string_view flag;
        std::string const& text;
        std::chrono::milliseconds& into;
    };
    std::array const durations{duration{"--load-timeout", load_timeout_, command_.load_timeout},
                               duration{"--prompt-time", prompt_time_, command_.prompt_time},
                               duration{"--wait", wait_, command_.wait},
                               duration{"--quiet", quiet_, command_.quiet}};
    for (auto const& each : durations) {
        if (each.text.empty())
            continue;
        auto const value = parse_duration(each.text);
        bool const bounds_work = each.flag == "--load-timeout" || each.flag == "--prompt-time";
        if (value && value->count() == 0 && bounds_work)
            return std::string{each.flag} + " takes a time above 0, as 30s or 10m";
        if (!value)
            return std::string{each.flag} + " takes a time, as 30s or 10m, but got " +
                   in_quotes(each.text);
        each.into = *value;
    }
    return {};
}

std::string meant_lab(CLI::App const& app) {
    auto const* verb = &app;
    while (verb->remaining().empty() && !verb->get_subcommands().empty())
        verb = verb->get_subcommands().front();
    auto const rest = verb->remaining();
    if (rest.empty())
        return {};
    auto const& word = rest.front();
    static constexpr std::array<std::string_view, 3> verbs{"scan", "list", "test"};
    if (verb == &app && std::ranges::find(verbs, word) != verbs.end())
        return "there is no verb " + in_quotes(word) + ". Did you mean `secondwind lab " + word +
               "`?";
    if (verb->get_name() == "health" && word == "--verbose")
        return "health takes no --verbose. Did you mean `secondwind lab health --verbose`?";
    return {};
}

} // namespace secondwind::cli
