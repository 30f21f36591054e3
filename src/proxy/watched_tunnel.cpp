#include "watched_tunnel.hpp"

#include "tunnel_pump.hpp"
#include <secondwind/lmstudio/ws_codec.hpp>
#include <secondwind/policy/sdk_judgement.hpp>

#include <boost/asio/post.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace secondwind::proxy {

using lmstudio::sdk_action;
using lmstudio::sdk_event;
using lmstudio::sdk_state;
using telemetry::blindness;
using telemetry::operation_end;

namespace {

constexpr std::string_view llm_path = "/llm";
constexpr std::string_view embedding_path = "/embedding";

bool watches(config::recovery const& settings) noexcept {
    return settings.websocket != config::websocket_mode::off &&
           settings.mode != config::recovery_mode::off;
}

} // namespace

bool may_watch(request const& request) {
    return watches(request.settings->recovery) &&
           (request.path() == llm_path || request.path() == embedding_path);
}

watched_tunnel::watched_tunnel(context& shared, client& c, request const& request,
                               host::connection& host, access_record& record)
    : shared_{shared}, client_{c}, request_{request}, host_{host}, record_{record},
      setting_{request.host->recovery,
               shared.budget,
               request.settings->limits.replay_buffer,
               request.id,
               request.path(),
               authorization_,
               request.path() == embedding_path ? lmstudio::model_kind::embedding
                                                : lmstudio::model_kind::llm},
      up_reader_{*this}, down_reader_{*this}, up_{http::ws_sender::client, up_reader_},
      down_{http::ws_sender::server, down_reader_}, settled_{shared.io} {
    record_.tunnel = std::make_unique<tunnel_figures>();
    record_.tunnel->watched = true;
    record_.tunnel->running = &operations_;
    ++shared_.traffic.tunnels_watched;
    setting_.host.reloads.begin();
}

watched_tunnel::~watched_tunnel() {
    shared_.traffic.tunnels_watched -= !blind_;
    record_.tunnel->running = nullptr;
}

net::task<void> watched_tunnel::run(std::string first, std::string after) {
    bool const begun = co_await begin_tunnel(client_, request_, host_, std::move(first),
                                             std::move(after), record_, up_, down_);
    if (begun)
        co_await pump_both(shared_, client_, host_, record_, up_, down_);
    left_ = true;
    finish_all(operation_end::cut);
    while (awaiting_ > 0) {
        net::gate::waiter until{settled_};
        co_await until;
    }
}

// A handle of the SDK names its instance so from now on.
void watched_tunnel::learn_reference(std::string_view packet) {
    if (auto const loaded = lmstudio::parse_loaded(packet))
        handles().learn(*loaded, true);
}

bool watched_tunnel::acts() const {
    auto const& recovery = shared_.settings->recovery;
    return recovery.websocket == config::websocket_mode::on &&
           recovery.mode == config::recovery_mode::on && !left_;
}

bool watched_tunnel::unwanted() const {
    return !watches(shared_.settings->recovery);
}

void watched_tunnel::lose(std::optional<blindness> reason) {
    if (std::exchange(blind_, true))
        return;
    --shared_.traffic.tunnels_watched;
    record_.tunnel->watched = false;
    if (reason)
        shared_.traffic.blinded(*reason);
    release_all();
    for (auto* one = operations_.begin(); one != nullptr; one = operations_.after(*one))
        if (one->state() == sdk_state::waiting)
            up_.add(one->frames_up(), [this] { client_.stop_waiting(); });
    finish_all(operation_end::cut);
    up_.go_blind();
    down_.go_blind();
}

void watched_tunnel::leave() {
    left_ = true;
    for (auto* one = operations_.begin(); one != nullptr;) {
        auto* const next = operations_.after(*one);
        if (one->state() == sdk_state::held || one->state() == sdk_state::waiting)
            finish(*one, operation_end::cut);
        one = next;
    }
}

void watched_tunnel::release_all() {
    std::string frames;
    for (auto* one = operations_.begin(); one != nullptr;) {
        auto* const next = operations_.after(*one);
        if (one->state() == sdk_state::held) {
            frames += one->release();
            finish(*one, operation_end::error);
        }
        one = next;
    }
    if (!frames.empty())
        send_down(frames);
}

