#include <secondwind/config/keys.hpp>

#include <secondwind/base/units.hpp>
#include <secondwind/config/address.hpp>
#include <secondwind/config/parse.hpp>

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace secondwind::config {
namespace {

constexpr std::uint64_t KiB = 1ULL << 10U;
constexpr std::uint64_t MiB = 1ULL << 20U;
constexpr std::uint64_t GiB = 1ULL << 30U;

std::string variable_of(std::string_view name) {
    std::string variable = "SECONDWIND_";
    for (char const c : name)
        variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '.' ? '_' : c;
    return variable;
}

// Reaches one value inside settings, for reading as for writing.
template<class Section, class Value>
auto value_at(Section settings::*section, Value Section::*value) {
    return [ section, value ](auto& s) -> auto& {
        return (s.*section).*value;
    };
}

template<class Parse>
auto assign_with(std::string const& expected, Parse parse) {
    return [expected, parse](settings& s, std::string_view text) {
        return parse(s, text) ? std::string{} : expected_but_got(expected, text);
    };
}

template<class Value, class At, class Read>
auto assign_in_range(std::string const& expected, At at, Read read, Value least, Value most) {
    return assign_with(expected, [=](settings& s, std::string_view text) {
        auto const value = read(text);
        bool const fits = value && *value >= least && *value <= most;
        if (fits)
            at(s) = static_cast<std::remove_reference_t<decltype(at(s))>>(*value);
        return fits;
    });
}

template<class At>
key size_key(std::string_view name, At at, std::uint64_t least, std::uint64_t most) {
    auto expected =
        fmt::format("a size such as 8MiB, from {} to {}", format_size(least), format_size(most));
    return {.name = std::string{name},
            .form = json_form::string_or_number,
            .expected = expected,
            .environment = variable_of(name),
            .assign = assign_in_range(expected, at, parse_size, least, most),
            .show = [at](settings const& s) { return format_size(at(s)); }};
}

template<class At>
key duration_key(std::string_view name, At at, milliseconds least, milliseconds most) {
    auto expected = fmt::format("a duration such as 30s, from {} to {}", format_duration(least),
                                format_duration(most));
    return {.name = std::string{name},
            .form = json_form::string,
            .expected = expected,
            .environment = variable_of(name),
            .assign = assign_in_range(expected, at, parse_duration, least, most),
            .show = [at](settings const& s) { return format_duration(at(s)); }};
}

std::optional<std::uint64_t> parse_count(std::string_view text) noexcept {
    std::uint64_t value = 0;
    auto const* end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end ? std::optional{value} : std::nullopt;
}

template<class At>
key count_key(std::string_view name, At at, std::uint64_t least, std::uint64_t most) {
    auto expected = fmt::format("a whole number from {} to {}", least, most);
    return {.name = std::string{name},
            .form = json_form::number,
            .expected = expected,
            .environment = variable_of(name),
            .assign = assign_in_range(expected, at, parse_count, least, most),
            .show = [at](settings const& s) { return std::to_string(at(s)); }};
}

template<class Value>
using choices = std::vector<std::pair<std::string, Value>>;

template<class At, class Value>
key choice_key(std::string_view name, At at, choices<Value> const& all) {
    std::string expected;
    for (auto const& choice : all) {
        expected += &choice == &all.front() ? "" : &choice == &all.back() ? " or " : ", ";
        expected += choice.first;
    }
    auto parse = [at, all](settings& s, std::string_view text) {
        auto const found = std::ranges::find(all, text, &choices<Value>::value_type::first);
        if (found != all.end())
            at(s) = found->second;
        return found != all.end();
    };
    auto show = [at, all](settings const& s) {
        auto const found = std::ranges::find(all, at(s), &choices<Value>::value_type::second);
        return found == all.end() ? std::string{} : found->first;
    };
    return {.name = std::string{name},
            .form = json_form::string,
            .expected = expected,
            .environment = variable_of(name),
            .assign = assign_with(expected, parse),
            .show = show};
}

template<class At>
key text_key(std::string_view name, At at, std::string_view expected) {
    return {.name = std::string{name},
            .form = json_form::string,
            .expected = std::string{expected},
            .environment = variable_of(name),
            .assign =
                [at](settings& s, std::string_view text) {
                    at(s) = text;
                    return std::string{};
                },
            .show = [at](settings const& s) { return at(s); }};
}

key listen_key() {
    std::string const expected = "ADDRESS:PORT with a numeric address, as 127.0.0.1:1235";
    auto parse = [](settings& s, std::string_view text) {
        auto parsed = parse_endpoint(text);
        if (parsed)
            s.listen = std::move(*parsed);
        return parsed.has_value();
    };
    return {.name = "listen",
            .form = json_form::string,
            .expected = expected,
            .environment = variable_of("listen"),
            .assign = assign_with(expected, parse),
            .show = [](settings const& s) { return to_string(s.listen); }};
}

key upstreams_key() {
    auto show = [](settings const& s) {
        std::string text;
        for (auto const& u : s.upstreams)
            text += fmt::format("{}{}={}", text.empty() ? "" : ",", u.name, to_string(u));
        return text;
    };
    // One variable names one upstream as a rule, so it is in the singular as the flag is.
    return {.name = "upstreams",
            .form = json_form::list,
            .expected = R"(a list as [{"name": "default", "url": "http://127.0.0.1:1234"}])",
            .environment = variable_of("upstream"),
            .assign = [](settings& s,
                         std::string_view text) { return read_upstreams(text, s.upstreams); },
            .show = show};
}

key with_flag(key k, std::string_view flag, std::string_view operand, std::string_view help) {
    k.flag = flag;
    k.operand = operand;
    k.help = help;
    return k;
}

void add_general(std::vector<key>& all) {
    all.push_back(with_flag(listen_key(), "--listen", "ADDR:PORT", "Where clients connect"));
    all.push_back(with_flag(upstreams_key(), "--upstream", "[NAME=]URL", "The LM Studio server"));
}

void add_recovery(std::vector<key>& all) {
    using namespace std::chrono_literals;
    auto const at = [](auto value) { return value_at(&settings::recovery, value); };
    choices<recovery_mode> const modes{{"on", recovery_mode::on}, {"off", recovery_mode::off}};
    choices<policy::evict> const evictions{{"idle", policy::evict::idle},
                                           {"all", policy::evict::all}};
    all.push_back(choice_key("recovery.mode", at(&recovery::mode), modes));
    all.push_back(choice_key("recovery.evict", at(&recovery::evict), evictions));
    all.push_back(count_key("recovery.max_replays", at(&recovery::max_replays), 0, 1));
    all.push_back(duration_key("recovery.list_timeout", at(&recovery::list_timeout), 1ms, 1h));
    all.push_back(duration_key("recovery.unload_timeout", at(&recovery::unload_timeout), 1ms, 1h));
    all.push_back(duration_key("recovery.verify_timeout", at(&recovery::verify_timeout), 1ms, 1h));
}

void add_limits(std::vector<key>& all) {
    auto const at = [](auto value) { return value_at(&settings::limits, value); };
    all.push_back(size_key("limits.head", at(&limits::head), KiB, 16 * MiB));
    all.push_back(count_key("limits.fields", at(&limits::fields), 8, 10'000));
    all.push_back(size_key("limits.target", at(&limits::target), 256, 16 * MiB));
    all.push_back(size_key("limits.body", at(&limits::body), 0, 1024 * GiB));
    all.push_back(size_key("limits.replay_buffer", at(&limits::replay_buffer), 0, 16 * GiB));
    all.push_back(
        size_key("limits.replay_buffer_total", at(&limits::replay_buffer_total), 0, 1024 * GiB));
    all.push_back(size_key("limits.error_body", at(&limits::error_body), KiB, 64 * MiB));
    all.push_back(size_key("limits.hold", at(&limits::hold), KiB, 16 * MiB));
    all.push_back(count_key("limits.connections", at(&limits::connections), 1, 1'000'000));
    all.push_back(size_key("limits.pipelined", at(&limits::pipelined), KiB, 16 * MiB));
    all.push_back(size_key("limits.chunk_extensions", at(&limits::chunk_extensions), 0, 16 * MiB));
    all.push_back(size_key("limits.trailers", at(&limits::trailers), 0, 16 * MiB));
}

void add_timeouts(std::vector<key>& all) {
    using namespace std::chrono_literals;
    auto const at = [](auto value) { return value_at(&settings::timeouts, value); };
    all.push_back(duration_key("timeouts.connect", at(&timeouts::connect), 1ms, 10min));
    all.push_back(duration_key("timeouts.request_head", at(&timeouts::request_head), 1ms, 1h));
    all.push_back(duration_key("timeouts.body_idle", at(&timeouts::body_idle), 1ms, 24h));
    all.push_back(duration_key("timeouts.client_idle", at(&timeouts::client_idle), 1ms, 24h));
    all.push_back(duration_key("timeouts.write_stall", at(&timeouts::write_stall), 1ms, 24h));
    all.push_back(duration_key("timeouts.first_byte", at(&timeouts::first_byte), 0ms, 24h));
    all.push_back(duration_key("timeouts.drain", at(&timeouts::drain), 0ms, 24h));
    all.push_back(duration_key("timeouts.host_idle", at(&timeouts::host_idle), 0ms, 1h));
}

void add_log(std::vector<key>& all) {
    auto const at = [](auto value) { return value_at(&settings::logging, value); };
    choices<log::level> levels;
    for (auto const l : {log::level::debug, log::level::info, log::level::warn, log::level::error,
                         log::level::off})
        levels.emplace_back(log::to_string(l), l);
    choices<log::format> const formats{
        {"auto", log::format::automatic}, {"text", log::format::text}, {"json", log::format::json}};
    auto level = choice_key("log.level", at(&log::options::level), levels);
    auto format = choice_key("log.format", at(&log::options::format), formats);
    auto file = text_key("log.file", at(&log::options::file), "a file's name");
    auto const level_help = "Log from this level on: " + level.expected;
    auto const format_help = "Log lines as " + format.expected + " (text on a terminal)";
    all.push_back(with_flag(std::move(level), "--log-level", "LEVEL", level_help));
    all.push_back(with_flag(std::move(format), "--log-format", "FORMAT", format_help));
    all.push_back(with_flag(std::move(file), "--log-file", "FILE",
                            "Log to this file instead of standard error"));
}

} // namespace

std::vector<key> const& keys() {
    static std::vector<key> const all = [] {
        std::vector<key> table;
        add_general(table);
        add_recovery(table);
        add_limits(table);
        add_timeouts(table);
        add_log(table);
        return table;
    }();
    return all;
}

key const* find_key(std::string_view name) noexcept {
    auto const found = std::ranges::find(keys(), name, &key::name);
    return found == keys().end() ? nullptr : &*found;
}

key const* find_environment_key(std::string_view variable) noexcept {
    auto const found = std::ranges::find(keys(), variable, &key::environment);
    return found == keys().end() ? nullptr : &*found;
}

std::optional<std::string> nearest_key(std::string_view name) {
    std::vector<std::string> names;
    std::vector<std::string> leaves;
    for (auto const& k : keys()) {
        names.push_back(k.name);
        leaves.push_back(k.name.substr(k.name.rfind('.') + 1));
    }
    if (auto found = nearest(name, names))
        return found;
    // rfind answers npos where there is no dot, and npos + 1 is the beginning.
    auto const leaf = nearest(name.substr(name.rfind('.') + 1), leaves);
    if (!leaf)
        return std::nullopt;
    return names[static_cast<std::size_t>(std::ranges::find(leaves, *leaf) - leaves.begin())];
}

} // namespace secondwind::config
