#include <secondwind/recovery/ledger_file.hpp>

#include <secondwind/base/json.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/base/log_line.hpp>

#include <nlohmann/json.hpp>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace secondwind::recovery {

namespace {

using json = nlohmann::ordered_json;

double in_ms(std::chrono::microseconds t) {
    return std::chrono::duration<double, std::milli>{t}.count();
}

json json_of(trigger const& t) {
    return {{"request_id", t.request_id}, {"path", t.path},
            {"model", t.model},           {"verdict", policy::to_string(t.verdict)},
            {"message", t.message},       {"after_commit", t.after_commit}};
}

json json_of(policy::plan const& p) {
    auto instances = json::array();
    for (auto const& each : p.considered)
        instances.push_back({{"id", each.instance.id},
                             {"model", each.instance.model},
                             {"size_bytes", each.instance.size_bytes},
                             {"decision", policy::to_string(each.decision)}});
    return {{"reason", policy::to_string(p.reason)},
            {"exhaustive", p.exhaustive},
            {"instances", std::move(instances)}};
}

} // namespace

std::string to_json(record const& r) {
    auto unloads = json::array();
    for (auto const& u : r.unloads)
        unloads.push_back({{"id", u.instance.id},
                           {"done", u.done},
                           {"error", u.error},
                           {"duration_ms", in_ms(u.took)}});
    auto steps = json::array();
    for (auto const& each : r.steps)
        steps.push_back({{"step", to_string(each.step)}, {"at_ms", in_ms(each.at)}});
    auto replays = json::array();
    for (auto const& each : r.replays)
        replays.push_back({{"request_id", each.request_id}, {"outcome", to_string(each.outcome)}});

    json const whole{{"recovery", r.id},
                     {"time", log::timestamp(r.began)},
                     {"host", r.host},
                     {"trigger", json_of(r.trigger)},
                     {"plan", json_of(r.plan)},
                     {"unloads", std::move(unloads)},
                     {"steps", std::move(steps)},
                     {"outcome", to_string(r.outcome)},
                     {"finished", r.finished()},
                     {"error", r.error},
                     {"joined", r.joined},
                     {"duration_ms", in_ms(r.took)},
                     {"replays", std::move(replays)}};
    // What a client has named need not be UTF-8, and the default handler would throw.
    return write_json(whole);
}

ledger_file::ledger_file(std::string const& name) : name_{name} {
    if (name.empty())
        return;
    out_.reset(std::fopen(name.c_str(), "a"));
    if (!out_)
        throw std::runtime_error{
            "cannot open the ledger \"" + name +
            "\" (recovery.ledger_file): " + std::generic_category().message(errno)};
}

void ledger_file::append(record const& r) {
    if (!out_)
        return;
    auto const line = to_json(r) + "\n";
    bool const written = std::fwrite(line.data(), 1, line.size(), out_.get()) == line.size() &&
                         std::fflush(out_.get()) == 0;
    if (!written && !failed_)
        log::write(log::level::error, "ledger_write_failed",
                   {{"file", name_}, {"error", std::generic_category().message(errno)}});
    failed_ = !written;
    std::clearerr(out_.get());
}

} // namespace secondwind::recovery
