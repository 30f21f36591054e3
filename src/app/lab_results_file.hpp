// Keeps what the lab has published of the hosts, for the next start.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/host/host_list.hpp>

#include <map>
#include <string>

namespace secondwind::app {

// lab.results_file: {"schema":1,"hosts":{"NAME":{...}}}, with each document as it came. Without a
// name for it, results.json in the state directory (state.directory); without that, documents are
// only kept in memory.
class lab_results_file {
public:
    // Both must outlive it.
    lab_results_file(config::current_settings const& settings, host::host_list& hosts)
        : settings_{settings}, hosts_{hosts} {}

    // Reads the file, and gives each host its results: at start, and again after a reload. A file
    // that cannot be used is logged and left as it is.
    void read();
    // Writes the file anew. Returns why that failed, as a clause, or nothing.
    std::string keep(std::string const& host, std::string const& document);

private:
    std::string place() const;
    void apply();

    config::current_settings const& settings_;
    host::host_list& hosts_;
    std::map<std::string, std::string> documents_; // by the name of the host
};

} // namespace secondwind::app
