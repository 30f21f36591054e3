#include "event_hub.hpp"

#include "api_json.hpp"
#include <secondwind/base/escape.hpp>
#include <secondwind/base/log_line.hpp>
#include <secondwind/recovery/ledger_file.hpp>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

namespace secondwind::admin {

namespace {

// How many recoveries a snapshot contains.
constexpr std::size_t snapshot_recoveries = 50;
constexpr std::chrono::seconds snapshot_age{1};

void append_string(std::string& out, std::string_view text) {
    out += '"';
    append_escaped(out, text);
    out += '"';
}

// The members that every event begins with.
std::string first_members(std::string_view type, std::string_view run, std::uint64_t number) {
    std::string out = R"({"type":)";
    append_string(out, type);
    if (!run.empty()) {
        out += R"(,"run":)";
        append_string(out, run);
    }
    out.append(R"(,"sequence":)").append(std::to_string(number)).append(R"(,"time":)");
    append_string(out, log::timestamp(std::chrono::system_clock::now()));
    return out;
}

} // namespace

event_hub::event_hub(sources& sources, status_documents const& documents, std::string run)
    : sources_{sources}, documents_{documents}, run_{std::move(run)},
      published_{sources.io}, self_{std::make_shared<event_hub*>(this)} {
    std::weak_ptr<event_hub*> const weak = self_;
    sources_.ledger.observe([weak](recovery::step step, recovery::record const& record) {
        if (auto const self = weak.lock())
            (*self)->recovery_stepped(step, record);
    });
    sources_.exchanges.on_move([weak](telemetry::move const& made) {
        if (auto const self = weak.lock())
            (*self)->publish("move", R"(,"move":)" + to_text(move_json(made)));
    });
    sources_.hosts.on_change([weak](host::host& host) {
        if (auto const self = weak.lock())
            (*self)->host_changed(host);
    });
}

void event_hub::recovery_stepped(recovery::step step, recovery::record const& record) {
    publish("recovery", R"(,"step":")" + std::string{recovery::to_string(step)} +
                            R"(","recovery":)" + recovery::to_json(record));
    if (step != recovery::step::began && step != recovery::step::finished)
        return;
    // `recovering` of the host changes only after its guard has returned from this step.
    boost::asio::post(sources_.io, [weak = std::weak_ptr{self_}, name = record.host] {
        auto const self = weak.lock();
        auto const host = self ? (*self)->sources_.hosts.find(name) : host::host_ptr{};
        if (host)
            (*self)->host_changed(*host);
    });
}

void event_hub::host_changed(host::host& host) {
    // The document counts the exchanges of each model, which reads their bodies.
    if (subscribers_.empty())
        unpublished_.insert(host.name());
    else
        publish_host(host);
}

void event_hub::publish_host(host::host& host) {
    publish("host", R"(,"host":)" + documents_.host(host));
}

void event_hub::settings_changed(std::vector<std::string> const& keys) {
    std::string members = R"(,"recovery":)" +
                          to_text(recovery_settings_json(sources_.settings->recovery)) +
                          R"(,"changed":[)";
    for (auto const& key : keys) {
        members += members.ends_with('[') ? "" : ",";
        append_string(members, key);
    }
    publish("settings", members + "]");
}

void event_hub::draining() {
    publish("draining", {});
}

void event_hub::publish(std::string_view type, std::string const& members) {
    ring_.push(first_members(type, {}, ring_.newest() + 1) + members + "}");
    for (auto& each : subscribers_)
        if (each.next() < ring_.oldest())
            each.fall_behind();
    published_.open();
}

event_hub::start event_hub::start_for(std::string_view run, std::optional<std::uint64_t> after) {
    for (auto const& name : std::exchange(unpublished_, {}))
        if (auto const host = sources_.hosts.find(name))
            publish_host(*host);
    if (run == run_ && after && ring_.has_all_after(*after))
        return {std::make_shared<std::string const>(first_members("resumed", run_, *after) + "}"),
                *after + 1};
    return {snapshot(), ring_.newest() + 1};
}

event_ring::text event_hub::snapshot() {
    auto const now = sources_.deadlines.now();
    if (snapshot_ && snapshot_number_ == ring_.newest() && now - snapshot_time_ < snapshot_age)
        return snapshot_;
    snapshot_number_ = ring_.newest();
    snapshot_time_ = now;
    snapshot_ = std::make_shared<std::string const>(
        first_members("snapshot", run_, snapshot_number_) + R"(,"status":)" + documents_.status() +
        R"(,"hosts":)" + documents_.hosts() + R"(,"recoveries":)" +
        documents_.recoveries(snapshot_recoveries) + "}");
    return snapshot_;
}

} // namespace secondwind::admin
