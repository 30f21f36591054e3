#include "machine_reader.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace secondwind::emulator {

namespace {

constexpr std::uint64_t largest_whole = std::uint64_t{1} << 53U; // exact as a double
constexpr std::size_t longest_shown = 60;
constexpr std::uint64_t longest_time = 86'400'000; // milliseconds

std::string shown(json const& value) {
    auto text = compact(value);
    if (text.size() > longest_shown)
        text = text.substr(0, longest_shown) + "...";
    return text;
}

std::string join(std::vector<std::string_view> const& names) {
    return fmt::format("{}", fmt::join(names, ", "));
}

} // namespace

machine_reader::machine_reader(json const& object, std::string path,
                               std::vector<std::string>& faults)
    : object_{object}, path_{std::move(path)}, faults_{faults} {}

void machine_reader::read(char const* name, bool& into) {
    auto const* value = take(name);
    if (value == nullptr)
        return;
    if (value->is_boolean())
        into = value->get<bool>();
    else
        expected(name, "true or false", *value);
}

void machine_reader::read(char const* name, std::string& into) {
    auto const* value = take(name);
    if (value == nullptr)
        return;
    if (value->is_string() && !value->get_ref<std::string const&>().empty())
        into = value->get<std::string>();
    else
        expected(name, "a text that is not empty", *value);
}

void machine_reader::read(char const* name, std::vector<std::string>& into) {
    auto const* value = take(name);
    if (value == nullptr)
        return;
    bool const fits = value->is_array() && std::ranges::all_of(*value, [](json const& one) {
                          return one.is_string() && !one.get_ref<std::string const&>().empty();
                      });
    if (fits)
        into = value->get<std::vector<std::string>>();
    else
        expected(name, "a list of texts", *value);
}

void machine_reader::read(char const* name, std::vector<std::uint64_t>& into) {
    auto const* value = take(name);
    if (value == nullptr)
        return;
    bool const fits = value->is_array() && std::ranges::all_of(*value, [this](json const& one) {
                          return whole(one).has_value();
                      });
    if (!fits)
        return expected(name, "a list of whole numbers", *value);
    into.clear();
    for (auto const& one : *value)
        into.push_back(*whole(one));
}

void machine_reader::read(char const* name, std::chrono::milliseconds& into) {
    auto ms = static_cast<std::uint64_t>(into.count());
    read(name, ms, 0, longest_time);
    into = std::chrono::milliseconds{ms};
}

void machine_reader::read(char const* name, std::uint64_t& into, std::uint64_t least,
                          std::uint64_t most) {
    auto const* value = take(name);
    if (value == nullptr)
        return;
    auto const number = whole(*value);
    if (number && *number >= least && *number <= most)
        into = *number;
    else
        expected(name, fmt::format("a whole number from {} to {}", least, most), *value);
}

void machine_reader::read(char const* name, std::optional<std::uint64_t>& into,
                          std::uint64_t least) {
    if (!has(name))
        return void(take(name));
    std::uint64_t number = least;
    read(name, number, least, largest_whole);
    into = number;
}

void machine_reader::read(char const* name, double& into, double most) {
    auto const* value = take(name);
    if (value == nullptr)
        return;
    if (value->is_number() && value->get<double>() > 0 && value->get<double>() <= most)
        into = value->get<double>();
    else
        expected(name, fmt::format("a number above 0 and up to {}", most), *value);
}

void machine_reader::read(char const* name, std::function<void(machine_reader&)> const& each) {
    auto const* value = take(name);
    if (value == nullptr)
        return;
    if (!value->is_array())
        return expected(name, "a list of objects", *value);
    for (std::size_t i = 0; i < value->size(); ++i) {
        auto const& one = (*value)[i];
        auto path = fmt::format("{}[{}]", path_to(name), i);
        if (!one.is_object()) {
            faults_.push_back(fmt::format("{}: expected an object, but got {}", path, shown(one)));
            continue;
        }
        machine_reader reader{one, std::move(path), faults_};
        each(reader);
        reader.finish();
    }
}

void machine_reader::read_object(char const* name,
                                 std::function<void(machine_reader&)> const& inside) {
    auto const* value = take(name);
    if (value == nullptr)
        return;
    if (!value->is_object())
        return expected(name, "an object", *value);
    machine_reader reader{*value, path_to(name), faults_};
    inside(reader);
    reader.finish();
}

void machine_reader::require(char const* name) {
    if (!has(name))
        complain(name, "is missing, and must be given");
}

bool machine_reader::has(char const* name) const {
    return object_.contains(name);
}

void machine_reader::complain(char const* name, std::string_view complaint) {
    faults_.push_back(fmt::format("{}: {}", path_to(name), complaint));
}

void machine_reader::finish() {
    for (auto const& [name, value] : object_.items())
        if (std::ranges::find(known_, name) == known_.end())
            faults_.push_back(fmt::format("{}: there is no such member; the members here are {}",
                                          path_to(name), join(known_)));
}

json const* machine_reader::take(char const* name) {
    known_.emplace_back(name);
    auto const at = object_.find(name);
    return at == object_.end() ? nullptr : &*at;
}

void machine_reader::expected(char const* name, std::string_view wanted, json const& value) {
    complain(name, fmt::format("expected {}, but got {}", wanted, shown(value)));
}

std::string machine_reader::path_to(std::string_view name) const {
    return path_.empty() ? std::string{name} : path_ + "." + std::string{name};
}

std::optional<std::uint64_t> machine_reader::whole(json const& value) const {
    if (!value.is_number())
        return std::nullopt;
    auto const number = value.get<double>();
    bool const fits =
        number >= 0 && number <= static_cast<double>(largest_whole) && number == std::floor(number);
    return fits ? std::optional{static_cast<std::uint64_t>(number)} : std::nullopt;
}

} // namespace secondwind::emulator
