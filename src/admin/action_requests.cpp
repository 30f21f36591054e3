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
constexpr std::string_view nothing = "{}";

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
    auto const [object, error] = parse_object(body, a_mode, {"mode"});
    if (!error.empty())
        return error;
    if (object.empty())
        return must_be(a_mode, "it has no members");
    auto const& mode = object.at("mode");
    if (!mode.is_string())
        return must_be(a_mode, "\"mode\" is not a string");
    // The configuration's table of keys knows the names of the modes.
    config::settings settings;
    auto const& name = mode.get_ref<std::string const&>();
    if (!config::find_key("recovery.mode")->assign(settings, name).empty())
        return must_be(a_mode, "\"mode\" is " + in_quotes(name));
    into.mode = settings.recovery.mode;
    return {};
}

std::string read_empty_action(std::string_view body) {
    return parse_object(body, nothing, {}).second;
}

} // namespace secondwind::admin
