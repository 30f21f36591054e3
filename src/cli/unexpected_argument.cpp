#include "unexpected_argument.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/config/keys.hpp>

#include <algorithm>
#include <vector>

namespace secondwind::cli {
namespace {

std::vector<CLI::App const*> verbs_below(CLI::App const& app) {
    return app.get_subcommands([](CLI::App const*) { return true; });
}

void add_flags_of(CLI::App const& app, std::vector<std::string>& into) {
    for (auto const* option : app.get_options())
        for (auto const& name : option->get_lnames())
            into.push_back("--" + name);
}

// Those of all verbs.
void add_all_flags(CLI::App const& app, std::vector<std::string>& into) {
    add_flags_of(app, into);
    for (auto const* verb : verbs_below(app))
        add_all_flags(*verb, into);
}

std::string did_you_mean(std::string_view word, std::vector<std::string> const& known) {
    auto const meant = config::nearest(word, known);
    return meant ? ": did you mean " + *meant + "?" : std::string{};
}

// `name` is the verb's, or empty.
std::string about_flag(CLI::App const& root, CLI::App const& verb, std::string const& name,
                       std::string const& flag) {
    std::vector<std::string> known;
    add_flags_of(verb, known);
    std::vector<std::string> elsewhere;
    add_all_flags(root, elsewhere);
    if (std::ranges::find(elsewhere, flag) != elsewhere.end())
        return (name.empty() ? "secondwind without a verb" : name) + " takes no " + flag;
    return "there is no flag " + in_quotes(flag) + did_you_mean(flag, known);
}

std::string about_word(CLI::App const& verb, std::string const& name, std::string const& word) {
    std::vector<std::string> known;
    for (auto const* one : verbs_below(verb))
        known.push_back(one->get_name());
    if (known.empty())
        return name + " takes no argument " + in_quotes(word);
    return "there is no verb " + in_quotes(name.empty() ? word : name + " " + word) +
           did_you_mean(word, known);
}

} // namespace

std::string unknown_verb(CLI::App const& app, std::vector<std::string> const& verbs) {
    auto const* parent = &app;
    for (auto const& name : verbs) {
        auto const known = verbs_below(*parent);
        auto const found = std::ranges::find(known, name, &CLI::App::get_name);
        if (found == known.end())
            return about_word(*parent, parent == &app ? "" : parent->get_name(), name);
        parent = *found;
    }
    return {};
}

std::string unexpected_argument(CLI::App const& app) {
    auto const* verb = &app;
    while (verb->remaining().empty() && !verb->get_subcommands().empty())
        verb = verb->get_subcommands().front();
    auto const rest = verb->remaining();
    if (rest.empty())
        return {};
    auto const name = verb == &app ? std::string{} : verb->get_name();
    auto const& first = rest.front();
    return first.starts_with('-') ? about_flag(app, *verb, name, first.substr(0, first.find('=')))
                                  : about_word(*verb, name, first);
}

} // namespace secondwind::cli
