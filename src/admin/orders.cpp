#include "orders.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/config/keys.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

namespace secondwind::admin {

namespace {

constexpr std::string_view an_unload = R"({"instance_id":"..."} or {"all":true})";
constexpr std::string_view a_mode = R"({"mode":"on"}, {"mode":"observe"} or {"mode":"off"})";
constexpr std::string_view nothing = "{}";

std::string expected(std::string_view what, std::string_view instead) {
    return std::string{"The body must be "}.append(what).append(", and ").append(instead).append(
        ".");
}

// The object, and the complaint where it is none or has a member twice or an unknown one.
std::pair<nlohmann::json, std::string> object_of(std::string_view body, std::string_view what,
                                                 std::initializer_list<std::string_view> known) {
    std::vector<std::string> names;
    auto const collect = [&names](int depth, nlohmann::json::parse_event_t event,
                                  nlohmann::json& parsed) {
        if (event == nlohmann::json::parse_event_t::key && depth == 1)
            names.push_back(parsed.get<std::string>());
        return true;
    };
    // The parser takes a zero byte for the end of the text.
    if (body.find('\0') != body.npos)
        return {nlohmann::json{}, expected(what, "is not JSON")};
    auto document = nlohmann::json::parse(body, collect, false);
    if (document.is_discarded())
        return {nlohmann::json{}, expected(what, body.empty() ? "there is none" : "is not JSON")};
    if (!document.is_object())
        return {nlohmann::json{}, expected(what, "is no object")};
    std::ranges::sort(names);
    if (auto const twice = std::ranges::adjacent_find(names); twice != names.end())
        return {nlohmann::json{}, expected(what, "has " + in_quotes(*twice) + " twice")};
    for (auto const& name : names)
        if (std::ranges::find(known, name) == known.end())
            return {nlohmann::json{}, expected(what, "has an unknown member " + in_quotes(name))};
    return {std::move(document), std::string{}};
}

} // namespace

std::string read_order(std::string_view body, unload_order& into) {
    auto const [order, complaint] = object_of(body, an_unload, {"instance_id", "all"});
    if (!complaint.empty())
        return complaint;
    if (order.size() != 1)
        return expected(an_unload, order.empty() ? "is empty" : "has both");
    if (auto const all = order.find("all"); all != order.end())
        return *all == true ? std::string{} : expected(an_unload, "\"all\" is not true");
    auto const& id = order.at("instance_id");
    if (!id.is_string() || id.get_ref<std::string const&>().empty())
        return expected(an_unload, "\"instance_id\" is not the id of an instance");
    into.instance_id = id.get<std::string>();
    return {};
}

std::string read_order(std::string_view body, mode_order& into) {
    auto const [order, complaint] = object_of(body, a_mode, {"mode"});
    if (!complaint.empty())
        return complaint;
    if (order.empty())
        return expected(a_mode, "is empty");
    auto const& mode = order.at("mode");
    if (!mode.is_string())
        return expected(a_mode, "\"mode\" is not a string");
    // The table of keys knows the names.
    config::settings with;
    auto const& name = mode.get_ref<std::string const&>();
    if (!config::find_key("recovery.mode")->assign(with, name).empty())
        return expected(a_mode, "\"mode\" is " + in_quotes(name));
    into.mode = with.recovery.mode;
    return {};
}

std::string read_empty_order(std::string_view body) {
    return object_of(body, nothing, {}).second;
}

} // namespace secondwind::admin
