#include <secondwind/app/system_service.hpp>

namespace secondwind::app::system_service {

bool is_available() noexcept {
    return false;
}

std::string usual_config_file() {
    return {};
}

std::string usual_log_file() {
    return {};
}

int install(std::vector<std::string> const&) {
    return 1;
}

int remove() {
    return 1;
}

int run(std::function<int()> work) {
    return work();
}

} // namespace secondwind::app::system_service
