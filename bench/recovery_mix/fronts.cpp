#include "front.hpp"

#include "support/changeable_settings.hpp"
#include "support/simulated_exchange.hpp"

#include <fmt/format.h>

#include <utility>

namespace secondwind::bench {

namespace {

using policy::verdict;
using test::simulated_exchange;
using test::simulated_host;
using test::virtual_time;

class no_proxy final : public front {
public:
    explicit no_proxy(surroundings around) : around_{std::move(around)} {}

    net::task<reply> serve(std::string, test::wish asked) override {
        simulated_host::call call{around_.host, asked};
        auto const answer = co_await call.head();
        reply r;
        if (answer.came && answer.judged.verdict == verdict::healthy) {
            r.first_byte = virtual_time::now();
            co_await call.rest();
            r.healthy = !call.cut();
        }
        co_return r;
    }

private:
    surroundings around_;
};

class evict_and_retry final : public front {
public:
    explicit evict_and_retry(surroundings around) : around_{std::move(around)} {}

    net::task<reply> serve(std::string, test::wish asked) override {
        reply r;
        bool again = true;
        for (bool first = true; again; first = false) {
            simulated_host::call call{around_.host, asked};
            auto const answer = co_await call.head();
            again = first && answer.came && policy::for_memory(answer.judged.verdict);
            if (again)
                co_await unload_all();
            if (!answer.came || answer.judged.verdict != verdict::healthy)
                continue;
            r.first_byte = virtual_time::now();
            co_await call.rest();
            r.healthy = !call.cut();
        }
        co_return r;
    }

private:
    // Loads that are under way go as well.
    net::task<void> unload_all() {
        auto const listed = co_await around_.host.list({});
        for (auto const& each : *listed.instances)
            co_await around_.host.unload(each.id, {});
        around_.host.abort_loads();
    }

    surroundings around_;
};

// The program's own loop.
class product final : public front {
public:
    explicit product(surroundings around) : around_{std::move(around)} {
        auto& r = settings_.values().recovery;
        if (around_.old_defaults) {
            r.evict = policy::evict::idle;
            r.busy_wait = std::chrono::minutes{10};
        }
        if (around_.trace)
            ledger_.observe([this](recovery::step s, recovery::record const& of) {
                around_.trace(
                    fmt::format("recovery {} {} ({} for {}): {}, unloaded {}, outcome {}", of.id,
                                to_string(s), of.trigger.request_id, of.trigger.model,
                                to_string(of.plan.reason), of.unloaded(),
                                to_string(s == recovery::step::concluded ? of.outcome : of.acted)));
            });
    }

    net::task<reply> serve(std::string id, test::wish asked) override {
        reply r;
        net::gate ended{around_.io};
        simulated_exchange::request sent;
        sent.id = std::move(id);
        sent.asks = std::move(asked);
        simulated_exchange exchange{around_.host, recovery_, std::move(sent)};
        exchange.on_answer = [&] { r.first_byte = virtual_time::now(); };
        exchange.on_end = [&] { ended.open(); };
        if (around_.trace) {
            exchange.on_attempt = [&] {
                around_.trace(
                    fmt::format("{} attempt {}", exchange.sent().id, exchange.attempts()));
            };
            exchange.on_decision = [&](policy::next_step s) {
                if (s != policy::next_step::relay)
                    around_.trace(fmt::format("{} {}", exchange.sent().id, to_string(s)));
            };
        }
        exchange.start();
        if (!exchange.over()) {
            net::gate::waiter waiting{ended};
            co_await waiting;
        }
        bool const healthy = exchange.from() == simulated_exchange::answered_by::host &&
                             exchange.answer().verdict == verdict::healthy;
        if (!healthy)
            r.first_byte.reset();
        r.healthy = healthy && !exchange.cut();
        if (around_.trace && exchange.met_recovery())
            around_.trace(
                fmt::format("{} ends {}", exchange.sent().id, to_string(exchange.outcome())));
        co_return r;
    }

private:
    surroundings around_;
    test::changeable_settings settings_;
    recovery::ledger ledger_;
    recovery::host_recovery recovery_{"host",       around_.io, around_.time.deadlines(),
                                      around_.host, ledger_,    settings_};
};

} // namespace

std::string_view to_string(front_kind k) noexcept {
    switch (k) {
    case front_kind::no_proxy:
        return "no proxy";
    case front_kind::evict_and_retry:
        return "P1";
    case front_kind::first_rules:
        return "P2";
    case front_kind::product:
        return "product";
    }
    return {};
}

std::unique_ptr<front> make_front(front_kind k, surroundings around) {
    switch (k) {
    case front_kind::no_proxy:
        return std::make_unique<no_proxy>(std::move(around));
    case front_kind::evict_and_retry:
        return std::make_unique<evict_and_retry>(std::move(around));
    case front_kind::first_rules:
        return make_first_rules(std::move(around));
    case front_kind::product:
        break;
    }
    return std::make_unique<product>(std::move(around));
}

} // namespace secondwind::bench
