#include "support/log_file.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <utility>

namespace secondwind::test {

std::vector<nlohmann::json> log_file::lines(std::string const& event) const {
    std::vector<nlohmann::json> found;
    std::ifstream in{path_};
    for (std::string line; std::getline(in, line);) {
        auto parsed = nlohmann::json::parse(line);
        if (parsed.at("event") == event)
            found.push_back(std::move(parsed));
    }
    return found;
}

} // namespace secondwind::test
