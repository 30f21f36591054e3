#include "file_layer.hpp"

#include "secret.hpp"

#include <secondwind/base/escape.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::config {
namespace {

using node_kind = json_node::kind;

// For editors, which use it to complete and check the file.
constexpr std::string_view schema_key = "$schema";

bool is_of(json_form form, node_kind type) noexcept {
    switch (form) {
    case json_form::string:
        return type == node_kind::string;
    case json_form::number:
        return type == node_kind::number;
    case json_form::string_or_number:
        return type == node_kind::string || type == node_kind::number;
    case json_form::boolean:
        return type == node_kind::literal;
    case json_form::list:
        return type == node_kind::array;
    case json_form::member:
        break;
    }
    return false;
}

bool is_section(std::string_view name) {
    return std::ranges::any_of(keys(), [name](key const& k) {
        return k.form != json_form::member && k.name.size() > name.size() &&
               k.name.starts_with(name) && k.name[name.size()] == '.';
    });
}

// The correct form of a key that is written together with its section.
std::string nested_form(std::string const& name) {
    auto const dot = name.find('.');
    if (auto const list = name.find("[]"); list != std::string::npos)
        return "write \"" + name.substr(dot + 1) + "\" in an object of \"" + name.substr(0, list) +
               "\"";
    return "write \"" + name.substr(0, dot) + "\": {\"" + name.substr(dot + 1) +
           "\": ...} rather than \"" + name + "\": ...";
}

class file_layer {
public:
    explicit file_layer(json_source const& source) : source_{source} {}

    std::vector<assignment> read() {
        auto const root = source_.parse();
        source_.expect(root, node_kind::object, "an object of settings");
        source_.refuse_repeats(root, "");
        for (auto const& member : root.members)
            source_.attempt([&] { read_top(member); });
        return std::move(assignments_);
    }

private:
    [[noreturn]] void refuse_unknown(json_member const& member, std::string const& path) const {
        auto message = "unknown key " + in_quotes(path);
        auto const known = nearest_key(path);
        if (known == path)
            message += ": " + nested_form(path);
        else if (known)
            message += ": did you mean " + in_quotes(*known) + "?";
        source_.fail(member.key_offset, message);
    }

    void read_top(json_member const& member) {
        bool const dotted = member.key.find('.') != std::string::npos;
        if (member.key == schema_key)
            source_.expect(member.value, node_kind::string, "the URL of the schema");
        else if (!dotted && is_section(member.key))
            read_section(member);
        else if (auto const* k = dotted ? nullptr : find_key(member.key); k == nullptr)
            refuse_unknown(member, member.key);
        else
            read_value(*k, member.value);
    }

    void read_section(json_member const& section) {
        source_.expect(section.value, node_kind::object,
                       "an object of " + section.key + " settings");
        auto const prefix = section.key + ".";
        source_.refuse_repeats(section.value, prefix);
        for (auto const& member : section.value.members)
            source_.attempt([&] { read_member(member, prefix + member.key); });
        for (auto const& k : keys())
            if (k.secret && k.form != json_form::member && k.name.starts_with(prefix))
                source_.attempt([&] { read_secret(k, section); });
    }

    // Of a section, unless it is a secret.
    void read_member(json_member const& member, std::string const& path) {
        auto const* k = find_key(path);
        bool const names_file = find_file_name_key(path) != nullptr;
        if (k == nullptr && !names_file)
            refuse_unknown(member, path);
        if (!names_file && !k->secret)
            read_value(*k, member.value);
    }

    // It is in one of two members, so it is read when both are known.
    void read_secret(key const& k, json_member const& section) {
        auto const judge = [&k](std::string_view text) {
            settings scratch;
            return k.assign(scratch, text);
        };
        auto const given = read_token(section.value, section.key,
                                      k.name.substr(section.key.size() + 1), judge, source_);
        if (given.from != nullptr)
            add(k, *given.from,
                [&k, text = given.value](settings& s) { return k.assign(s, text); });
    }

    void read_value(key const& k, json_node const& node) {
        if (!is_of(k.form, node.type))
            source_.fail(node.offset,
                         k.name + ": expected " + k.expected + ", but got " + shown(node));
        if (k.form == json_form::list) {
            read_list(k, node);
            return;
        }
        settings scratch;
        if (auto const complaint = k.assign(scratch, node.text); !complaint.empty())
            source_.fail(node.offset, k.name + ": " + complaint);
        if (auto const note = k.note ? k.note(node.text) : std::string{}; !note.empty())
            source_.note(node.offset, k.name + ": " + note);
        add(k, node, [&k, text = node.text](settings& s) { return k.assign(s, text); });
    }

    void read_list(key const& k, json_node const& list) {
        add(k, list, [put = k.read_list(list, source_)](settings& s) {
            put(s);
            return std::string{};
        });
        for (auto const& item : list.members)
            for (auto const& member : item.value.members)
                note_secret(k.name + "[]." + member.key, member.value);
    }

    // The list has already set it; this only records its place.
    void note_secret(std::string_view name, json_node const& node) {
        if (name.ends_with(file_suffix))
            name.remove_suffix(file_suffix.size());
        auto const* k = find_key(name);
        if (k != nullptr && k->secret && !node.text.empty())
            add(*k, node, [](settings&) { return std::string{}; });
    }

    void add(key const& k, json_node const& node, std::function<std::string(settings&)> apply) {
        assignments_.push_back({&k, std::move(apply), source_.position(node.offset)});
    }

    json_source const& source_;
    std::vector<assignment> assignments_;
};

} // namespace

std::vector<assignment> read_file_layer(json_source const& source) {
    return file_layer{source}.read();
}

} // namespace secondwind::config
