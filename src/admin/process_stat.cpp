#include "process_stat.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace secondwind::admin {

namespace {

std::optional<std::uint64_t> read_number(std::string_view word) noexcept {
    std::uint64_t value = 0;
    auto const [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    bool const whole = error == std::errc{} && stop == word.data() + word.size();
    return whole ? std::optional{value} : std::nullopt;
}

} // namespace

std::optional<process_stat> parse_process_stat(std::string_view text) noexcept {
    // The second field is the name in parentheses, which may contain spaces and parentheses itself.
    auto const end_of_name = text.rfind(") ");
    if (end_of_name == std::string_view::npos)
        return std::nullopt;
    text.remove_prefix(end_of_name + 2);
    constexpr std::size_t first = 3; // the number of the next field in proc(5)
    constexpr std::size_t needed = 24;
    std::array<std::optional<std::uint64_t>, needed + 1> fields;
    for (std::size_t i = first; i <= needed; ++i) {
        auto const word = text.substr(0, text.find_first_of(" \n"));
        fields[i] = read_number(word);
        text.remove_prefix(word.size() < text.size() ? word.size() + 1 : word.size());
    }
    auto const user = fields[14], system = fields[15], start = fields[22];
    auto const bytes = fields[23], pages = fields[24];
    if (!user || !system || !start || !bytes || !pages)
        return std::nullopt;
    return process_stat{*user + *system, *start, *bytes, *pages};
}

} // namespace secondwind::admin
