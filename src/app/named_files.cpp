#include <secondwind/app/named_files.hpp>

#include <secondwind/base/escape.hpp>
#include <secondwind/net/tls_context.hpp>

#include <string_view>

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

} // namespace

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
