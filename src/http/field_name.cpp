#include "field_name.hpp"
#include <secondwind/base/ascii.hpp>

#include "characters.hpp"

#include <cstddef>
#include <cstring>
#include <type_traits>

namespace secondwind::http {

namespace {

// As many bytes as Word has, in lower case where they are letters. Setting one bit is enough: the
// octets that it confuses with "-" and "2" are control characters, and no name has those.
template<class Word>
Word load_lower(char const* from) noexcept {
    Word word{};
    std::memcpy(&word, from, sizeof(Word));
    return static_cast<Word>(word | static_cast<Word>(0x2020202020202020U));
}

// Compares the first and the last bytes as whole words; they overlap in the middle. `known` is in
// lower case and as long as the name.
template<std::size_t N>
bool matches(char const* name, char const (&known)[N]) noexcept {
    constexpr std::size_t size = N - 1;
    using word = std::conditional_t<size >= 8, std::uint64_t,
                                    std::conditional_t<size >= 4, std::uint32_t, std::uint16_t>>;
    static_assert(size >= sizeof(word) && size <= 3 * sizeof(word));
    constexpr std::size_t last = size - sizeof(word);
    if (load_lower<word>(name) != load_lower<word>(known) ||
        load_lower<word>(name + last) != load_lower<word>(known + last)) {
        return false;
    }
    if constexpr (size > 2 * sizeof(word)) {
        return load_lower<word>(name + sizeof(word)) == load_lower<word>(known + sizeof(word));
    }
    return true;
}

constexpr std::uint64_t length_bit(std::string_view name) noexcept {
    return std::uint64_t{1} << (name.size() % 64);
}

} // namespace

field_name recognise(std::string_view name) noexcept {
    auto const is_it = [name](auto const& known, field_name meaning) noexcept {
        return matches(name.data(), known) ? meaning : field_name::other;
    };
    switch (name.size()) {
    case 2:
        return is_it("te", field_name::te);
    case 4:
        return is_it("host", field_name::host);
    case 6:
        if (to_lower(name[0]) == 'e') {
            return is_it("expect", field_name::expect);
        }
        return is_it("cookie", field_name::end_to_end);
    case 7:
        if (to_lower(name[0]) == 't') {
            return is_it("trailer", field_name::trailer);
        }
        return is_it("upgrade", field_name::upgrade);
    case 8:
        return is_it("location", field_name::end_to_end);
    case 9:
        return is_it("x-api-key", field_name::credentials);
    case 10:
        switch (to_lower(name[0])) {
        case 'c':
            return is_it("connection", field_name::connection);
        case 'k':
            return is_it("keep-alive", field_name::keep_alive);
        default:
            return is_it("set-cookie", field_name::end_to_end);
        }
    case 12:
        return is_it("content-type", field_name::content_type);
    case 13:
        if (to_lower(name[0]) == 'a') {
            return is_it("authorization", field_name::credentials);
        }
        if (to_lower(name[1]) == 'a') {
            return is_it("cache-control", field_name::end_to_end);
        }
        return is_it("content-range", field_name::end_to_end);
    case 14:
        if (to_lower(name[0]) == 'c') {
            return is_it("content-length", field_name::content_length);
        }
        return is_it("http2-settings", field_name::http2_settings);
    case 16:
        switch (to_lower(name[0])) {
        case 'c':
            return is_it("content-encoding", field_name::content_encoding);
        case 'p':
            return is_it("proxy-connection", field_name::proxy_connection);
        default:
            return is_it("www-authenticate", field_name::end_to_end);
        }
    case 17:
        if (to_lower(name[0]) == 'x') {
            return is_it("x-secondwind-host", field_name::host_choice);
        }
        return is_it("transfer-encoding", field_name::transfer_encoding);
    case 18:
        return is_it("proxy-authenticate", field_name::proxy_authenticate);
    case 19:
        return is_it("proxy-authorization", field_name::proxy_authorization);
    default:
        return field_name::other;
    }
}

connection_options::connection_options(std::span<field const> fields) noexcept : fields_{fields} {
    for (auto const& line : fields) {
        bytes_ += line.name.size() + line.value.size() + 4;
        if (line.meaning != field_name::connection) {
            continue;
        }
        for_each_element(line.value, [this](std::string_view option) {
            // "close" is not the name of a field, and hop-by-hop fields are held back anyway.
            if (!iequals(option, "close") && !is_hop_by_hop(recognise(option))) {
                lengths_ |= length_bit(option);
            }
        });
    }
}

bool connection_options::names(std::string_view name) const noexcept {
    for (auto const& line : fields_) {
        if (line.meaning != field_name::connection) {
            continue;
        }
        bool found = false;
        for_each_element(line.value,
                         [&](std::string_view option) { found = found || iequals(option, name); });
        if (found) {
            return true;
        }
    }
    return false;
}

bool connection_options::holds_back(field const& line) const noexcept {
    if (is_hop_by_hop(line.meaning)) {
        return true;
    }
    return (lengths_ & length_bit(line.name)) != 0 && !is_necessity(line.meaning) &&
           names(line.name);
}

} // namespace secondwind::http
