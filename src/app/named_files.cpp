#include <secondwind/app/named_files.hpp>

#include "file_access.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/path.hpp>
#include <secondwind/net/tls_context.hpp>

#include <filesystem>
#include <string_view>
#include <system_error>

namespace secondwind::app {

namespace {

class fault_list {
public:
    explicit fault_list(config::builder const& settings) : settings_{settings} {}

    void add(std::string_view key, std::string const& complaint) {
        if (!complaint.empty())
            all_.push_back(settings_.prefix_of(key) + ": " + complaint);
    }

    void add_identity(config::certificate const& files, std::string_view certificate_key,
                      std::string_view key_key) {
        auto const found =
            net::tls_context::inspect_identity(files.certificate_file, files.key_file);
        add(certificate_key, found.certificate);
        add(key_key, found.key);
    }

    void add_upstream(config::upstream const& upstream) {
        try {
            net::tls_context::for_host(upstream.host, upstream.ca_file, upstream.verify);
        } catch (net::tls_error const& e) {
            add("upstreams", "the upstream " + in_quotes(upstream.name) + ": " + e.what());
        }
    }

    std::vector<std::string> take() { return std::move(all_); }

private:
    config::builder const& settings_;
    std::vector<std::string> all_;
};

// Why a new or present file cannot be written, as a sentence; empty if it can. `makes_folder`: its
// directory is created as well, if it is missing.
std::string write_complaint(std::string const& name, bool makes_folder) {
    namespace fs = std::filesystem;
    if (name.empty())
        return {};
    auto path = utf8_path(name);
    std::error_code ignored;
    if (fs::is_directory(path, ignored))
        return in_quotes(name) + " cannot be written: it is a directory";
    bool const is_new = !is_there(path);
    if (is_new) {
        path = fs::absolute(path, ignored).parent_path();
        while (makes_folder && !is_there(path) && path.has_relative_path())
            path = path.parent_path();
    }
    auto const fault = is_new ? create_fault(path) : write_fault(path);
    if (!fault)
        return {};
    auto const reason = fault.message();
    return is_new ? in_quotes(name) + " cannot be created in " + in_quotes(path.string()) + ": " +
                        reason
                  : in_quotes(name) + " cannot be written: " + reason;
}

} // namespace

std::vector<std::string> faults_of_written_files(config::builder const& settings) {
    fault_list faults{settings};
    auto const& all = settings.value();
    faults.add("log.file", write_complaint(all.logging.file, true));
    auto const& state = all.state.directory;
    faults.add("state.directory",
               write_complaint(state.empty() ? "" : state + "/history.dat", true));
    faults.add("recovery.ledger_file", write_complaint(all.recovery.ledger_file, false));
    return faults.take();
}

std::vector<std::string> faults_of_files(config::builder const& settings) {
    fault_list faults{settings};
    auto const& all = settings.value();
    faults.add_identity(all.tls, "tls.certificate_file", "tls.key_file");
    if (all.admin.listen)
        faults.add_identity(all.admin.certificate, "admin.certificate_file", "admin.key_file");
    for (auto const& upstream : all.upstreams)
        if (upstream.tls)
            faults.add_upstream(upstream);
    return faults.take();
}

} // namespace secondwind::app
