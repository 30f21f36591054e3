// A strict parser of Prometheus' text format.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::test {

using metric_labels = std::map<std::string, std::string>;

struct metric_family {
    struct series {
        std::string name; // the family's; in a histogram followed by _bucket, _sum or _count
        metric_labels labels;
        double value = 0;
    };
    std::string name;
    std::string help;
    std::string type;
    std::vector<series> all;
};

// Throws std::runtime_error, which names the line, for everything that the format or its
// conventions forbid: a family without HELP and TYPE or with two of them, invalid names and
// escapes, a series twice, a counter that is negative or does not end in _total, buckets that do
// not rise to the count.
class exposition {
public:
    explicit exposition(std::string_view text);

    std::vector<metric_family> const& families() const noexcept { return families_; }
    // Throws std::runtime_error if there is no family of that name.
    metric_family const& family(std::string const& name) const;
    // Of the series with exactly these labels; throws std::runtime_error if there is none.
    double value(std::string const& name, metric_labels const& labels = {}) const;
    // The sum of all series of that name that have these labels among others; 0 if there are none.
    double sum(std::string const& name, metric_labels const& labels = {}) const;

private:
    std::vector<metric_family> families_;
};

} // namespace secondwind::test
