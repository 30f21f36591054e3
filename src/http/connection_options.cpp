#include "connection_options.hpp"

#include "characters.hpp"

namespace secondwind::http {

namespace {

constexpr std::uint64_t length_bit(std::string_view name) noexcept {
    return std::uint64_t{1} << (name.size() % 64);
}

bool is_connection(field const& line) noexcept {
    // The length alone rules out almost every other field.
    return line.name.size() == 10 && recognise(line.name) == field_name::connection;
}

} // namespace

connection_options::connection_options(std::span<field const> fields) noexcept : fields_{fields} {
    for (auto const& line : fields) {
        bytes_ += line.name.size() + line.value.size() + 4;
        if (!is_connection(line)) {
            continue;
        }
        for_each_element(line.value, [this](std::string_view option) {
            // These two are answers in themselves; the fields that share their names go anyway.
            if (!iequals(option, "close") && !is_hop_by_hop(recognise(option))) {
                lengths_ |= length_bit(option);
            }
        });
    }
}

bool connection_options::names(std::string_view name) const noexcept {
    for (auto const& line : fields_) {
        if (!is_connection(line)) {
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

bool connection_options::holds_back(field const& line, field_name meaning) const noexcept {
    if (is_hop_by_hop(meaning)) {
        return true;
    }
    return (lengths_ & length_bit(line.name)) != 0 && !is_necessity(meaning) && names(line.name);
}

} // namespace secondwind::http
