#include <secondwind/registry/records.hpp>

#include <array>
#include <utility>

namespace secondwind::registry {
namespace {

template<class Value, std::size_t N>
using names_of = std::array<std::pair<Value, std::string_view>, N>;

constexpr names_of<model_type, 2> model_types{
    {{model_type::llm, "llm"}, {model_type::embedding, "embedding"}}};

constexpr names_of<outcome, 18> outcomes{{{outcome::running, "running"},
                                          {outcome::good, "good"},
                                          {outcome::guardrail, "guardrail"},
                                          {outcome::memory, "memory"},
                                          {outcome::cache_corruption, "cache_corruption"},
                                          {outcome::crash, "crash"},
                                          {outcome::load_failed, "load_failed"},
                                          {outcome::timeout, "timeout"},
                                          {outcome::context_changed, "context_changed"},
                                          {outcome::truncated, "truncated"},
                                          {outcome::bad_answer, "bad_answer"},
                                          {outcome::overflow, "overflow"},
                                          {outcome::unloaded, "unloaded"},
                                          {outcome::interrupted, "interrupted"},
                                          {outcome::machine_lost, "machine_lost"},
                                          {outcome::host_down, "host_down"},
                                          {outcome::refused, "refused"},
                                          {outcome::unsupported, "unsupported"}}};

constexpr names_of<recall, 4> recalls{{{recall::both, "both"},
                                       {recall::first, "first"},
                                       {recall::last, "last"},
                                       {recall::none, "none"}}};

template<class Value, std::size_t N>
std::string_view name_of(names_of<Value, N> const& names, Value value) noexcept {
    for (auto const& [each, name] : names)
        if (each == value)
            return name;
    return "unknown";
}

template<class Value, std::size_t N>
std::optional<Value> value_of(names_of<Value, N> const& names, std::string_view name) noexcept {
    for (auto const& [value, each] : names)
        if (each == name)
            return value;
    return std::nullopt;
}

// At most that many bytes, and no half of a character at the end.
void cut(std::string& text, std::size_t most) {
    if (text.size() <= most)
        return;
    auto const continues = [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
    };
    while (most != 0 && continues(text[most]))
        --most;
    text.resize(most);
}

template<class Number>
bool leave_out(std::optional<Number>& number, Number least, Number most) {
    // Written so that what is not a number is out of range as well.
    if (!number || (*number >= least && *number <= most))
        return false;
    number.reset();
    return true;
}

void complain(std::string& complaint, std::string_view name, std::string const& number) {
    if (!complaint.empty())
        complaint += "; ";
    complaint.append("claims a ").append(name).append(" of ").append(number);
}

} // namespace

std::string_view to_string(model_type t) noexcept {
    return name_of(model_types, t);
}
std::optional<model_type> model_type_from_string(std::string_view name) noexcept {
    return value_of(model_types, name);
}

std::string_view to_string(outcome o) noexcept {
    return name_of(outcomes, o);
}
std::optional<outcome> outcome_from_string(std::string_view name) noexcept {
    return value_of(outcomes, name);
}

std::string_view to_string(recall r) noexcept {
    return name_of(recalls, r);
}
std::optional<recall> recall_from_string(std::string_view name) noexcept {
    return value_of(recalls, name);
}

model within_ranges(model claimed) {
    auto const context = claimed.max_context.value_or(0);
    if (leave_out<std::int64_t>(claimed.max_context, 1, largest_context))
        complain(claimed.complaint, "maximum context", std::to_string(context));
    auto const size = claimed.size.value_or(0);
    if (leave_out<std::int64_t>(claimed.size, 0, largest_size))
        complain(claimed.complaint, "size", std::to_string(size));
    for (auto* text : {&claimed.variant, &claimed.quantization, &claimed.complaint})
        cut(*text, longest_text);
    if (claimed.facts.size() > longest_document)
        claimed.facts = "{}";
    return claimed;
}

probe within_ranges(probe claimed) {
    leave_out<std::int64_t>(claimed.effective, 1, largest_context);
    for (auto* tokens : {&claimed.filled, &claimed.prompt_tokens, &claimed.output_tokens})
        leave_out<std::int64_t>(*tokens, 0, largest_context);
    leave_out<std::int64_t>(claimed.memory, 0, largest_size);
    for (auto* seconds : {&claimed.load, &claimed.ttft})
        leave_out(*seconds, 0.0, longest);
    leave_out(claimed.tps, 0.0, fastest);
    cut(claimed.error, longest_error);
    cut(claimed.instance, longest_text);
    cut(claimed.lmstudio, longest_text);
    return claimed;
}

} // namespace secondwind::registry
