// Families of metrics, written in Prometheus' text format by prometheus-cpp.
#pragma once

#include <secondwind/telemetry/histogram.hpp>

#include <prometheus/metric_family.h>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace secondwind::admin {

using label_list = std::vector<prometheus::ClientMetric::Label>;

// Open each family once, then add its values. A family without values still shows its name, type
// and help text.
class metric_families {
public:
    metric_families& counter(std::string name, std::string help) {
        return open(std::move(name), std::move(help), prometheus::MetricType::Counter);
    }
    metric_families& gauge(std::string name, std::string help) {
        return open(std::move(name), std::move(help), prometheus::MetricType::Gauge);
    }
    metric_families& histogram(std::string name, std::string help) {
        return open(std::move(name), std::move(help), prometheus::MetricType::Histogram);
    }

    // To a counter or a gauge.
    template<class Number>
    requires std::is_arithmetic_v<Number> metric_families& add(Number value,
                                                               label_list labels = {}) {
        return add_value(static_cast<double>(value), std::move(labels));
    }
    // To a histogram.
    metric_families& add(telemetry::histogram const& values, label_list labels = {});

    // Prometheus text format, version 0.0.4.
    std::string text() const;

private:
    metric_families& open(std::string name, std::string help, prometheus::MetricType type);
    metric_families& add_value(double value, label_list labels);

    std::vector<prometheus::MetricFamily> all_;
};

} // namespace secondwind::admin
