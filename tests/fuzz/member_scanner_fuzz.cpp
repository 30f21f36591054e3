// The members that are found in any bytes, in any pieces, compared with what a full parser finds.
#include "target.hpp"

#include <secondwind/http/member_scanner.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace member_scanner_fuzz {
namespace {

using nlohmann::json;
using secondwind::fuzz::require;
using secondwind::http::json_string;
using secondwind::http::member_kind;
using secondwind::http::member_scanner;
using secondwind::http::member_value;

constexpr std::array<std::string_view, 3> names{"model", "previous_response_id", "context_length"};

// Takes the events of the parser, and keeps the first value of each name at the top level.
class reference {
public:
    explicit reference(std::string_view text)
        : valid_{json::sax_parse(text.begin(), text.end(), this)} {}

    bool valid() const noexcept { return valid_; }
    bool is_object() const noexcept { return is_object_; }
    // Discarded where there is none; an empty array stands for any nested value.
    json const& value(std::size_t index) const noexcept { return values_[index]; }

    bool string(json::string_t& text) { return keep(text); }
    bool null() { return keep(nullptr); }
    bool boolean(bool value) { return keep(value); }
    bool number_integer(json::number_integer_t value) { return keep(value); }
    bool number_unsigned(json::number_unsigned_t value) { return keep(value); }
    bool number_float(json::number_float_t value, json::string_t const&) { return keep(value); }
    bool binary(json::binary_t&) { return true; }
    bool key(json::string_t& name) {
        auto const found = std::find(names.begin(), names.end(), name);
        if (depth_ == 1 && found != names.end())
            wanted_ = static_cast<std::size_t>(found - names.begin());
        return true;
    }
    bool start_object(std::size_t) {
        is_object_ = is_object_ || depth_ == 0;
        return start_array(0);
    }
    bool start_array(std::size_t) {
        keep(json::array());
        ++depth_;
        return true;
    }
    bool end_object() { return end_array(); }
    bool end_array() {
        --depth_;
        return true;
    }
    bool parse_error(std::size_t, std::string const&, json::exception const&) { return false; }

private:
    bool keep(json value) {
        if (wanted_ && values_[*wanted_].is_discarded())
            values_[*wanted_] = std::move(value);
        wanted_.reset();
        return true;
    }

    std::size_t depth_ = 0;
    bool is_object_ = false;
    std::optional<std::size_t> wanted_;
    std::array<json, names.size()> values_{json::value_t::discarded, json::value_t::discarded,
                                           json::value_t::discarded};
    bool valid_;
};

member_scanner scan(std::string_view text, std::size_t piece_size) {
    member_scanner scanner{names, names.size()};
    while (!text.empty()) {
        auto const size = std::min(piece_size, text.size());
        // Of its own size, so that a sanitizer sees a read past its end.
        auto const piece = std::make_unique<char[]>(size);
        std::copy_n(text.begin(), size, piece.get());
        scanner.push({piece.get(), size});
        text.remove_prefix(size);
    }
    return scanner;
}

bool equal(member_value const& a, member_value const& b) {
    return a.kind == b.kind && a.text == b.text && a.cut == b.cut && a.end == b.end;
}

bool means(member_value const& found, json const& right) {
    switch (found.kind) {
    case member_kind::absent:
        return right.is_discarded();
    case member_kind::nested:
        return right.is_array();
    case member_kind::text:
        return right.is_string() &&
               (found.cut ? right.get_ref<std::string const&>().starts_with(found.text)
                          : right == found.text);
    case member_kind::literal:
        // Of a number with more digits than are kept there is only the beginning.
        return found.cut || right == json::parse(found.text, nullptr, false);
    case member_kind::invalid:
        break;
    }
    return false;
}

void test(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    auto const before = member_scanner::bytes_read();
    auto const whole = scan(text, std::max<std::size_t>(size, 1));
    require(member_scanner::bytes_read() - before <= size);
    for (std::size_t const piece_size : {std::size_t{1}, 1 + size % 97, 1 + size / 2}) {
        auto const other = scan(text, piece_size);
        require(other.done() == whole.done() && other.is_object() == whole.is_object());
        for (std::size_t i = 0; i < names.size(); ++i)
            require(equal(other.value(i), whole.value(i)));
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto const value = whole.value(i);
        require(value.end <= size && value.text.size() <= json_string::longest);
        if (value.kind == member_kind::text)
            require(!json(value.text).dump().empty()); // throws unless it is UTF-8
    }

    if (reference const right{text}; right.valid()) {
        require(whole.is_object() == right.is_object());
        for (std::size_t i = 0; i < names.size(); ++i)
            require(means(whole.value(i), right.value(i)));
    }
}

secondwind::fuzz::target const registered{"member_scanner", test};

} // namespace
} // namespace member_scanner_fuzz
