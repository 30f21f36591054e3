#include "support/exposition.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <regex>
#include <set>
#include <stdexcept>
#include <utility>

namespace secondwind::test {

namespace {

[[noreturn]] void fault(std::string const& problem, std::string_view line) {
    throw std::runtime_error{problem + ": " + std::string{line}};
}

bool is_metric_name(std::string const& name) {
    static std::regex const allowed{"[a-zA-Z_:][a-zA-Z0-9_:]*"};
    return std::regex_match(name, allowed);
}

bool is_label_name(std::string const& name) {
    static std::regex const allowed{"[a-zA-Z][a-zA-Z0-9_]*"};
    return std::regex_match(name, allowed);
}

double read_value(std::string const& text, std::string_view line) {
    if (text.empty() || text.find_first_not_of("0123456789.e+-InfNa") != std::string::npos)
        fault("no value", line);
    char* end = nullptr;
    auto const value = std::strtod(text.c_str(), &end);
    if (end != text.c_str() + text.size())
        fault("no value", line);
    return value;
}

// Takes the value up to its closing quote, and that quote.
std::string take_label_value(std::string_view& rest, std::string_view line) {
    std::string value;
    for (;;) {
        if (rest.empty())
            fault("a label value without an end", line);
        auto c = rest.front();
        rest.remove_prefix(1);
        if (c == '"')
            return value;
        if (c == '\\') {
            auto const escaped = rest.empty() ? '\0' : rest.front();
            if (escaped != '\\' && escaped != '"' && escaped != 'n')
                fault("an unknown escape", line);
            rest.remove_prefix(1);
            c = escaped == 'n' ? '\n' : escaped;
        }
        value += c;
    }
}

metric_labels take_labels(std::string_view& rest, std::string_view line) {
    metric_labels labels;
    for (;;) {
        auto const equals = rest.find("=\"");
        if (equals == std::string_view::npos)
            fault("a label without a value", line);
        std::string const name{rest.substr(0, equals)};
        if (!is_label_name(name))
            fault("no name of a label", line);
        rest.remove_prefix(equals + 2);
        if (!labels.emplace(name, take_label_value(rest, line)).second)
            fault("a label that comes twice", line);
        auto const next = rest.empty() ? '\0' : rest.front();
        if (next != ',' && next != '}')
            fault("labels without an end", line);
        rest.remove_prefix(1);
        if (next == '}')
            return labels;
    }
}

metric_family::series read_series(std::string_view line) {
    metric_family::series one;
    auto const end = std::min(line.find_first_of("{ "), line.size());
    one.name = line.substr(0, end);
    if (!is_metric_name(one.name))
        fault("no name of a metric", line);
    auto rest = line.substr(end);
    if (rest.starts_with('{')) {
        rest.remove_prefix(1);
        one.labels = take_labels(rest, line);
    }
    if (!rest.starts_with(' '))
        fault("no value", line);
    one.value = read_value(std::string{rest.substr(1)}, line);
    return one;
}

bool belongs(metric_family const& to, std::string_view name) {
    if (to.type != "histogram")
        return name == to.name;
    if (!name.starts_with(to.name))
        return false;
    auto const suffix = name.substr(to.name.size());
    return suffix == "_bucket" || suffix == "_sum" || suffix == "_count";
}

void check_histogram(metric_family const& of) {
    struct parts {
        std::vector<std::pair<double, double>> buckets; // bound and count
        std::vector<double> sums, counts;
    };
    std::map<metric_labels, parts> all;
    for (auto const& each : of.all) {
        auto labels = each.labels;
        if (each.name == of.name + "_bucket") {
            auto const bound = labels.extract("le");
            if (!bound)
                fault("a bucket without a bound", of.name);
            all[labels].buckets.emplace_back(read_value(bound.mapped(), of.name), each.value);
        } else {
            auto& to = all[labels];
            (each.name == of.name + "_sum" ? to.sums : to.counts).push_back(each.value);
        }
    }
    for (auto const& [labels, one] : all) {
        if (one.sums.size() != 1 || one.counts.size() != 1 || one.buckets.empty())
            fault("not one sum, one count and buckets", of.name);
        for (std::size_t i = 1; i < one.buckets.size(); ++i) {
            if (one.buckets[i - 1].first >= one.buckets[i].first ||
                one.buckets[i - 1].second > one.buckets[i].second)
                fault("buckets that do not rise", of.name);
        }
        auto const& [bound, count] = one.buckets.back();
        if (!std::isinf(bound) || count != one.counts.front())
            fault("the last bucket is not the count", of.name);
    }
}

void check(metric_family const& one) {
    bool const counter = one.type == "counter";
    if (counter != one.name.ends_with("_total"))
        fault("just a counter ends in _total", one.name);
    std::set<std::pair<std::string, metric_labels>> seen;
    for (auto const& each : one.all) {
        if (!seen.emplace(each.name, each.labels).second)
            fault("a series that comes twice", one.name);
        if (counter && !(each.value >= 0))
            fault("a counter that is negative", one.name);
    }
    if (one.type == "histogram")
        check_histogram(one);
}

// The first word, and the text after its space.
std::pair<std::string, std::string> split(std::string_view text, std::string_view line) {
    auto const space = text.find(' ');
    if (space == std::string_view::npos || space + 1 == text.size())
        fault("nothing after a name", line);
    return {std::string{text.substr(0, space)}, std::string{text.substr(space + 1)}};
}

} // namespace

exposition::exposition(std::string_view text) {
    std::set<std::string> names;
    bool typed = true; // the family has a TYPE
    while (!text.empty()) {
        auto const end = text.find('\n');
        if (end == std::string_view::npos)
            fault("a last line without an end", text);
        auto const line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (line.starts_with("# HELP ")) {
            auto [name, help] = split(line.substr(7), line);
            if (!typed || !is_metric_name(name) || !names.insert(name).second)
                fault("not a new family's HELP", line);
            families_.push_back({name, help, {}, {}});
            typed = false;
        } else if (line.starts_with("# TYPE ")) {
            auto const [name, type] = split(line.substr(7), line);
            if (typed || name != families_.back().name)
                fault("a TYPE that does not follow its HELP", line);
            if (type != "counter" && type != "gauge" && type != "histogram")
                fault("not a type that is used here", line);
            families_.back().type = type;
            typed = true;
        } else {
            auto one = read_series(line);
            if (families_.empty() || !typed || !belongs(families_.back(), one.name))
                fault("not of the family before it", line);
            families_.back().all.push_back(std::move(one));
        }
    }
    for (auto const& each : families_)
        check(each);
}

metric_family const& exposition::family(std::string const& name) const {
    auto const found =
        std::ranges::find_if(families_, [&name](metric_family const& f) { return f.name == name; });
    if (found == families_.end())
        fault("no such family", name);
    return *found;
}

double exposition::value(std::string const& name, metric_labels const& labels) const {
    for (auto const& each : families_)
        for (auto const& one : each.all)
            if (one.name == name && one.labels == labels)
                return one.value;
    std::string shown = name;
    for (auto const& [key, value] : labels)
        shown.append(" ").append(key).append("=").append(value);
    fault("no such series", shown);
}

double exposition::sum(std::string const& name, metric_labels const& labels) const {
    double all = 0;
    for (auto const& each : families_)
        for (auto const& one : each.all)
            if (one.name == name && std::ranges::includes(one.labels, labels))
                all += one.value;
    return all;
}

} // namespace secondwind::test
