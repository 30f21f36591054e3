// `secondwind lab publish`, and what `lab test` publishes as it goes.
#pragma once

#include "narrator.hpp"

#include <secondwind/base/console.hpp>
#include <secondwind/lab/lab.hpp>
#include <secondwind/registry/records.hpp>
#include <secondwind/registry/store.hpp>

namespace secondwind::lab {

int publish_results(lab_command const& command, publisher const& publish, console const& console);

// Publishes the results of one host after each model of a run. Where no proxy runs, it is silent.
class run_publisher {
public:
    // All must outlive it.
    run_publisher(registry::store const& of, registry::row_id host, publisher const& publish,
                  narrator& to)
        : store_{of}, host_{host}, publish_{publish}, narrator_{to} {}

    void publish();

private:
    registry::store const& store_;
    registry::row_id host_;
    publisher const& publish_;
    narrator& narrator_;
    bool complained_ = false;
};

} // namespace secondwind::lab
