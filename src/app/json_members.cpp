#include "json_members.hpp"

namespace secondwind::app {

json const& member(json const& object, std::string_view name) {
    static json const null;
    if (!object.is_object())
        return null;
    auto const found = object.find(name);
    return found == object.end() ? null : *found;
}

json const& list_member(json const& object, std::string_view name) {
    static json const none = json::array();
    auto const& found = member(object, name);
    return found.is_array() ? found : none;
}

std::string text_member(json const& object, std::string_view name, std::string_view missing) {
    auto const& found = member(object, name);
    if (found.is_string())
        return found.get<std::string>();
    if (found.is_number() || found.is_boolean())
        return found.dump();
    return std::string{missing};
}

bool is_true(json const& object, std::string_view name) {
    auto const& found = member(object, name);
    return found.is_boolean() && found.get<bool>();
}

double number_member(json const& object, std::string_view name) {
    auto const& found = member(object, name);
    return found.is_number() ? found.get<double>() : 0;
}

std::uint64_t count_member(json const& object, std::string_view name) {
    auto const& found = member(object, name);
    bool const is_count = found.is_number_integer() && found >= 0;
    return is_count ? found.get<std::uint64_t>() : 0;
}

} // namespace secondwind::app
