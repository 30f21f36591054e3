// How an exchange moves to another host.
#include "exchange.hpp"
#include "host_choice.hpp"

#include <string_view>

namespace secondwind::proxy {

using host::failure;
using host::fault;

namespace {

// Codes of LM Studio's errors.
constexpr std::string_view response_not_found = "previous_response_not_found";
constexpr std::string_view job_not_found = "job_not_found";
constexpr std::string_view model_not_found = "model_not_found";
// Its errors on /v1/messages have no codes.
constexpr std::string_view none_loaded = "No models loaded.";
constexpr std::string_view several_loaded = "Multiple models are loaded.";

} // namespace

// What LM Studio refuses for memory goes to another host that has room, before this one is made
// to unload something; what it does not have, to one that has. It has generated nothing.
bool exchange::moves_from(recovery::exchange_recovery& recovery) {
    auto const verdict = attempt_->judged().verdict;
    if (!may_move() || held_ || !recovery.uninvolved())
        return false;
    auto const from = request_.host;
    bool moved = false;
    std::string_view reason = policy::to_string(verdict);
    if (policy::for_memory(verdict)) {
        recovery.learn_refusal(attempt_->judged());
        moved = request_.settings->routing.relocate && choose_host_after_refusal(shared_, request_);
    } else if (lacks_stored()) {
        reason = says(job_not_found) ? job_not_found : response_not_found;
        moved = choose_host_that_stores_it(shared_, request_);
    } else if (lacks_model()) {
        recovery.learn_absence();
        reason = model_not_found;
        moved = choose_host_that_has_it(shared_, request_);
    }
    if (!moved)
        return false;
    note_move(from->name(), reason);
    attempt_->park();
    return true;
}

// The error that is held has this code or text.
bool exchange::says(std::string_view text) const {
    return attempt_->status() >= 400 &&
           attempt_->answer().held_body().find(text) != std::string_view::npos;
}

// The host does not know the response that the request continues, or the download it asks about.
bool exchange::lacks_stored() const {
    return (!request_.facts->previous_response_id.empty() && says(response_not_found)) ||
           (!request_.facts->job_id.empty() && says(job_not_found));
}

// The host has not loaded the model that the request names, and does not load it.
bool exchange::lacks_model() const {
    return !request_.facts->model.empty() &&
           (says(model_not_found) || says(none_loaded) || says(several_loaded));
}

// Nothing of the request was sent.
bool exchange::moves_after(failure const* failed) {
    auto const kind = failed->kind;
    bool const unsent = kind == fault::connect || kind == fault::connect_timeout ||
                        kind == fault::resolve || kind == fault::tls;
    if (!unsent || !request_.movable() || held_)
        return false;
    auto const from = request_.host;
    if (!choose_host_after_failure(shared_, request_))
        return false;
    note_move(from->name(), host::to_string(kind));
    return true;
}

// It could not be given room here, and nothing was generated. Another host may have some.
bool exchange::moves_after_recovery() {
    auto const from = request_.host;
    if (!may_move() || !request_.settings->routing.relocate ||
        !choose_host_after_recovery(shared_, request_))
        return false;
    note_move(from->name(), policy::to_string(recovery_->reason()));
    count_replay();
    unloaded_before_ += recovery_->unloaded();
    held_->park();
    held_.reset();
    return true;
}

void exchange::note_move(std::string_view from, std::string_view reason) {
    record_.moved_from = from;
    record_.moved_because = reason;
    moving_ = true;
    shared_.exchanges.note(
        {request_.id, request_.facts->model, from, request_.host->name(), reason});
}

// By the first answer of the host that the request was moved to.
host::move_result exchange::result_of_move() const {
    if (attempt_->status() == 0)
        return host::move_result::failed;
    bool const refused = policy::for_memory(attempt_->judged().verdict) ||
                         says(response_not_found) || says(job_not_found) || says(model_not_found);
    return refused ? host::move_result::refused : host::move_result::served;
}

} // namespace secondwind::proxy
