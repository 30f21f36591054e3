#include "secret.hpp"

#include <algorithm>
#include <cstddef>

namespace secondwind::config {
namespace {

// Far more than any token has, and far less than the limit of a head.
constexpr std::size_t longest_token = 4096;

// An empty string counts as none: the reference file has it.
std::string const* secret_at(json_node const* node, std::string const& path,
                             json_source const& source) {
    if (node == nullptr)
        return nullptr;
    // The value of a secret is never shown, not even if it is a number.
    if (node->type != json_node::kind::string)
        source.fail(node->offset, path + ": expected a string");
    return node->text.empty() ? nullptr : &node->text;
}

} // namespace

std::string token_complaint(std::string_view token) {
    constexpr std::string_view expected = "expected a token of visible ASCII characters, but ";
    auto const refused = [&](std::string_view reason) {
        return std::string{expected}.append(reason);
    };
    if (token.size() > longest_token)
        return refused("it has more than 4096");
    if (token.find(' ') != std::string_view::npos)
        return refused("it has a space");
    auto const is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
    if (std::ranges::any_of(token, is_control))
        return refused("it has a control character");
    if (std::ranges::any_of(token, [](char c) { return c < '!' || c > '~'; }))
        return refused("it has a character that is not ASCII");
    return {};
}

file_content unreadable() {
    return std::make_error_code(std::errc::operation_not_permitted);
}

std::string take_token(file_content const& content, token_judge const& judge, std::string& into) {
    if (!content.text())
        return "the file that this names cannot be read: " + content.error().message();
    auto const& text = *content.text();
    auto line = std::string_view{text}.substr(0, text.find('\n'));
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    if (line.empty())
        return "the first line of the file that this names is empty";
    if (auto const complaint = judge(line); !complaint.empty())
        return "in the file that this names: " + complaint;
    into = line;
    return {};
}

given_token read_token(json_node const& object, std::string const& path, std::string const& name,
                       token_judge const& judge, json_source const& source) {
    auto const file_name = name + std::string{file_suffix};
    auto const token_path = path + "." + name;
    auto const file_path = path + "." + file_name;
    auto const* in_place = member_of(object, name);
    auto const* in_file = member_of(object, file_name);
    auto const* token = secret_at(in_place, token_path, source);
    auto const* file = secret_at(in_file, file_path, source);
    if (token != nullptr && file != nullptr)
        source.fail(in_file->offset, file_path + ": \"" + name + "\" is also given: give only one");
    if (token != nullptr) {
        if (auto const complaint = judge(*token); !complaint.empty())
            source.fail(in_place->offset, token_path + ": " + complaint);
        return {*token, in_place};
    }
    if (file == nullptr)
        return {};
    given_token taken{{}, in_file};
    if (auto const complaint = take_token(source.read_file(*file), judge, taken.value);
        !complaint.empty())
        source.fail(in_file->offset, file_path + ": " + complaint);
    return taken;
}

} // namespace secondwind::config
