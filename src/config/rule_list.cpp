#include "lists.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/pattern.hpp>
#include <secondwind/config/keys.hpp>
#include <secondwind/policy/signature.hpp>

#include <array>
#include <charconv>
#include <utility>

namespace secondwind::config {
namespace {

using policy::verdict;

constexpr std::size_t longest_match = 1024;
constexpr int least_status = 200;
constexpr int most_status = 599;

std::vector<std::string> const rule_members{"match", "verdict", "status"};
std::string const list_path = "recovery.rules";
std::string const expected_list =
    R"(a list as [{"match": "not enough VRAM", "verdict": "insufficient_memory"}])";

// The verdicts that a rule may give. No error text makes an answer healthy.
constexpr std::array verdicts{verdict::load_refused,       verdict::insufficient_memory,
                              verdict::suspected_memory,   verdict::cache_corruption,
                              verdict::unloaded_in_flight, verdict::model_crash,
                              verdict::other_error};

std::string read_match(json_node const& node, std::string const& path, json_source const& source) {
    source.expect(node, json_node::kind::string, "a text to look for in " + path);
    auto const fail = [&](std::string const& reason) {
        source.fail(node.offset, path + ": " + reason);
    };
    if (node.text.empty())
        fail("expected a text to look for in error messages, but it is empty");
    if (node.text.size() > longest_match)
        fail("expected a text of at most 1KiB");
    // A pattern that matches an empty text matches everywhere, unless it is anchored at both ends.
    if (matches(node.text, "") && matches(node.text, "x"))
        fail(
            in_quotes(node.text) +
            " matches every error, so no other rule would ever be used: expected some text besides "
            R"("*", "^" and "$")");
    return node.text;
}

verdict read_verdict(json_node const& node, std::string const& path, json_source const& source) {
    std::vector<std::string> known;
    std::string expected;
    for (auto const v : verdicts) {
        known.emplace_back(policy::to_string(v));
        expected += v == verdicts.front() ? "" : v == verdicts.back() ? " or " : ", ";
        expected += known.back();
    }
    bool const is_text = node.type == json_node::kind::string;
    auto const found = is_text ? policy::verdict_from_string(node.text) : std::nullopt;
    if (found && *found != verdict::healthy)
        return *found;
    auto message = path + ": expected " + expected + ", but got " + shown(node);
    if (auto const meant = is_text ? nearest(node.text, known) : std::nullopt)
        message += ": did you mean " + in_quotes(*meant) + "?";
    source.fail(node.offset, message);
}

int read_status(json_node const& node, std::string const& path, json_source const& source) {
    int status = 0;
    auto const* end = node.text.data() + node.text.size();
    auto const [stop, error] = std::from_chars(node.text.data(), end, status);
    bool const whole = node.type == json_node::kind::number && error == std::errc{} && stop == end;
    if (!whole || status < least_status || status > most_status)
        source.fail(node.offset, path + ": expected a whole number from " +
                                     std::to_string(least_status) + " to " +
                                     std::to_string(most_status) + ", but got " + shown(node));
    return status;
}

json_node const& required(json_node const& item, std::string const& name, std::string const& path,
                          json_source const& source) {
    auto const* found = member_of(item, name);
    if (found == nullptr)
        source.fail(item.offset, path + ": expected a " + in_quotes(name) + " in this rule");
    return *found;
}

policy::rule read_rule(json_node const& item, std::string const& path, json_source const& source) {
    source.expect_object(item, path, R"(a rule as {"match": ..., "verdict": ...})", rule_members);
    policy::rule rule;
    source.attempt([&] {
        rule.match = read_match(required(item, "match", path, source), path + ".match", source);
    });
    source.attempt([&] {
        rule.verdict =
            read_verdict(required(item, "verdict", path, source), path + ".verdict", source);
    });
    if (auto const* status = member_of(item, "status"))
        source.attempt([&] { rule.status = read_status(*status, path + ".status", source); });
    return rule;
}

std::string check(std::vector<policy::rule> const& /*all*/) {
    return {};
}

std::string read_text(std::string_view text, std::vector<policy::rule>& into) {
    try {
        json_source const source{text};
        auto const list = source.parse();
        source.expect(list, json_node::kind::array, expected_list);
        auto all = read_items(list, list_path, rule_list(), source);
        if (!source.faults().empty())
            throw config_error{source.faults()};
        into = std::move(all);
        return {};
    } catch (config_error const& e) {
        return e.what();
    }
}

std::string show(std::vector<policy::rule> const& all) {
    std::string text = "[";
    for (auto const& rule : all) {
        text += text.size() == 1 ? R"({"match":")" : R"(,{"match":")";
        append_escaped(text, rule.match);
        text.append(R"(","verdict":")").append(policy::to_string(rule.verdict)).append("\"");
        if (rule.status)
            text += ",\"status\":" + std::to_string(*rule.status);
        text += "}";
    }
    return text + "]";
}

} // namespace

list_kind<policy::rule> const& rule_list() {
    static list_kind<policy::rule> const kind{.expected = expected_list,
                                              .members = rule_members,
                                              .read_item = read_rule,
                                              .check = check,
                                              .read_text = read_text,
                                              .show = show};
    return kind;
}

} // namespace secondwind::config
