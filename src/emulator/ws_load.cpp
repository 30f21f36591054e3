#include "ws_load.hpp"
#include "load.hpp"
#include "resolve.hpp"
#include "ws_documents.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace secondwind::emulator {

namespace {

json progress(char const* type, double part) {
    auto p = ws_packet(type);
    p["progress"] = part;
    return p;
}

json about(char const* type, machine const& m, instance const& i) {
    auto p = ws_packet(type);
    auto const use = m.used.find(i.serial);
    p["info"] = ws_instance_info(*m.models.find_model(i.key), i,
                                 use == m.used.end() ? usage{} : use->second);
    return p;
}

json refusal(machine const& m, model const& wanted) {
    return ws_error(refusal_cause(m.how.refusal, wanted.size_bytes));
}

// Sees a begun load to its end, with progress told as that interface tells it.
asio::awaitable<void> finish(std::shared_ptr<machine> m, std::shared_ptr<ws_channel> to,
                             instance begun, char const* progress_type, char const* end_type) {
    to->send(progress(progress_type, 0.0));
    auto const end = co_await await_load(m, begun, to->client());
    if (end == load_end::loaded) {
        to->send(progress(progress_type, 1.0));
        to->send(about(end_type, *m, begun));
    }
    to->close();
}

// What "Only Keep Last JIT Loaded Model" is about to unload.
std::vector<instance> evictable(machine const& m) {
    std::vector<instance> found;
    if (!m.how.auto_evict)
        return found;
    for (auto const& i : m.models.instances())
        if (i.state == instance_state::loaded && i.reason == load_reason::just_in_time)
            found.push_back(i);
    return found;
}

// What serves the identifier. The HTTP interfaces also take whatever is loaded for a name that they
// don't know; the SDK's does not.
resolution find(machine const& m, std::string const& identifier, model_type type) {
    auto const found = resolve(m.models, identifier, type, true);
    bool const named =
        found.what == resolution::kind::load ||
        (found.at != nullptr && (found.at->id == identifier || found.at->key == identifier));
    return named ? found : resolution{};
}

} // namespace

asio::awaitable<void> serve_ws_load(std::shared_ptr<machine> m, std::shared_ptr<ws_channel> to,
                                    model_type type, ws_load what) {
    auto const* known = m->models.find_model(what.key);
    if (known == nullptr || known->type != type) {
        to->fail(ws_not_loadable(m->models, what.key, type));
        co_return;
    }
    auto resolved = ws_packet("resolved");
    resolved["info"] = ws_model_info(*known);
    to->send(resolved);
    auto const begun = m->begin_load(*known, load_reason::by_hand, what.identifier);
    if (!begun) {
        to->fail(refusal(*m, *known));
        co_return;
    }
    co_await finish(m, to, *begun, "progress", "success");
}

asio::awaitable<void> serve_ws_get_or_load(std::shared_ptr<machine> m,
                                           std::shared_ptr<ws_channel> to, model_type type,
                                           ws_load what) {
    while (!to->client()->gone && !m->stopping) {
        auto const found = find(*m, what.key, type);
        if (found.what == resolution::kind::ready) {
            to->send(about("alreadyLoaded", *m, *found.at));
            to->close();
            co_return;
        }
        if (found.what == resolution::kind::loading) {
            auto over = [m = m.get(), client = to->client(), serial = found.at->serial] {
                auto const* other = m->models.find_serial(serial);
                return other == nullptr || other->state == instance_state::loaded || client->gone ||
                       m->stopping;
            };
            co_await m->changed.until(over);
            continue;
        }
        if (found.what != resolution::kind::load) {
            to->fail(ws_not_loadable(m->models, what.key, type));
            co_return;
        }
        auto const wanted = *found.wanted;
        for (auto const& i : evictable(*m))
            to->send(about("unloadingOtherJITModel", *m, i));
        auto const begun = m->begin_load(wanted, load_reason::just_in_time);
        if (!begun) {
            to->fail(refusal(*m, wanted));
            co_return;
        }
        auto started = ws_packet("startLoading");
        started["identifier"] = begun->id;
        started["info"] = ws_model_info(wanted);
        to->send(started);
        co_await finish(m, to, *begun, "loadProgress", "loadSuccess");
        co_return;
    }
    to->close();
}

} // namespace secondwind::emulator
