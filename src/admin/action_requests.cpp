#include "action_requests.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/config/keys.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

namespace secondwind::admin {

namespace {

using body_json = nlohmann::json;

constexpr std::string_view an_unload = R"({"instance_id":"..."} or {"all":true})";
constexpr std::string_view a_mode = R"({"mode":"on"}, {"mode":"observe"} or {"mode":"off"})";
constexpr std::string_view an_evict = R"({"evict":"idle"}, {"evict":"enough"} or {"evict":"all"})";
constexpr std::string_view a_pin = R"({"model":"..."})";
constexpr std::string_view a_load = R"({"model":"..."} or {"model":"...","context_length":8192})";
constexpr std::string_view a_chat = R"({"model":"...","prompt":"..."})";
constexpr std::string_view nothing = "{}";
constexpr std::size_t longest_pattern = 512;
constexpr std::uint64_t largest_context = 100'000'000; // tokens

std::string must_be(std::string_view expected, std::string_view problem) {
    return std::string{"The body must be "}
        .append(expected)
        .append(", but ")
        .append(problem)
        .append(".");
}

// The object, or an error: it is not an object, or it has an unknown member or one member twice.
std::pair<body_json, std::string> parse_object(std::string_view body, std::string_view expected,
                                               std::initializer_list<std::string_view> known) {
    std::vector<std::string> names;
    auto const collect = [&names](int depth, body_json::parse_event_t event, body_json& parsed) {
        if (event == body_json::parse_event_t::key && depth == 1)
            names.push_back(parsed.get<std::string>());
        return true;
    };
    // The parser would stop at a zero byte and ignore the rest.
    if (body.find('\0') != body.npos)
        return {body_json{}, must_be(expected, "it is not JSON")};
    auto document = body_json::parse(body, collect, false);
    if (document.is_discarded())
        return {body_json{}, must_be(expected, body.empty() ? "it is empty" : "it is not JSON")};
    if (!document.is_object())
        return {body_json{}, must_be(expected, "it is not an object")};
    std::ranges::sort(names);
    if (auto const twice = std::ranges::adjacent_find(names); twice != names.end())
        return {body_json{}, must_be(expected, "it has " + in_quotes(*twice) + " twice")};
    for (auto const& name : names)
        if (std::ranges::find(known, name) == known.end())
            return {body_json{}, must_be(expected, "it has the unknown member " + in_quotes(name))};
    return {std::move(document), std::string{}};
}

// The value of a setting, which the configuration's table of keys knows by name.
std::string read_choice(std::string_view body, std::string_view expected, std::string const& member,
                        std::string_view key, config::settings& into) {
    auto const [object, error] = parse_object(body, expected, {member});
    if (!error.empty())
        return error;
    if (object.empty())
        return must_be(expected, "it has no members");
    auto const& value = object.at(member);
    if (!value.is_string())
        return must_be(expected, "\"" + member + "\" is not a string");
    auto const& name = value.get_ref<std::string const&>();
    if (!config::find_key(key)->assign(into, name).empty())
        return must_be(expected, "\"" + member + "\" is " + in_quotes(name));
    return {};
}

std::string read_model(body_json const& object, std::string_view expected, std::string& into) {
    auto const model = object.find("model");
    if (model == object.end() || !model->is_string() ||
        model->get_ref<std::string const&>().empty())
        return must_be(expected, "\"model\" is not the key of a model");
    into = model->get<std::string>();
    return into.size() <= longest_pattern ? std::string{}
                                          : must_be(expected, "\"model\" is too long");
}

} // namespace

std::string read_action(std::string_view body, unload_request& into) {
    auto const [object, error] = parse_object(body, an_unload, {"instance_id", "all"});
    if (!error.empty())
        return error;
    if (object.size() != 1)
        return must_be(an_unload, object.empty() ? "it has no members" : "it has both members");
    if (auto const all = object.find("all"); all != object.end())
        return *all == true ? std::string{} : must_be(an_unload, "\"all\" is not true");
    auto const& id = object.at("instance_id");
    if (!id.is_string() || id.get_ref<std::string const&>().empty())
        return must_be(an_unload, "\"instance_id\" is not the id of an instance");
    into.instance_id = id.get<std::string>();
    return {};
}

std::string read_action(std::string_view body, mode_request& into) {
    config::settings read;
    auto error = read_choice(body, a_mode, "mode", "recovery.mode", read);
    into.mode = read.recovery.mode;
    return error;
}

std::string read_action(std::string_view body, evict_request& into) {
    config::settings read;
    auto error = read_choice(body, an_evict, "evict", "recovery.evict", read);
    into.evict = read.recovery.evict;
    return error;
}

std::string read_action(std::string_view body, pin_request& into) {
    auto const [object, error] = parse_object(body, a_pin, {"model"});
    return error.empty() ? read_model(object, a_pin, into.model) : error;
}

std::string read_action(std::string_view body, load_request& into) {
    auto const [object, error] = parse_object(body, a_load, {"model", "context_length"});
    if (!error.empty())
        return error;
    if (auto const context = object.find("context_length"); context != object.end()) {
        if (!context->is_number_unsigned() || *context == 0u || *context > largest_context)
            return must_be(a_load, "\"context_length\" is not a whole number of tokens");
        into.context_length = context->get<std::uint64_t>();
    }
    return read_model(object, a_load, into.model);
}

std::string read_action(std::string_view body, try_request& into) {
    auto const [object, error] = parse_object(body, a_chat, {"model", "prompt"});
    if (!error.empty())
        return error;
    auto const prompt = object.find("prompt");
    if (prompt == object.end() || !prompt->is_string() ||
        prompt->get_ref<std::string const&>().empty())
        return must_be(a_chat, "\"prompt\" is not a text");
    into.prompt = prompt->get<std::string>();
    return read_model(object, a_chat, into.model);
}

std::string read_empty_action(std::string_view body) {
    return parse_object(body, nothing, {}).second;
}

} // namespace secondwind::admin
