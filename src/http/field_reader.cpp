#include "field_reader.hpp"

#include "characters.hpp"
#include "field_name.hpp"

#include <limits>

namespace secondwind::http {

fault control_fault(char c) noexcept {
    switch (c) {
    case '\n':
        return {"bare_lf", "A line of the head ends with a bare LF; end each line with CRLF."};
    case '\r':
        return {"bare_cr", "A CR in the head is not followed by a LF; end each line with CRLF."};
    default:
        return {"control_character", "The head contains a control character; remove or encode it."};
    }
}

field_reader::state field_reader::fail(std::string_view rule, std::string_view message) noexcept {
    fault_ = {rule, message};
    return state::bad;
}

field_reader::state field_reader::next() noexcept {
    auto const* const name = at_;
    auto const* const colon = skip_to_stop(name, tchar);
    if (*colon != ':' || colon == name) {
        return end_or_fail(colon);
    }
    auto const* const value = skip_to_stop(colon + 1, blank);
    auto const* const stop = skip_value(value, end_);
    if (stop[0] != '\r' || stop[1] != '\n') {
        fault_ = control_fault(*stop);
        return state::bad;
    }
    auto const* value_end = stop;
    while (value_end > value && is(value_end[-1], blank)) {
        --value_end;
    }
    line_.name = {name, static_cast<std::size_t>(colon - name)};
    line_.meaning = recognise(line_.name);
    line_.value = {value, static_cast<std::size_t>(value_end - value)};
    at_ = stop + 2;
    if (at_ == end_) {
        // This CRLF belongs to the empty line.
        return fail("head_end", "The head does not end with an empty line; send a complete head.");
    }
    return state::field;
}

// Handles a line that has no name and colon; `stop` is where its name would end.
field_reader::state field_reader::end_or_fail(char const* stop) noexcept {
    bool const nameless = stop == at_;
    if (nameless && *stop == '\r') {
        if (stop[1] != '\n') {
            fault_ = control_fault('\r');
            return state::bad;
        }
        if (stop + 2 != end_) {
            return fail("head_end", "There is data after the empty line that ends the head; send "
                                    "one request after the other.");
        }
        return state::end;
    }
    if (!is(*stop, blank)) {
        return fail("field_name", "A field line does not begin with a valid name and a colon; "
                                  "write it as \"Name: value\".");
    }
    if (nameless) {
        return fail("folded_line",
                    "A line of the head begins with a space; write each field on one line.");
    }
    return fail("space_before_colon",
                "There is a space between a field's name and its colon; remove it.");
}

std::optional<std::uint64_t> parse_length(std::string_view text) noexcept {
    constexpr auto largest = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    std::uint64_t length = 0;
    for (char const c : text) {
        auto const digit = static_cast<std::uint64_t>(c) - '0'; // of other octets it is large
        if (digit > 9 || length > largest / 10) {
            return std::nullopt;
        }
        length = length * 10 + digit;
    }
    if (text.empty() || length > largest) {
        return std::nullopt;
    }
    return length;
}

} // namespace secondwind::http
