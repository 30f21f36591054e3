#include "lab_message.hpp"

#include "api_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace secondwind::admin {

namespace {

constexpr std::array<std::pair<std::string_view, lab_word>, 5> words{{
    {"want", lab_word::want},
    {"working", lab_word::working},
    {"loaded", lab_word::loaded},
    {"unloaded", lab_word::unloaded},
    {"released", lab_word::released},
}};

constexpr std::size_t longest_name = 1024;
constexpr double longest_quiet = 86'400; // seconds

// A text of that name: false if it is something else, or too long.
bool read_text(json const& message, char const* name, std::string& into) {
    auto const found = message.find(name);
    if (found == message.end() || !found->is_string())
        return false;
    into = found->get<std::string>();
    return into.size() <= longest_name;
}

} // namespace

std::string read_lab_message(std::string_view text, lab_message& into) {
    auto const message = json::parse(text, nullptr, false);
    std::string type;
    if (!message.is_object() || !read_text(message, "type", type))
        return "expected a JSON object with a \"type\"";
    auto const* const found =
        std::ranges::find(words, type, &std::pair<std::string_view, lab_word>::first);
    if (found == words.end())
        return "expected the type want, working, loaded, unloaded or released";
    into = {};
    into.word = found->second;
    if (into.word == lab_word::want) {
        auto const exclusive = message.value("exclusive", json(false));
        auto const quiet = message.value("quiet", json(0));
        bool const valid = exclusive.is_boolean() && quiet.is_number() &&
                           quiet.get<double>() >= 0 && quiet.get<double>() <= longest_quiet;
        if (!valid)
            return "expected \"exclusive\" to be true or false, and \"quiet\" a number of seconds "
                   "up to 86400";
        into.exclusive = exclusive.get<bool>();
        into.quiet =
            std::chrono::milliseconds{static_cast<std::int64_t>(quiet.get<double>() * 1000)};
    } else if (into.word == lab_word::working) {
        if (!read_text(message, "on", into.text))
            return "expected \"on\", the key of a model, of at most 1 KiB";
    } else if (into.word != lab_word::released) {
        if (!read_text(message, "instance_id", into.text) || into.text.empty())
            return "expected \"instance_id\", of at most 1 KiB";
    }
    return {};
}

std::string granted_message() {
    return R"({"type":"granted"})";
}

std::string wanted_message(std::vector<std::string> const& models) {
    return to_text({{"type", "wanted"}, {"models", models}});
}

std::string ended_message(std::string_view reason) {
    return to_text({{"type", "ended"}, {"reason", reason}});
}

} // namespace secondwind::admin
