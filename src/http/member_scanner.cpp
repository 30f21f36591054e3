#include <secondwind/http/member_scanner.hpp>

#include "json_skip.hpp"

#include <algorithm>
#include <cstring>

namespace secondwind::http {
namespace {

std::uint64_t read_so_far = 0;

bool is_json_space(char c) noexcept {
    return c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

constexpr auto structure = [] {
    std::array<bool, 256> table{};
    for (char const c : {'"', ':', '{', '}', '[', ']'})
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

// What may end or begin something at the top level, but for commas.
bool is_structure(char c) noexcept {
    return structure[static_cast<unsigned char>(c)];
}

std::size_t skip_space(std::string_view in, std::size_t at) noexcept {
    while (at < in.size() && is_json_space(in[at]))
        ++at;
    return at;
}

} // namespace

member_scanner::member_scanner(std::span<std::string_view const> names, std::size_t needed) noexcept
    : names_{names.first(std::min(names.size(), most_members))},
      needed_{std::min(needed, names_.size())}, missing_{needed_} {}

bool member_scanner::push(std::string_view piece) noexcept {
    auto at = place_ == place::mark && mark_read_ == 0 ? skip_usual_beginning(piece) : 0;
    while (at < piece.size() && !done())
        at = step(piece, at);
    consumed_ += at;
    read_so_far += at;
    return done();
}

// Most clients in JavaScript begin with the first of the names, and without white space; others
// write a space after the colon.
inline std::size_t member_scanner::skip_usual_beginning(std::string_view piece) noexcept {
    if (names_.empty())
        return 0;
    auto const& name = names_.front();
    auto const name_end = 2 + name.size();
    if (piece.size() < name_end + 4 || piece[0] != '{' || piece[1] != '"' ||
        std::memcmp(piece.data() + 2, name.data(), name.size()) != 0 || piece[name_end] != '"' ||
        piece[name_end + 1] != ':')
        return 0;
    auto const value = name_end + (piece[name_end + 2] == ' ' ? 3 : 2);
    if (piece[value] != '"')
        return 0;
    is_object_ = true;
    wanted_ = 0;
    place_ = place::text;
    return value + 1;
}

member_value member_scanner::value(std::size_t index) const noexcept {
    auto const& k = kept_[index];
    if (k.kind != member_kind::text && k.kind != member_kind::literal)
        return {.kind = k.kind, .end = k.end};
    return {k.kind, k.text.text(), k.text.cut(), k.end};
}

std::uint64_t member_scanner::bytes_read() noexcept {
    return read_so_far;
}

// Reads at least one byte, or goes on to the next place. A text goes through the first places in
// their order, so each of them falls through to the next.
inline std::size_t member_scanner::step(std::string_view in, std::size_t at) noexcept {
    switch (place_) {
    case place::mark:
        at = read_mark(in, at);
        if (place_ != place::before)
            return at;
        [[fallthrough]];
    case place::before:
        at = skip_space(in, at);
        if (at == in.size())
            return at;
        is_object_ = in[at++] == '{';
        place_ = is_object_ ? place::top : place::over;
        if (!is_object_)
            return at;
        [[fallthrough]];
    case place::top:
        at = read_top(in, at);
        if (place_ != place::name || at == in.size())
            return at;
        [[fallthrough]];
    case place::name:
        at = read_name(in, at);
        if (place_ != place::after_name)
            return at;
        [[fallthrough]];
    case place::after_name:
        at = skip_space(in, at);
        if (at == in.size())
            return at;
        if (in[at] != ':') {
            place_ = place::top;
            return at;
        }
        ++at;
        after_colon_ = wanted_ == most_members;
        place_ = after_colon_ ? place::top : place::before_value;
        if (after_colon_)
            return at;
        [[fallthrough]];
    case place::before_value:
        at = skip_space(in, at);
        if (at == in.size())
            return at;
        at = begin_value(in, at);
        if (place_ != place::text || at == in.size())
            return at;
        [[fallthrough]];
    case place::text:
        return read_text(in, at);
    case place::literal:
        return read_literal(in, at);
    case place::skipped_text:
        at = end_of_string(in, at, nesting_.escaped);
        if (at == in.size())
            return at;
        place_ = place::top;
        return at + 1;
    case place::nested:
        at = end_of_nested(in, at, nesting_);
        if (nesting_.depth == 0)
            place_ = place::top;
        return at;
    case place::over:
        break;
    }
    return in.size();
}

inline std::size_t member_scanner::read_mark(std::string_view in, std::size_t at) noexcept {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (mark_read_ == byte_order_mark.size() || (mark_read_ == 0 && in[at] != byte_order_mark[0])) {
        place_ = place::before;
        return at;
    }
    if (in[at] != byte_order_mark[mark_read_])
        place_ = place::over;
    ++mark_read_;
    return at + 1;
}

inline std::size_t member_scanner::read_top(std::string_view in, std::size_t at) noexcept {
    name_cut_ = false;
    for (; at < in.size(); ++at) {
        char const c = in[at];
        // Of numbers, words and white space.
        if (!is_structure(c)) {
            after_colon_ = after_colon_ && is_json_space(c);
            continue;
        }
        if (c == ':') {
            after_colon_ = true;
            continue;
        }
        nesting_.depth = 1;
        place_ = c == '"' && after_colon_ ? place::skipped_text
                 : c == '"'               ? place::name
                 : c == '{' || c == '['   ? place::nested
                                          : place::over;
        after_colon_ = false;
        return at + 1;
    }
    return at;
}

inline std::size_t member_scanner::read_name(std::string_view in, std::size_t at) noexcept {
    auto const end = end_of_string(in, at, nesting_.escaped);
    auto const raw = in.substr(at, end - at);
    if (end == in.size() || name_cut_ || raw.find('\\') != std::string_view::npos) {
        if (!name_cut_)
            name_.clear();
        name_cut_ = true;
        name_.push(raw);
    }
    if (end == in.size())
        return end;
    if (!name_cut_)
        wanted_ = index_of(raw);
    else
        wanted_ = name_.finish() && !name_.cut() ? index_of(name_.text()) : most_members;
    place_ = place::after_name;
    return end + 1;
}

// Of a member that is not found yet.
inline std::size_t member_scanner::index_of(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < names_.size(); ++i)
        if (names_[i] == name)
            return kept_[i].kind == member_kind::absent ? i : most_members;
    return most_members;
}

inline std::size_t member_scanner::begin_value(std::string_view in, std::size_t at) noexcept {
    switch (in[at]) {
    case '"':
        place_ = place::text;
        return at + 1;
    case '{':
    case '[':
        place_ = place::nested;
        nesting_.depth = 1;
        found(member_kind::nested, at + 1);
        return at + 1;
    default:
        place_ = place::literal;
        return at;
    }
}

inline std::size_t member_scanner::read_text(std::string_view in, std::size_t at) noexcept {
    auto& text = kept_[wanted_].text;
    auto const end = end_of_string(in, at, nesting_.escaped);
    text.push(in.substr(at, end - at));
    if (end == in.size())
        return end;
    place_ = place::top;
    found(text.finish() ? member_kind::text : member_kind::invalid, end + 1);
    return end + 1;
}

std::size_t member_scanner::read_literal(std::string_view in, std::size_t at) noexcept {
    auto const end = std::min(in.find_first_of(",}] \t\r\n", at), in.size());
    auto& text = kept_[wanted_].text;
    text.push(in.substr(at, end - at));
    if (end == in.size())
        return end;
    place_ = place::top;
    found(text.finish() ? member_kind::literal : member_kind::invalid, end);
    return end;
}

inline void member_scanner::found(member_kind kind, std::size_t end) noexcept {
    kept_[wanted_].kind = kind;
    kept_[wanted_].end = consumed_ + end;
    if (wanted_ < needed_ && --missing_ == 0)
        place_ = place::over;
}

} // namespace secondwind::http
