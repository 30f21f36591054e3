// What is known of a host's models, and how they were used from here. Pure.
#pragma once

#include <secondwind/lmstudio/instance.hpp>
#include <secondwind/lmstudio/model_name.hpp>
#include <secondwind/recovery/in_flight.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::recovery {

// What a name means among the models of a host, and what serves it.
struct known_model : lmstudio::resolved_model {
    std::optional<std::size_t> instance{}; // its place in host_models::all().loaded
    std::size_t slots = 0;                 // requests that all instances of the model serve at once
};

// The last listing, kept up to date with what the host's answers show. It may be wrong, because
// others use the host too: what it says decides who waits, and never alone what is unloaded.
class host_models {
public:
    using time_point = std::chrono::steady_clock::time_point;
    using duration = std::chrono::steady_clock::duration;

    // The host has answered with a listing.
    void listed(lmstudio::inventory loaded, std::vector<lmstudio::model_on_disk> unloaded,
                time_point now);
    // A listing has failed, so asking again at once would not help.
    void not_listed(time_point now) noexcept { asked_ = now; }
    // It was asked within that time, whether it answered or not.
    bool asked_within(duration span, time_point now) const noexcept {
        return asked_ && now - *asked_ < span;
    }
    // There was a listing.
    bool known() const noexcept { return known_; }
    lmstudio::models const& all() const noexcept { return models_; }
    std::uint64_t bytes_loaded() const noexcept;
    // The keys of all models, loaded or not.
    std::vector<std::string> keys() const;

    // The host was down: what it has and what it has loaded may be something else now.
    void forget();

    // It has listed a model that is not loaded, so what it does not list it does not have. LM
    // Studio lists only what is loaded while it loads nothing by itself.
    bool lists_all() const noexcept { return lists_all_; }

    // Which model a name means; without a name, the one that is loaded of that kind.
    std::shared_ptr<known_model const> find(std::string_view name, lmstudio::model_kind kind) const;
    // Which model a claim is on. It is kept in the claim until another listing says otherwise.
    known_model const& resolve(claim& of) const {
        if (of.generation != generation_)
            look_up(of);
        return *of.resolved;
    }
    // The instance that serves it; null if its model is not loaded, or not known.
    lmstudio::instance const* serving(claim& of) const;
    // What a name means holds as long as this stays the same; never 0.
    std::uint64_t generation() const noexcept { return generation_; }
    // The size of the model's file; 0 if it is not known.
    std::uint64_t size_of(std::string_view key) const noexcept;
    // The host has it and has not loaded it.
    bool is_unloaded(std::string_view key) const noexcept;

    // A request for the model has its first output, that long after it was sent. A model that was
    // not loaded by then is now.
    void answered(claim& by, time_point now);
    // A request that uses this name was answered. Costs less, and says nothing of the model.
    void note_answer(lmstudio::requested_model const& model, time_point now);
    // A request whose body begins so was answered within the last minute, and nothing was unloaded
    // since: it names the same model, so there is no need to read it.
    bool answered_alike(lmstudio::requested_model const& model, time_point now) const noexcept {
        return !prefix_.empty() && model.begins_with(prefix_) && now - prefix_seen_ < lately;
    }
    // A request that uses this name was answered within that time, at most a minute, and nothing
    // was unloaded since.
    bool answered_within(duration span, std::string_view name, time_point now) const noexcept;
    bool answered_lately(std::string_view name, time_point now) const noexcept {
        return answered_within(lately, name, now);
    }
    // The host has refused to load the model of a request: it is not loaded, whatever the last
    // listing or an earlier answer said. From now on the claim is on no other model that happens to
    // be loaded, even if its own is not listed.
    void load_refused(claim& by);
    // Another request has loaded the model of this one since this one was sent, so a refusal of
    // this one is older than the load.
    bool loaded_since(claim& by) const;
    // The host has said that it has not loaded the model of a request, and does not load it: the
    // same holds from now on.
    void not_found(claim& by);
    // A request has ended.
    void ended(claim& of, time_point now);
    // It is not loaded any more, as far as an answer shows. What is known of its use is kept until
    // a listing says so too.
    void unloaded(std::string_view instance_id);

    // Its last load took `load` and ended `loaded`; the last request for it has ended `idle_since`.
    struct use {
        std::optional<time_point> loaded{};
        duration load{};
        std::optional<time_point> idle_since{};
        bool named = false; // a request has named this very instance
    };
    // Null where nothing is known.
    use const* use_of(std::string_view instance_id) const noexcept;

private:
    static constexpr std::chrono::minutes lately{1};

    static bool just_loaded(use const& u, time_point now) noexcept;
    void forget_answers_of_unloaded(time_point now);
    std::shared_ptr<known_model const> know(lmstudio::resolved_model resolved) const;
    void look_up(claim& of) const;
    void note_name(std::string const& name, time_point now);
    // The name in a request's body, which is not read if it begins as that of the last one did.
    std::string const& name_in(lmstudio::requested_model const& model) const;
    bool move_to_loaded(std::string_view key); // false if it is not among the others

    lmstudio::models models_;
    bool known_ = false;
    std::uint64_t generation_ = 1;
    bool lists_all_ = false;
    std::optional<time_point> asked_;
    // What find() has found in the present listing, by the name.
    mutable std::map<std::string, std::shared_ptr<known_model const>, std::less<>> found_;
    // And for no name, by the kind.
    mutable std::array<std::shared_ptr<known_model const>, lmstudio::model_kinds> served_;
    mutable std::uint64_t found_in_ = 0;
    std::map<std::string, use, std::less<>> uses_;            // by instance id, while loaded
    std::map<std::string, time_point, std::less<>> answered_; // by the name in the request
    std::string prefix_;                                      // of the last one's body
    std::string prefix_name_;                                 // that it ends with
    time_point prefix_seen_{};
};

} // namespace secondwind::recovery
