#include "key_verbs.hpp"

#include <secondwind/config/address.hpp>

namespace secondwind::cli {

key_verbs::key_verbs(CLI::App& app) {
    auto* key = app.add_subcommand("key", "Make API keys for clients (clients.api_keys)");
    key->require_subcommand(1);
    make_ = key->add_subcommand(
        "new", "Make a key and print it, this once, with the line for the configuration");
    make_->add_option("NAME", flags_.name, "What the log calls the client that gets it")
        ->required();
    make_->add_flag("--json", flags_.json, "Print it as JSON");
    hash_ = key->add_subcommand(
        "hash", "Print the hash of a key of your own, which is read from standard input");
}

std::optional<invocation::verb> key_verbs::given() const {
    if (make_->parsed())
        return invocation::verb::make_key;
    return hash_->parsed() ? std::optional{invocation::verb::hash_key} : std::nullopt;
}

std::string key_verbs::complaint(flag_values const& values) const {
    for (auto const& [flag, given] : values)
        if (!given.empty())
            return "key takes no " + flag;
    if (make_->parsed() && !config::is_name(flags_.name))
        return "key new: " + config::expected_but_got(config::name_form, flags_.name);
    return {};
}

} // namespace secondwind::cli
