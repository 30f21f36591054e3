#include "publish_verb.hpp"

#include "place.hpp"
#include "publication.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace secondwind::lab {

int publish_results(lab_command const& command, publisher const& publish, console const& console) {
    registry::store const store{registry_place(command.registry_file),
                                registry::store::access::read};
    auto all = store.overview();
    if (command.host)
        std::erase_if(all, [&](auto const& each) { return each.host.name != *command.host; });
    if (all.empty()) {
        console.print_error(command.host
                                ? "the registry has no host of that name"
                                : "the registry has no host yet: run `secondwind lab scan`");
        return 1;
    }
    bool whole = true;
    for (auto const& each : all) {
        auto const result = publish(each.host.url, results_document(each));
        if (result.error.empty())
            console.print(fmt::format("published the results of {}\n", each.host.name));
        else
            console.print_error(fmt::format("the results of {} are not published: {}",
                                            each.host.name, result.error));
        whole = whole && result.error.empty();
    }
    return whole ? 0 : 1;
}

void run_publisher::publish() {
    auto const all = store_.overview();
    auto const one = std::ranges::find(all, host_, [](auto const& each) { return each.host.id; });
    if (one == all.end())
        return;
    auto const result = publish_(one->host.url, results_document(*one));
    if (result.reached && !result.error.empty() && !std::exchange(complained_, true))
        narrator_.says("the results are not published to the running secondwind: " + result.error);
}

} // namespace secondwind::lab
