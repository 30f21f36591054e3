#include "events.hpp"

#include "documents.hpp"
#include <secondwind/base/escape.hpp>
#include <secondwind/base/log_line.hpp>
#include <secondwind/recovery/ledger_file.hpp>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

namespace secondwind::admin {

namespace {

// As many recoveries as a snapshot tells of.
constexpr std::size_t told_recoveries = 50;
// A snapshot is not rendered anew for each who comes.
constexpr std::chrono::seconds snapshot_age{1};

void append_string(std::string& json, std::string_view text) {
    json += '"';
    append_escaped(json, text);
    json += '"';
}

std::string opening(std::string_view type, std::string_view run, std::uint64_t number) {
    std::string json = R"({"type":)";
    append_string(json, type);
    if (!run.empty()) {
        json += R"(,"run":)";
        append_string(json, run);
    }
    json.append(R"(,"sequence":)").append(std::to_string(number)).append(R"(,"time":)");
    append_string(json, log::timestamp(std::chrono::system_clock::now()));
    return json;
}

} // namespace

events::events(subject& what, api const& documents, std::string run)
    : subject_{what}, documents_{documents}, run_{std::move(run)}, news_{what.io},
      self_{std::make_shared<events*>(this)} {
    std::weak_ptr<events*> const weak = self_;
    subject_.ledger.observe([weak](recovery::step s, recovery::record const& r) {
        if (auto const self = weak.lock())
            (*self)->recovery_stepped(s, r);
    });
    subject_.hosts.on_change([weak](host::host& host) {
        if (auto const self = weak.lock())
            (*self)->host_changed(host);
    });
}

void events::recovery_stepped(recovery::step s, recovery::record const& r) {
    publish("recovery", R"(,"step":")" + std::string{recovery::to_string(s)} + R"(","recovery":)" +
                            recovery::to_json(r));
    if (s != recovery::step::began && s != recovery::step::finished)
        return;
    // Whether its host is being recovered is another answer now, or will be when what tells us of
    // this step has gone on.
    boost::asio::post(subject_.io, [weak = std::weak_ptr{self_}, name = r.host] {
        auto const self = weak.lock();
        auto const host = self ? (*self)->subject_.hosts.find(name) : host::host_ptr{};
        if (host)
            (*self)->host_changed(*host);
    });
}

void events::host_changed(host::host& host) {
    // The document says how many exchanges use each model, which reads their bodies.
    if (followers_.empty())
        unseen_.insert(host.name());
    else
        publish_host(host);
}

void events::publish_host(host::host& host) {
    publish("host", R"(,"host":)" + documents_.host(host));
}

void events::settings_changed(std::vector<std::string> const& keys) {
    std::string members = R"(,"recovery":)" +
                          text_of(recovery_settings_document(subject_.settings.recovery)) +
                          R"(,"changed":[)";
    for (auto const& key : keys) {
        members += members.ends_with('[') ? "" : ",";
        append_string(members, key);
    }
    publish("settings", members + "]");
}

void events::draining() {
    publish("draining", {});
}

void events::publish(std::string_view type, std::string const& members) {
    ring_.push(opening(type, {}, ring_.newest() + 1) + members + "}");
    for (auto& each : followers_)
        if (each.next() < ring_.oldest())
            each.fall_behind();
    news_.open();
}

events::welcome events::greet(std::string_view run, std::optional<std::uint64_t> after) {
    for (auto const& name : std::exchange(unseen_, {}))
        if (auto const host = subject_.hosts.find(name))
            publish_host(*host);
    if (run == run_ && after && ring_.has_all_after(*after))
        return {std::make_shared<std::string const>(opening("resumed", run_, *after) + "}"),
                *after + 1};
    return {snapshot(), ring_.newest() + 1};
}

event_ring::text events::snapshot() {
    auto const now = subject_.deadlines.now();
    if (snapshot_ && snapshot_number_ == ring_.newest() && now - snapshot_time_ < snapshot_age)
        return snapshot_;
    snapshot_number_ = ring_.newest();
    snapshot_time_ = now;
    snapshot_ = std::make_shared<std::string const>(
        opening("snapshot", run_, snapshot_number_) + R"(,"status":)" + documents_.status() +
        R"(,"hosts":)" + documents_.hosts() + R"(,"recoveries":)" +
        documents_.recoveries(told_recoveries) + "}");
    return snapshot_;
}

} // namespace secondwind::admin
