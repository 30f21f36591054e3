// Families of metrics, as prometheus-cpp writes them out.
#pragma once

#include <secondwind/telemetry/histogram.hpp>

#include <prometheus/metric_family.h>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace secondwind::admin {

using label_list = std::vector<prometheus::ClientMetric::Label>;

// Each family is opened once; what is added afterwards belongs to it. One without any value still
// tells its name, type and meaning.
class family_list {
public:
    family_list& counter(std::string name, std::string help) {
        return open(std::move(name), std::move(help), prometheus::MetricType::Counter);
    }
    family_list& gauge(std::string name, std::string help) {
        return open(std::move(name), std::move(help), prometheus::MetricType::Gauge);
    }
    family_list& histogram(std::string name, std::string help) {
        return open(std::move(name), std::move(help), prometheus::MetricType::Histogram);
    }

    // To a counter or a gauge.
    template<class Number>
    requires std::is_arithmetic_v<Number> family_list& add(Number value, label_list labels = {}) {
        return add_value(static_cast<double>(value), std::move(labels));
    }
    // To a histogram.
    family_list& add(telemetry::histogram const& seen, label_list labels = {});

    // Prometheus text format, version 0.0.4.
    std::string text() const;

private:
    family_list& open(std::string name, std::string help, prometheus::MetricType type);
    family_list& add_value(double value, label_list labels);

    std::vector<prometheus::MetricFamily> all_;
};

} // namespace secondwind::admin
