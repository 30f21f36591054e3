// Probes with any outcomes: a search ends, asks for no size beyond its limit, and what it adds up
// to survives as a document.
#include "target.hpp"

#include "lab/result.hpp"
#include "lab/search.hpp"

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

namespace lab_search_fuzz {
namespace {

using namespace secondwind;
using secondwind::fuzz::require;

// Bytes one after the other; zeros when they are used up.
class bytes {
public:
    bytes(std::uint8_t const* data, std::size_t size) : data_{data}, size_{size} {}
    std::uint8_t next() { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }

private:
    std::uint8_t const* data_;
    std::size_t size_;
    std::size_t at_ = 0;
};

registry::probe answer(lab::wanted_probe const& wanted, bytes& in) {
    registry::probe p;
    p.asked = wanted.context;
    p.filled = wanted.fill;
    p.effective = wanted.context.value_or(256 * (1 + in.next()));
    // Every other probe is good, and none of them is under way.
    auto const choice = in.next();
    p.outcome =
        choice < 128 ? registry::outcome::good : static_cast<registry::outcome>(1 + choice % 17);
    if (p.outcome == registry::outcome::context_changed)
        p.effective = *p.effective + 256 * (1 + in.next());
    p.ttft = in.next() / 16.0;
    p.prompt_tokens = 200;
    return p;
}

void test(std::uint8_t const* data, std::size_t size) {
    bytes in{data, size};
    lab::searched_model model;
    model.declared = 1 + in.next() * 4096 + in.next();
    if (in.next() % 4 == 0)
        model.type = registry::model_type::embedding;
    lab::search_options options;
    options.thoroughness = static_cast<lab::thoroughness>(in.next() % 3);
    options.prompt_time = 1.0 + in.next();
    auto const choice = in.next();
    if (choice % 5 == 0)
        options.most = 1 + choice * 1024;
    if (choice % 7 == 0)
        options.only = 1 + choice * 1024;
    std::uint8_t const passes = in.next();

    std::vector<registry::probe> made;
    std::vector<lab::estimate> estimates;
    // Beside its loads, each size may say nothing four times.
    auto const bound = static_cast<std::size_t>(5 * lab::most_loads(model, options) + 8);
    for (;;) {
        auto const step = lab::next_step(model, made, estimates, options);
        require(step == lab::next_step(model, made, estimates, options));
        if (auto const* probe = std::get_if<lab::wanted_probe>(&step)) {
            if (probe->context && !options.only)
                require(*probe->context >= 1 && *probe->context <= *lab::limit_of(model, options));
            if (options.only)
                require(probe->context == options.only);
            require(!probe->fill || *probe->fill >= 1);
            made.push_back(answer(*probe, in));
            require(made.size() <= bound);
        } else if (auto const* asked = std::get_if<lab::wanted_estimate>(&step)) {
            require(estimates.size() < 64);
            estimates.push_back(
                {asked->context, asked->context <= passes * 4096, passes % 16 == 1, {}});
        } else {
            break;
        }
    }
    auto const found = lab::add_up(model, made, options);
    require(!found.status.empty());
    auto const read = lab::from_document(lab::document_text(found));
    require(read.has_value() && read->works == found.works);
    if (found.works && found.first_bad)
        require(*found.works < *found.first_bad);
}

secondwind::fuzz::target const registered{"lab_search", test};

} // namespace
} // namespace lab_search_fuzz
