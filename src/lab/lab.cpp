#include <secondwind/lab/lab.hpp>

#include "publish_verb.hpp"
#include "registry_verbs.hpp"
#include "test_verb.hpp"

#include <secondwind/registry/store.hpp>

#include <utility>

namespace secondwind::lab {

int run_lab(config::settings settings, lab_command command, publisher const& publish,
            console const& console) {
    if (command.registry_file.empty())
        command.registry_file = settings.lab.registry;
    try {
        switch (command.verb) {
        case lab_verb::scan:
            return scan_hosts(std::move(settings), command, console);
        case lab_verb::test:
            return test_models(std::move(settings), command, publish, console);
        case lab_verb::clean:
            return clean_host(std::move(settings), command, console);
        case lab_verb::publish:
            return publish_results(command, publish, console);
        case lab_verb::list:
            return list_models(command, console);
        case lab_verb::show:
            return show_model(command, console);
        case lab_verb::health:
            return show_health(command, console);
        case lab_verb::backup:
            return make_backup(command, console);
        case lab_verb::restore:
            return restore_backup(command, console);
        case lab_verb::forget:
            return forget_models(command, console);
        case lab_verb::export_results:
            return export_results(command, console);
        case lab_verb::import_results:
            return import_results(command, console);
        }
    } catch (registry::registry_error const& e) {
        console.print_error(e.what());
    }
    return 1;
}

} // namespace secondwind::lab
