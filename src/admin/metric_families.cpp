#include "metric_families.hpp"

#include <prometheus/text_serializer.h>

#include <cstddef>

namespace secondwind::admin {

metric_families& metric_families::open(std::string name, std::string help,
                                       prometheus::MetricType type) {
    auto& family = all_.emplace_back();
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    return *this;
}

metric_families& metric_families::add_value(double value, label_list labels) {
    auto& family = all_.back();
    auto& metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    if (family.type == prometheus::MetricType::Counter)
        metric.counter.value = value;
    else
        metric.gauge.value = value;
    return *this;
}

metric_families& metric_families::add(telemetry::histogram const& values, label_list labels) {
    auto& metric = all_.back().metric.emplace_back();
    metric.label = std::move(labels);
    auto& out = metric.histogram;
    out.bucket.reserve(telemetry::histogram::bounds.size());
    for (std::size_t i = 0; i < telemetry::histogram::bounds.size(); ++i) {
        out.sample_count += values.buckets()[i];
        out.bucket.push_back({out.sample_count, telemetry::histogram::bounds[i]});
    }
    out.sample_count += values.buckets().back(); // the serializer adds the bucket +Inf
    out.sample_sum = values.sum();
    return *this;
}

std::string metric_families::text() const {
    return prometheus::TextSerializer{}.Serialize(all_);
}

} // namespace secondwind::admin
