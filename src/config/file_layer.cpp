#include <secondwind/config/file_layer.hpp>

#include <secondwind/base/escape.hpp>
#include <secondwind/config/address.hpp>
#include <secondwind/config/keys.hpp>
#include <secondwind/config/parse.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::config {
namespace {

using node_kind = json_node::kind;

std::string shown(json_node const& node) {
    switch (node.what) {
    case node_kind::object:
        return "an object";
    case node_kind::array:
        return "a list";
    case node_kind::string:
        return in_quotes(node.text);
    case node_kind::number:
    case node_kind::literal:
        break;
    }
    return node.text.substr(0, 40);
}

bool is_of(json_form form, node_kind what) noexcept {
    switch (form) {
    case json_form::string:
        return what == node_kind::string;
    case json_form::number:
        return what == node_kind::number;
    case json_form::string_or_number:
        return what == node_kind::string || what == node_kind::number;
    case json_form::list:
        break;
    }
    return what == node_kind::array;
}

bool is_section(std::string_view name) {
    return std::ranges::any_of(keys(), [name](key const& k) {
        return k.name.size() > name.size() && k.name.starts_with(name) &&
               k.name[name.size()] == '.';
    });
}

// What to write instead of a key that holds its section's name as well.
std::string nested_form(std::string const& name) {
    auto const dot = name.find('.');
    return "write \"" + name.substr(0, dot) + "\": {\"" + name.substr(dot + 1) +
           "\": ...} rather than \"" + name + "\": ...";
}

// The settings of an upstream; the only keys below a list.
std::vector<std::string> const upstream_keys{"upstreams[].name", "upstreams[].url"};

class file_layer {
public:
    file_layer(std::string_view text, std::string const& name) : text_{text}, name_{name} {}

    std::vector<assignment> read() {
        auto const root = parse();
        expect(root, node_kind::object, "an object of settings");
        refuse_repeats(root, "");
        for (auto const& member : root.members)
            read_top(member);
        return std::move(assignments_);
    }

private:
    [[noreturn]] void fail(std::size_t offset, std::string const& message) const {
        throw config_error{place(name_, position_of(text_, offset)) + ": " + message};
    }

    json_node parse() const {
        try {
            return parse_json_tree(text_);
        } catch (json_error const& e) {
            fail(e.offset(), std::string{"not valid JSON: "} + e.what());
        }
    }

    void expect(json_node const& node, node_kind what, std::string const& expected) const {
        if (node.what != what)
            fail(node.offset, "expected " + expected + ", but got " + shown(node));
    }

    // Two values for one setting: whichever won, somebody would be surprised.
    void refuse_repeats(json_node const& object, std::string const& prefix) const {
        for (auto one = object.members.begin(); one != object.members.end(); ++one) {
            auto const first =
                std::ranges::find(object.members.begin(), one, one->key, &json_member::key);
            if (first == one)
                continue;
            auto const line = position_of(text_, first->key_offset).line;
            fail(one->key_offset, "repeated key " + in_quotes(prefix + one->key) +
                                      ": it is in line " + std::to_string(line) + " already");
        }
    }

    [[noreturn]] void refuse_unknown(json_member const& member, std::string const& path) const {
        auto message = "unknown key " + in_quotes(path);
        auto known = nearest_key(path);
        if (path.find("[].") != std::string::npos)
            known = nearest(path, upstream_keys);
        if (known == path)
            message += ": " + nested_form(path);
        else if (known)
            message += ": did you mean " + in_quotes(*known) + "?";
        fail(member.key_offset, message);
    }

    void read_top(json_member const& member) {
        bool const dotted = member.key.find('.') != std::string::npos;
        if (!dotted && is_section(member.key))
            read_section(member);
        else if (auto const* k = dotted ? nullptr : find_key(member.key); k == nullptr)
            refuse_unknown(member, member.key);
        else
            read_value(*k, member.value);
    }

    void read_section(json_member const& section) {
        expect(section.value, node_kind::object, "an object of " + section.key + " settings");
        auto const prefix = section.key + ".";
        refuse_repeats(section.value, prefix);
        for (auto const& member : section.value.members) {
            auto const* k = find_key(prefix + member.key);
            if (k == nullptr)
                refuse_unknown(member, prefix + member.key);
            read_value(*k, member.value);
        }
    }

    void read_value(key const& k, json_node const& node) {
        if (!is_of(k.form, node.what))
            fail(node.offset, k.name + ": expected " + k.expected + ", but got " + shown(node));
        auto text = k.form == json_form::list ? read_list(k, node) : node.text;
        assignments_.push_back({k.name, std::move(text), position_of(text_, node.offset)});
    }

    // The list as the text that the environment and the flag give.
    std::string read_list(key const& k, json_node const& list) const {
        std::vector<upstream> all;
        std::string joined;
        for (auto const& item : list.members) {
            auto const& one = all.emplace_back(read_upstream_object(item.value));
            joined += joined.empty() ? "" : ",";
            joined += one.name + "=" + to_string(one);
            if (auto complaint = check_upstreams(all); !complaint.empty())
                fail(item.value.offset, k.name + ": " + complaint);
        }
        if (auto complaint = check_upstreams(all); !complaint.empty())
            fail(list.offset, k.name + ": " + complaint);
        return joined;
    }

    upstream read_upstream_object(json_node const& node) const {
        expect(node, node_kind::object, R"(an upstream as {"name": ..., "url": ...})");
        refuse_repeats(node, "upstreams[].");
        upstream u;
        bool has_url = false;
        for (auto const& member : node.members) {
            auto const path = "upstreams[]." + member.key;
            bool const is_url = path == upstream_keys.back();
            if (!is_url && path != upstream_keys.front())
                refuse_unknown(member, path);
            expect(member.value, node_kind::string, "a string for " + in_quotes(path));
            auto const complaint =
                is_url ? read_url(member.value.text, u) : read_name(member.value.text, u);
            if (!complaint.empty())
                fail(member.value.offset, path + ": " + complaint);
            has_url = has_url || is_url;
        }
        if (!has_url)
            fail(node.offset, R"(expected a "url" in this upstream)");
        return u;
    }

    static std::string read_name(std::string const& text, upstream& into) {
        if (!is_upstream_name(text))
            return expected_but_got("a name of letters, digits, '_', '.' and '-'", text);
        into.name = text;
        return {};
    }

    std::string_view text_;
    std::string const& name_;
    std::vector<assignment> assignments_;
};

} // namespace

std::vector<assignment> read_file_layer(std::string_view text, std::string const& name) {
    return file_layer{text, name}.read();
}

std::string place(std::string const& name, text_position where) {
    return name + ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
}

} // namespace secondwind::config
