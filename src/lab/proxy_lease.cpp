#include "proxy_lease.hpp"

#include <secondwind/config/address.hpp>
#include <secondwind/net/timed_wait.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::lab {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// How often a lab that has the lease says so; after 30 s without that, it would lose it.
constexpr auto between_signs = 5s;
// Until it connects again to a secondwind that has gone.
constexpr milliseconds before_next_try = 1s;

std::string member_text(nlohmann::json const& message, char const* name) {
    auto const found = message.find(name);
    return found != message.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

} // namespace

std::optional<proxy_address> proxy_lease::address_in(config::settings const& settings) {
    auto const& listen = settings.admin.listen;
    if (!listen || listen->port == 0)
        return std::nullopt;
    proxy_address to;
    to.at.name = "admin";
    to.at.host = config::without_wildcard(listen->address);
    to.at.port = listen->port;
    to.token = settings.admin.token;
    // It is the listener's own certificate, so its names and its date need not be checked.
    if (auto const& file = settings.admin.certificate.certificate_file; !file.empty()) {
        to.at.tls = true;
        to.tls = net::tls_context::for_certificate(file);
    }
    return to;
}

proxy_lease::proxy_lease(host::environment env, proxy_address address, options how,
                         config::current_settings const& settings)
    : env_{env}, address_{std::move(address)}, how_{std::move(how)}, settings_{settings},
      alive_{env.deadlines, "lab_alive", *this}, changed_{env.io} {}

proxy_lease::~proxy_lease() {
    if (link_)
        link_->close();
}

net::task<lease_link::opened> proxy_lease::open() {
    if (phase_ != phase::closed)
        co_return lease_link::opened::yes;
    link_ = lease_link::make(env_, address_, settings_);
    link_->on_message = [this](std::string_view message) { heard(message); };
    link_->on_end = [this] { lost("the connection to it has ended"); };
    auto got = co_await link_->open(how_.host);
    failure_ = std::move(got.failure);
    if (got.result == lease_link::opened::yes)
        phase_ = phase::idle;
    co_return got.result;
}

net::task<bool> proxy_lease::acquire(milliseconds limit) {
    using opened = lease_link::opened;
    auto const until = env_.deadlines.now() + limit;
    auto const left = [&] { return std::chrono::ceil<milliseconds>(until - env_.deadlines.now()); };
    failure_.clear();
    wanted_.clear();
    while (!held() && !cancelled_ && left() > 0ms) {
        auto const reached = co_await open();
        if (reached == opened::refused || cancelled_)
            break;
        if (reached == opened::nobody) {
            net::timed_wait pause{changed_, env_.deadlines, std::min(before_next_try, left())};
            co_await pause;
            continue;
        }
        nlohmann::json const want{
            {"type", "want"},
            {"exclusive", how_.exclusive},
            {"quiet", yielded_ ? static_cast<double>(how_.quiet.count()) / 1000 : 0.0}};
        link_->send(want.dump());
        phase_ = phase::asking;
        while (phase_ == phase::asking && !cancelled_ && left() > 0ms) {
            net::timed_wait change{changed_, env_.deadlines, left()};
            co_await change;
        }
    }
    if (held())
        co_return true;
    if (phase_ == phase::asking) {
        tell("released");
        phase_ = phase::idle;
        if (!cancelled_)
            failure_ = "requests have used the host \"" + how_.host + "\" of the secondwind at " +
                       config::authority(address_.at) + " all the time";
    }
    co_return false;
}

net::task<void> proxy_lease::release() {
    if (!held())
        co_return;
    alive_.clear();
    yielded_ = !wanted_.empty();
    wanted_.clear();
    phase_ = phase::idle;
    tell("released");
    auto const link = link_;
    co_await link->flush();
}

void proxy_lease::heard(std::string_view text) {
    auto const message = nlohmann::json::parse(text, nullptr, false);
    if (!message.is_object())
        return;
    auto const type = member_text(message, "type");
    if (type == "granted" && phase_ == phase::asking) {
        phase_ = phase::held;
        on_timer();
        changed_.open();
    } else if (type == "wanted" && held()) {
        bool const first = wanted_.empty();
        wanted_.clear();
        auto const models = message.find("models");
        if (models != message.end() && models->is_array())
            for (auto const& each : *models)
                if (each.is_string())
                    wanted_.push_back(each.get<std::string>());
        if (wanted_.empty())
            wanted_.emplace_back();
        if (first)
            act_();
    } else if (type == "ended") {
        lost(member_text(message, "reason"));
    }
}

// It connects again for the next lease.
void proxy_lease::lost(std::string reason) {
    bool const had = held();
    phase_ = phase::closed;
    alive_.clear();
    if (link_)
        link_->close();
    if (failure_.empty())
        failure_ = "the secondwind at " + config::authority(address_.at) +
                   " has ended the lease: " + std::move(reason);
    yielded_ = yielded_ || had;
    changed_.open();
    if (had)
        act_();
}

void proxy_lease::loaded(std::string const& instance) {
    if (held())
        tell("loaded", "instance_id", instance);
}

void proxy_lease::unloaded(std::string const& instance) {
    if (held())
        tell("unloaded", "instance_id", instance);
}

void proxy_lease::working(std::string const& model) {
    working_on_ = model;
    if (held())
        tell("working", "on", working_on_);
}

void proxy_lease::cancel() noexcept {
    cancelled_ = true;
    changed_.open();
}

void proxy_lease::tell(std::string_view type, std::string_view member, std::string_view value) {
    nlohmann::json message{{"type", type}};
    if (!member.empty())
        message[std::string{member}] = value;
    link_->send(message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void proxy_lease::on_timer() {
    tell("working", "on", working_on_);
    alive_.after(between_signs);
}

} // namespace secondwind::lab
