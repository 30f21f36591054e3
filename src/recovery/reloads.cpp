#include <secondwind/recovery/reloads.hpp>

#include <secondwind/base/log.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/recovery/host_recovery.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace secondwind::recovery {

std::string_view to_string(reload_outcome o) noexcept {
    switch (o) {
    case reload_outcome::loaded:
        return "loaded";
    case reload_outcome::failed:
        return "failed";
    case reload_outcome::cancelled:
        return "cancelled";
    case reload_outcome::observed:
        return "observed";
    }
    return "failed";
}

// One that several may await.
struct reloads::load {
    load(boost::asio::io_context& io, std::string instance_id)
        : id{std::move(instance_id)}, ended{io} {}

    std::string id;
    net::gate ended;
    net::cancellation by;
    control::reload_answer answer;
    std::size_t awaiting = 0;
    bool over = false;
};

net::task<std::vector<lmstudio::load_description>>
reloads::describe(std::vector<lmstudio::instance> instances, std::string authorization) {
    std::vector<lmstudio::load_description> found;
    if (!used_)
        co_return found;
    auto const listed = co_await control_.list_references(authorization);
    if (!listed.loaded)
        co_return found;
    for (auto const& each : *listed.loaded) {
        handles.learn(each, false);
        bool const asked = std::ranges::any_of(instances, [&each](auto const& one) {
            return one.id == each.instance.id && one.model == each.instance.model;
        });
        if (!asked)
            continue;
        auto told = co_await control_.describe(each, authorization);
        if (told.loaded_as)
            found.push_back(std::move(*told.loaded_as));
    }
    co_return found;
}

net::task<control::reload_answer> reloads::bring_back(lmstudio::load_description wanted,
                                                      std::string authorization,
                                                      net::cancellation& by) {
    std::shared_ptr<load> one;
    for (auto const& each : loads_)
        if (each->id == wanted.id && !each->by.requested())
            one = each;
    if (one == nullptr) {
        one = std::make_shared<load>(host_.io, wanted.id);
        loads_.push_back(one);
        net::spawn(run(one, std::move(wanted), std::move(authorization)));
    }
    ++one->awaiting;
    while (!one->over && !by.requested()) {
        net::gate::waiter until{one->ended};
        net::cancellation::action const leaving{by, [&until] { until.cancel(); }};
        co_await until;
    }
    --one->awaiting;
    if (one->over)
        co_return one->answer;
    if (one->awaiting == 0)
        one->by.cancel();
    control::reload_answer left;
    left.error = "nobody awaits it any more";
    left.cancelled = true;
    co_return left;
}

net::task<void> reloads::run(std::shared_ptr<load> one, lmstudio::load_description wanted,
                             std::string authorization) {
    auto const began = host_.deadlines.now();
    auto& answer = one->answer;
    try {
        answer = co_await control_.load_again(std::move(wanted), std::move(authorization), one->by);
    } catch (std::exception const& e) {
        answer.error = e.what();
    }
    one->over = true;
    if (answer.loaded)
        handles.learn(*answer.loaded, false);
    auto const outcome = answer.loaded      ? reload_outcome::loaded
                         : answer.cancelled ? reload_outcome::cancelled
                                            : reload_outcome::failed;
    count(outcome);
    std::chrono::duration<double, std::milli> const took = host_.deadlines.now() - began;
    log::write(log::level::info, "reload",
               {{"host", host_.name},
                {"instance", one->id},
                {"outcome", to_string(outcome)},
                {"error", answer.error},
                {"duration_ms", took.count()}});
    std::erase(loads_, one);
    one->ended.open();
    host_.reconsider();
}

void reloads::stop() {
    auto const all = loads_;
    for (auto const& each : all)
        each->by.cancel();
}

} // namespace secondwind::recovery
