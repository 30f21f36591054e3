#include "trial.hpp"

#include "api_json.hpp"
#include "message.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace secondwind::admin {

namespace {

std::string chat_of(try_request const& wanted) {
    auto messages = json::array();
    messages.push_back({{"role", "user"}, {"content", wanted.prompt}});
    return to_text({{"model", wanted.model},
                    {"messages", std::move(messages)},
                    {"stream", true},
                    {"stream_options", {{"include_usage", true}}}});
}

} // namespace

net::task<own_answer> trial::run(try_request wanted) {
    own_request asked{"/v1/chat/completions", chat_of(wanted), {}, {}};
    asked.on_data = [this](int status, std::string_view type, std::string_view data) {
        take(status, type, data);
    };
    asked.cancel = &cancel_;
    net::spawn(ask(std::move(asked)));
    bool open = true;
    while (!ended_ || !pending_.empty()) {
        if (pending_.empty()) {
            net::gate::waiter until{changed_};
            co_await until;
            continue;
        }
        auto const text = std::exchange(pending_, {});
        if (!open)
            continue;
        net::write_all writing{socket_, slot_, stall_, text};
        auto const ec = co_await writing;
        open = !ec;
        if (!open && cancel_)
            cancel_();
    }
    co_return answer_;
}

net::task<void> trial::ask(own_request request) {
    if (from_.ask_listener)
        answer_ = co_await from_.ask_listener(std::move(request));
    ended_ = true;
    changed_.open();
}

void trial::take(int status, std::string_view type, std::string_view data) {
    if (!begun_) {
        reply head;
        head.status = status;
        // What a host calls its answer must not make a page of it.
        head.content_type =
            type.starts_with("text/event-stream") ? "text/event-stream" : "application/json";
        head.until_close = true;
        pending_ = render_head(head, false);
    }
    begun_ = true;
    pending_ += data;
    changed_.open();
}

} // namespace secondwind::admin
