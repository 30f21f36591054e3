#include <secondwind/lmstudio/list_merge.hpp>

#include "json_members.hpp"

#include <algorithm>
#include <utility>

namespace secondwind::lmstudio {
namespace {

// An object or an array in valid JSON.
struct container {
    std::string_view text; // with its brackets
    // Its elements, or its members with their names, without the spaces around them.
    std::vector<std::string_view> parts;
};

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view spaces = " \t\r\n";
    auto const begin = text.find_first_not_of(spaces);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(spaces) + 1 - begin);
}

// The place after the string that begins at `begin`.
std::size_t after_string(std::string_view text, std::size_t begin) noexcept {
    auto at = begin + 1;
    while (at < text.size() && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return std::min(at + 1, text.size());
}

// The first one in the text.
container first_container(std::string_view text) {
    container out;
    auto const begin = std::min(text.find_first_of("{["), text.size());
    auto part = begin + 1;
    std::size_t depth = 0;
    auto const end_part = [&](std::size_t end) {
        if (auto const one = trimmed(text.substr(part, end - part)); !one.empty())
            out.parts.push_back(one);
        part = end + 1;
    };
    for (auto at = begin; at < text.size();) {
        char const c = text[at];
        if (c == '"') {
            at = after_string(text, at);
            continue;
        }
        if (c == '{' || c == '[')
            ++depth;
        else if (c == ',' && depth == 1)
            end_part(at);
        else if ((c == '}' || c == ']') && --depth == 0) {
            end_part(at);
            out.text = text.substr(begin, at + 1 - begin);
            break;
        }
        ++at;
    }
    return out;
}

// The value of a member, which the object has. Of several with that name the last one counts, as
// parsers have it.
std::string_view value_of(std::string_view object, std::string_view name) {
    std::string_view value;
    for (auto const member : first_container(object).parts) {
        auto const end = after_string(member, 0);
        auto const quoted = member.substr(0, end);
        bool const same = quoted.find('\\') == std::string_view::npos
                              ? quoted.substr(1, quoted.size() - 2) == name
                              : parse_json(quoted) == name;
        if (same)
            value = trimmed(member.substr(member.find(':', end) + 1));
    }
    return value;
}

// The array with these elements, one at least, laid out as it was.
std::string with_elements(container const& array, std::vector<std::string_view> const& elements) {
    std::string_view before;
    std::string_view after;
    if (!array.parts.empty()) {
        auto const text = array.text;
        auto const first = array.parts.front();
        auto const last = array.parts.back();
        before = {text.data() + 1, static_cast<std::size_t>(first.data() - text.data()) - 1};
        auto const end = static_cast<std::size_t>(last.data() - text.data()) + last.size();
        after = text.substr(end, text.size() - 1 - end);
    }
    std::string out{"["};
    for (auto const each : elements)
        out.append(out.size() > 1 ? "," : "").append(before).append(each);
    return out.append(after).append("]");
}

std::string replaced(std::string_view text, std::string_view part, std::string_view by) {
    auto const begin = static_cast<std::size_t>(part.data() - text.data());
    std::string out{text.substr(0, begin)};
    return out.append(by).append(text.substr(begin + part.size()));
}

constexpr char const* instances_member = "loaded_instances";

char const* list_member(list_api api) noexcept {
    return api == list_api::rest_v1 ? "models" : "data";
}

} // namespace

std::optional<list_api> list_at(std::string_view path) noexcept {
    if (path == "/v1/models")
        return list_api::openai;
    if (path == "/api/v0/models")
        return list_api::rest_v0;
    if (path == "/api/v1/models")
        return list_api::rest_v1;
    return std::nullopt;
}

bool list_merge::add(std::string_view body) {
    // The parser takes a NUL for the end of the text.
    if (body.find('\0') != std::string_view::npos)
        return false;
    auto const document = parse_json(body);
    if (!document.is_object())
        return false;
    auto const list = document.find(list_member(api_));
    if (list == document.end() || !list->is_array())
        return false;

    auto const* const name = api_ == list_api::rest_v1 ? "key" : "id";
    auto const named = [name](json const& model) {
        return model.is_object() && !text_of(model, name).empty();
    };
    if (!list->empty() && std::ranges::none_of(*list, named))
        return false;
    auto const texts = first_container(value_of(body, list_member(api_))).parts;
    for (std::size_t i = 0; i < texts.size(); ++i)
        if (auto const& model = (*list)[i]; named(model))
            take(text_of(model, name), texts[i], model);
    if (bodies_++ == 0)
        first_ = body;
    return true;
}

void list_merge::take(std::string id, std::string_view text, json const& model) {
    entry fresh;
    fresh.text = text;
    std::vector<std::string_view> instances;
    if (api_ == list_api::rest_v0)
        fresh.loaded = text_of(model, "state") == "loaded";
    auto const listed = model.find(instances_member);
    bool const has_instances =
        api_ == list_api::rest_v1 && listed != model.end() && listed->is_array();
    if (has_instances) {
        instances = first_container(value_of(text, instances_member)).parts;
        for (auto const& one : *listed)
            fresh.instance_ids.push_back(one.is_object() ? text_of(one, "id") : "");
        fresh.loaded = !instances.empty();
    }

    auto const [place, is_new] = by_id_.try_emplace(std::move(id), entries_.size());
    if (is_new) {
        entries_.push_back(std::move(fresh));
        return;
    }
    auto& known = entries_[place->second];
    if (!known.loaded) {
        if (fresh.loaded)
            known = std::move(fresh);
        return;
    }
    for (std::size_t i = 0; i < instances.size(); ++i) {
        auto& one = fresh.instance_ids[i];
        if (one.empty() || std::ranges::find(known.instance_ids, one) != known.instance_ids.end())
            continue;
        known.more_instances.push_back(instances[i]);
        known.instance_ids.push_back(std::move(one));
    }
}

std::string list_merge::joined(entry const& one) {
    if (one.more_instances.empty())
        return std::string{one.text};
    auto const array = first_container(value_of(one.text, instances_member));
    auto all = array.parts;
    all.insert(all.end(), one.more_instances.begin(), one.more_instances.end());
    return replaced(one.text, array.text, with_elements(array, all));
}

std::string list_merge::body() const {
    if (bodies_ < 2 || entries_.empty())
        return std::string{first_};
    std::vector<std::string> texts;
    for (auto const& each : entries_)
        texts.push_back(joined(each));
    auto const array = first_container(value_of(first_, list_member(api_)));
    return replaced(first_, array.text, with_elements(array, {texts.begin(), texts.end()}));
}

} // namespace secondwind::lmstudio
