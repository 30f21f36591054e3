#include "model_list.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/http/trailers.hpp>
#include <secondwind/lmstudio/rest_codec.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <utility>

namespace secondwind::proxy {

namespace {

// A host with thousands of models lists about 1 KiB for each.
constexpr std::size_t largest_list = 16 * 1024 * 1024;

// True for a field that describes the body of one host, and not the list of all of them.
bool describes_body(http::field const& field) noexcept {
    constexpr std::array<std::string_view, 4> names{"content-length", "transfer-encoding", "etag",
                                                    "last-modified"};
    return std::ranges::any_of(names, [&field](auto name) { return iequals(field.name, name); });
}

} // namespace

model_list::model_list(context& shared, request& incoming)
    : shared_{shared}, request_{incoming},
      api_{lmstudio::list_at(incoming.path()).value_or(lmstudio::list_api::openai)},
      changed_{shared.io} {
    for (auto const& each : request_.copies) {
        auto& one = asked_.emplace_back(shared_, each);
        auto& view = one.to.host->view;
        one.awaited = view.health().state() != host::host_state::down && !view.silent() &&
                      !view.rest().lasts(shared.deadlines.now());
        awaited_ += one.awaited;
    }
}

net::task<void> model_list::ask() {
    running_ = asked_.size();
    for (auto& each : asked_)
        net::spawn(ask(each));
    while (running_ > 0 && (awaited_ > 0 || !answered_)) {
        net::gate::waiter until{changed_};
        co_await until;
    }
    cancel();
    while (running_ > 0) {
        net::gate::waiter until{changed_};
        co_await until;
    }
    choose();
}

void model_list::cancel() noexcept {
    for (auto& each : asked_)
        if (!each.ended)
            each.call.cancel();
}

// The list may be over by then.
net::task<void> model_list::ask_after_silence(host::host_ptr host) {
    co_await host->view.ask_after_silence();
}

net::task<void> model_list::ask(asked& one) {
    try {
        host::raw_call::bounds const within{shared_.list_patience, largest_list,
                                            request_.head_limits()};
        one.failure = co_await one.call.run(request_.method(), one.to.head, within);
        if (!one.failure)
            take_answer(one);
        if (one.failure.kind == host::fault::timeout ||
            one.failure.kind == host::fault::connect_timeout)
            net::spawn(ask_after_silence(one.to.host));
    } catch (std::exception const&) {
        one.failure.kind = host::fault::cancelled;
        one.status = 0;
    }
    one.to.host->attempts.add(one.status);
    one.ended = true;
    answered_ = answered_ || one.status != 0;
    awaited_ -= one.awaited;
    --running_;
    changed_.open();
}

void model_list::take_answer(asked& one) {
    auto& answer = one.call.answer();
    answer.check_head(request_.method(), shared_.fields);
    one.status = answer.head().status;
    if (one.status != 200 || !answer.head().content_encoding.empty())
        return;
    answer.scan_again([&one](std::string_view data) { one.body.append(data); });
    if (api_ != lmstudio::list_api::rest_v1)
        return;
    // The proxy need not ask for it.
    if (auto found = lmstudio::parse_models(one.body)) {
        recovery::control::listing listing;
        listing.instances = std::move(found->loaded);
        listing.unloaded = std::move(found->unloaded);
        listing.reached = recovery::contact::answered;
        auto& host = *one.to.host;
        host.view.note(listing);
        if (host.view.listed())
            host.learn(&*host.view.listed());
    }
}

void model_list::choose() {
    lmstudio::list_merge merge{api_};
    asked* any_ok = nullptr;
    asked* any = nullptr;
    for (auto& each : asked_) {
        if (each.status != 0 && any == nullptr)
            any = &each;
        if (each.status == 200 && any_ok == nullptr)
            any_ok = &each;
        if (each.body.empty() || !merge.add(each.body))
            continue;
        if (chosen_ == nullptr)
            chosen_ = &each;
        hosts_.append(hosts_.empty() ? "" : ", ").append(each.to.host->name());
    }
    if (merge.size() > 1)
        merged_ = merge.body();
    else if (chosen_ == nullptr)
        chosen_ = any_ok != nullptr ? any_ok : any;
    if (chosen_ != nullptr) {
        request_.host = chosen_->to.host;
        return;
    }
    // All have failed. A host that was not known to be down has the reason that is news.
    auto const told = std::ranges::find_if(asked_, [](auto const& each) { return each.awaited; });
    auto const& one = told == asked_.end() ? asked_.front() : *told;
    failure_ = one.failure;
    request_.host = one.to.host;
}

http::framing model_list::framing() noexcept {
    return merged_.empty() ? chosen_->call.answer().framer().framing() : http::framing::length;
}

std::string model_list::render_merged(http::persistence connection, std::string const& extra) {
    auto head = chosen_->call.answer().head();
    std::vector<http::field> kept;
    std::ranges::remove_copy_if(head.fields, std::back_inserter(kept), describes_body);
    head.fields = kept;
    auto const ours = "Content-Length: " + std::to_string(merged_.size()) +
                      "\r\nX-Secondwind-Hosts: " + hosts_ + "\r\n" + extra;
    std::string out;
    http::render_response(out, head, connection, ours, request_.version);
    return out;
}

net::task<ending> model_list::relay(client& client, http::persistence connection, std::string extra,
                                    access_record& record) {
    auto& answer = chosen_->call.answer();
    answer.check_head(request_.method(), shared_.fields);
    if (!request_.origin.empty())
        request_.host->grants.note(request_.origin, answer.head().fields);
    std::string head;
    std::string decoded;
    std::string_view body = merged_;
    http::trailer_filter trailers;
    if (!merged_.empty()) {
        head = render_merged(connection, extra);
    } else {
        http::render_response(head, answer.head(), connection, extra, request_.version);
        // HTTP/1.0 has no chunks.
        if (request_.version == http::version::http10) {
            answer.scan_again([&decoded](std::string_view data) { decoded.append(data); });
            body = decoded;
        } else {
            body = trailers.pass(answer.held_body(), answer.trailers_begin(), true);
        }
    }
    record.first_byte = access_record::clock::now();
    record.bytes_out = head.size() + body.size();
    client_write writing{client, request_.settings->timeouts.write_stall, head, body};
    auto const ec = co_await writing;
    co_return ec ? ending::client_gone : ending::complete;
}

} // namespace secondwind::proxy
