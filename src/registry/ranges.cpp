#include "ranges.hpp"

#include <secondwind/base/json.hpp>
#include <secondwind/registry/error.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace secondwind::registry {
namespace {

[[noreturn]] void refuse(std::string_view name, std::string const& fault) {
    throw registry_error{registry_error::kind::invalid,
                         "the registry does not keep this " + std::string{name} + ": " + fault};
}

template<class Number>
void check_number(std::string_view name, std::optional<Number> number, Number least, Number most) {
    if (!number || (*number >= least && *number <= most))
        return;
    refuse(name, std::to_string(*number) + " is not between " + std::to_string(least) + " and " +
                     std::to_string(most));
}

void check_tokens(std::string_view name, std::optional<std::int64_t> tokens, std::int64_t least) {
    check_number<std::int64_t>(name, tokens, least, largest_context);
}

void check_text(std::string_view name, std::string const& text, std::size_t most = longest_text) {
    if (text.size() > most)
        refuse(name, std::to_string(text.size()) + " bytes are more than " + std::to_string(most));
}

void check_object(std::string_view name, std::string const& text) {
    check_text(name, text, longest_document);
    auto const first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos || text[first] != '{' || !nlohmann::json::accept(text))
        refuse(name, "it is not a JSON object");
}

template<std::size_t N>
void check_word(std::string_view name, std::string_view word,
                std::array<std::string_view, N> const& words) {
    if (std::find(words.begin(), words.end(), word) == words.end())
        refuse(name, "\"" + std::string{word} + "\" is none that it knows");
}

constexpr std::array<std::string_view, 4> statuses{"complete", "partial", "failed", "skipped"};
constexpr std::array<std::string_view, 4> modes{"quick", "normal", "thorough", "imported"};

} // namespace

void check(host const& checked) {
    check_text("name of a host", checked.name);
    check_text("URL of a host", checked.url);
    check_text("version of a host", checked.version);
}

void check(model const& checked) {
    if (checked.key.empty() || checked.key.front() == '\0')
        refuse("model key", "it is empty");
    check_text("model key", checked.key, longest_key);
    check_text("variant", checked.variant);
    check_text("quantization", checked.quantization);
    check_text("complaint", checked.complaint);
    check_number<std::int64_t>("size of a model", checked.size, 0, largest_size);
    check_tokens("maximum context", checked.max_context, 1);
    check_object("document of a model", checked.facts);
}

void check(run const& checked) {
    check_text("boot id", checked.boot);
    check_text("version of a program", checked.program);
    check_text("outcome of a run", checked.outcome);
    check_object("document of a run", checked.options);
}

void check(probe const& checked) {
    check_text("fingerprint", checked.fingerprint, longest_document);
    check_text("version of a host", checked.lmstudio);
    check_text("instance", checked.instance);
    check_text("error", checked.error, longest_error);
    check_object("settings of a probe", checked.settings);
    check_tokens("context", checked.asked, 1);
    check_tokens("effective context", checked.effective, 1);
    check_tokens("number of filled tokens", checked.filled, 0);
    check_tokens("number of prompt tokens", checked.prompt_tokens, 0);
    check_tokens("number of output tokens", checked.output_tokens, 0);
    check_number<std::int64_t>("memory of a probe", checked.memory, 0, largest_size);
    check_number("load time", checked.load, 0.0, longest);
    check_number("time to the first token", checked.ttft, 0.0, longest);
    check_number("speed", checked.tps, 0.0, fastest);
    for (auto const& instance : checked.beside)
        check_text("instance beside a probe", instance);
}

void check(result const& checked) {
    check_text("fingerprint", checked.fingerprint, longest_document);
    check_text("version of a host", checked.lmstudio);
    check_text("limit", checked.limited_by);
    check_object("settings of a result", checked.settings);
    check_object("document of a result", checked.document);
    check_word("status of a result", checked.status, statuses);
    check_word("mode of a result", checked.mode, modes);
    check_tokens("context that works", checked.works, 0);
}

void check(restore const& checked) {
    check_text("instance", checked.instance);
    check_object("configuration of an instance", checked.config);
}

std::string canonical(std::string const& object) {
    check_object("document", object);
    return write_json(nlohmann::json::parse(object));
}

} // namespace secondwind::registry
