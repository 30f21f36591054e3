#include "lab_results_file.hpp"

#include "replace_file.hpp"
#include <secondwind/base/json.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/policy/lab_results.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <utility>

namespace secondwind::app {
namespace {

using nlohmann::json;

void complain(char const* subject, std::string const& name, std::string const& error) {
    log::write(log::level::warn, "lab_results_unreadable",
               {{subject, name},
                {"error", error},
                {"advice", "publish the results again with `secondwind lab publish`"}});
}

} // namespace

std::string lab_results_file::place() const {
    auto const& name = settings_->lab.results_file;
    auto const& directory = settings_->state.directory;
    return !name.empty() || directory.empty() ? name : directory + "/results.json";
}

void lab_results_file::read() {
    auto const name = place();
    if (!name.empty()) {
        std::ifstream file{name, std::ios::binary};
        std::string const text{std::istreambuf_iterator<char>{file}, {}};
        auto const whole = json::parse(text, nullptr, false);
        auto const hosts = whole.is_object() ? whole.find("hosts") : whole.end();
        bool const usable = whole.is_object() && whole.value("schema", json{}) == 1 &&
                            hosts != whole.end() && hosts->is_object();
        if (usable)
            for (auto const& [host, document] : hosts->items())
                documents_[host] = write_json(document);
        else if (!text.empty())
            complain("file", name, "it is no document of schema 1");
    }
    if (!documents_.empty())
        apply();
}

void lab_results_file::apply() {
    std::uint64_t used = 0;
    for (auto const& host : hosts_) {
        auto const found = documents_.find(host->name());
        if (found == documents_.end())
            continue;
        auto document = policy::parse_lab_document(found->second);
        if (document.error.empty()) {
            host->recovery.use_lab_results(std::move(document.results));
            ++used;
        } else {
            complain("host", host->name(), document.error);
        }
    }
    log::write(log::level::info, "lab_results_read", {{"hosts", used}});
}

std::string lab_results_file::keep(std::string const& host, std::string const& document) {
    documents_[host] = document;
    auto const name = place();
    if (name.empty())
        return {};
    auto hosts = json::object();
    for (auto const& [each, text] : documents_)
        hosts[each] = json::parse(text, nullptr, false);
    return replace_file(name, write_json(json{{"schema", 1}, {"hosts", std::move(hosts)}}) + "\n");
}

} // namespace secondwind::app