void watched_tunnel::finish(operation& one, operation_end result) {
    if (result == operation_end::complete && one.recovered()) {
        result = operation_end::recovered;
        ++record_.tunnel->recovered;
    }
    shared_.traffic.operation_ended(static_cast<std::size_t>(one.opens()) - 1, result);
    if (one.awaited)
        one.recoveries().leave();
    if (one.reload != nullptr)
        one.reload->cancel();
    one.write(result);
    up_reader_.forget(one);
    down_reader_.forget(one);
    operations_.erase(one);
}

void watched_tunnel::finish_all(operation_end result) {
    while (!operations_.empty())
        finish(operations_.first(), result);
}

void watched_tunnel::release(operation& one) {
    auto const frames = one.release();
    finish(one, operation_end::error);
    send_down(frames);
}

void watched_tunnel::send_down(std::string_view frames) {
    down_.add(frames, [this] {
        // Not from within this call, for the other direction goes on from there.
        net::asio::post(shared_.io, [to = boost::intrusive_ptr{&host_}] { to->stop_waiting(); });
    });
}

// A recovery or a load would have been begun for it.
void watched_tunnel::observe(operation& one, recovery::operation_error const& error) {
    one.observe();
    if (error.lost) {
        setting_.host.reloads.count(recovery::reload_outcome::observed);
        return;
    }
    if (shared_.settings->recovery.websocket == config::websocket_mode::observe)
        one.recoveries().only_observe();
    static_cast<void>(one.recoveries().decide(error.judged));
    one.recoveries().heal(error.judged);
}

// An error that came whole: whether it goes to the client now. Then it ends the operation.
bool watched_tunnel::passes_error(operation& one, std::string_view text) {
    using policy::next_step;
    bool const open = one.state() == sdk_state::sent && one.replayable();
    auto error = recovery::judge_operation(
        setting_.host, one,
        policy::judge_sdk_error(text, one.opens(), shared_.settings->recovery.rules),
        open && lmstudio::tells_not_loaded(text), one.handles_then());
    one.note_error(error.judged.verdict);
    // The model that is short of memory must not be among those that are unloaded for it.
    bool const curable = one.knows_model() && recovery::is_curable(setting_.host, one, error);
    if (curable && open && acts() && !down_.held_message().empty()) {
        auto const step = recovery::step_after(one, error);
        if (step != next_step::relay && step != next_step::heal) {
            static_cast<void>(one.take(sdk_event::curable_error));
            one.hold(std::string{down_.held_message()});
            one.awaited = true;
            ++awaiting_;
            net::spawn(recover(one, step, error.judged));
            return false;
        }
    } else if (curable && open && !left_) {
        observe(one, error);
    } else {
        static_cast<void>(
            one.recoveries().decide({policy::verdict::other_error, error.judged.message}));
        if (curable)
            heal_for_next(one, error.judged);
    }
    finish(one, operation_end::error);
    return true;
}

// It cannot be sent again, but the next one need not meet the same error.
void watched_tunnel::heal_for_next(operation& one, policy::judgement const& judged) {
    using telemetry::skip;
    if (!acts())
        return;
    shared_.traffic.skipped(one.touched()                         ? skip::cancelled
                            : one.state() == sdk_state::committed ? skip::committed
                                                                  : skip::body_too_large);
    if (!one.touched())
        one.recoveries().heal(judged);
}

void watched_tunnel::send(operation& one) {
    one.follow_handle();
    auto const frames = one.frames_up();
    one.begin();
    up_.add(frames, [this] { client_.stop_waiting(); });
}

// The wait of its coroutine has ended: false if it is over, and destroyed.
bool watched_tunnel::settle(operation& one) {
    one.awaited = false;
    --awaiting_;
    settled_.open();
    bool const over = one.over;
    if (over)
        delete &one;
    return !over;
}

net::task<void> watched_tunnel::recover(operation& one, policy::next_step step,
                                        policy::judgement judged) {
    bool const again = co_await recovery::recover_operation(setting_.host, one, step, judged);
    if (!settle(one))
        co_return;
    if (one.take(again ? sdk_event::replay : sdk_event::give_up) == sdk_action::send)
        send(one);
    else
        release(one);
}

net::task<void> watched_tunnel::await_admission(operation& one) {
    co_await one.recoveries().enter();
    if (!settle(one))
        co_return;
    static_cast<void>(one.take(sdk_event::admitted));
    send(one);
}

} // namespace secondwind::proxy
