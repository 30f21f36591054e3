// The exchanges that use a host's models, or wait to.
#pragma once

#include <secondwind/lmstudio/instance.hpp>
#include <secondwind/lmstudio/requested_model.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/policy/context_choice.hpp>

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace secondwind::recovery {

class in_flight;
struct known_model;

// One exchange's claim on the models of its host: first it may wait to be admitted, then its
// request is sent, then the answer comes. It costs a few words of memory and no work: which model
// the request names is read from its kept body only when that matters.
class claim {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // `model` must outlive it.
    claim(lmstudio::requested_model const& model, lmstudio::model_kind kind) noexcept
        : model_{model}, kind_{kind} {}
    claim(claim const&) = delete;
    claim& operator=(claim const&) = delete;
    ~claim() { end(); }

    // The request is sent.
    void begin(in_flight& all) noexcept;
    // The first byte of output has come.
    void answered() noexcept;
    // Nothing of it runs on the host any more.
    void end() noexcept;

    bool running() const noexcept { return hook_.is_linked(); }
    bool answering() const noexcept { return answering_; }
    // In the order in which requests were sent, from 1; 0 before that.
    std::uint64_t number() const noexcept { return number_; }
    // False for one without a body, as a GET is: it uses no model.
    bool possible() const noexcept { return model_.possible(); }

    lmstudio::requested_model const& model() const noexcept { return model_; }
    lmstudio::model_kind kind() const noexcept { return kind_; }

    // What the name meant by the listing of that generation; see host_models::resolve().
    std::shared_ptr<known_model const> resolved;
    std::uint64_t generation = 0;
    // The host has refused to load its model; see host_models::load_refused().
    bool load_refused = false;
    // Known while it waits to be admitted, where that may matter.
    policy::context_choice context = policy::context_choice::open;
    // When it was sent, if its model was not loaded by then; only where someone watches.
    std::optional<time_point> load_began{};
    // When it was sent, or when its model's load was over; only where the host's pace is learned.
    std::optional<time_point> use_began{};

private:
    friend class in_flight;
    using hook = boost::intrusive::list_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

    hook hook_;
    in_flight* all_ = nullptr;
    lmstudio::requested_model const& model_;
    lmstudio::model_kind kind_;
    std::uint64_t number_ = 0;
    bool answering_ = false;
};

// The exchanges that a host is serving right now.
class in_flight {
public:
    using list =
        boost::intrusive::list<claim,
                               boost::intrusive::member_hook<claim, claim::hook, &claim::hook_>,
                               boost::intrusive::constant_time_size<false>>;

    // Hears of each claim that ends while something waits for that.
    class watcher {
    public:
        virtual void on_end(claim& ended) noexcept = 0;

    protected:
        ~watcher() = default;
    };
    void watch(watcher* w) noexcept { watcher_ = w; }

    list const& claims() const noexcept { return claims_; }
    list& claims() noexcept { return claims_; }
    // How many they are. They are counted when this is asked.
    std::size_t size() const noexcept { return claims_.size(); }
    // Those that may use a model and have no output yet.
    std::size_t awaiting() const noexcept { return awaiting_; }
    // The number of the newest.
    std::uint64_t newest() const noexcept { return numbers_; }

private:
    friend class claim;

    list claims_;
    watcher* watcher_ = nullptr;
    std::size_t awaiting_ = 0;
    std::uint64_t numbers_ = 0;
};

inline void claim::begin(in_flight& all) noexcept {
    end();
    all_ = &all;
    number_ = ++all.numbers_;
    answering_ = false;
    all.awaiting_ += possible();
    all.claims_.push_back(*this);
}

inline void claim::answered() noexcept {
    if (all_ != nullptr && !answering_)
        all_->awaiting_ -= possible();
    answering_ = true;
}

inline void claim::end() noexcept {
    if (!running())
        return;
    if (!answering_)
        all_->awaiting_ -= possible();
    hook_.unlink();
    if (all_->watcher_ != nullptr && possible())
        all_->watcher_->on_end(*this);
}

} // namespace secondwind::recovery
