#include "ws_log.hpp"

#include <utility>

namespace secondwind::emulator {

namespace {

json logged(logged_prompt const& prompt, model const& m) {
    auto packet = ws_packet("log");
    auto& log = packet["log"];
    log["timestamp"] = prompt.time_ms;
    auto& data = log["data"];
    data["type"] = "llm.prediction.input";
    data["modelPath"] = ws_model_info(m)["path"];
    data["modelIdentifier"] = prompt.identifier;
    data["input"] = prompt.text;
    return packet;
}

} // namespace

asio::awaitable<void> serve_ws_logs(std::shared_ptr<emulated_host> host,
                                    std::shared_ptr<ws_channel> channel) {
    // The host owns the reader, and the channel's connection the host.
    auto reader = [weak = std::weak_ptr{channel}, h = host.get()](logged_prompt const& prompt) {
        auto const* m = h->models.find_model(prompt.key);
        if (auto const alive = weak.lock(); alive && m != nullptr)
            alive->send(logged(prompt, *m));
    };
    auto const entry = host->log_readers.insert(host->log_readers.end(), std::move(reader));
    auto over = [h = host.get(), client = channel->client()] {
        return h->stopping || client->gone;
    };
    co_await host->changed.until(over);
    host->log_readers.erase(entry);
    channel->close();
}

} // namespace secondwind::emulator
