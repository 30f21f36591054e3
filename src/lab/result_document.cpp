#include "result.hpp"

#include <secondwind/base/json.hpp>
#include <secondwind/base/log_line.hpp>
#include <secondwind/base/rfc3339.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace secondwind::lab {
namespace {

using json = nlohmann::json;
using ordered = nlohmann::ordered_json;

template<class Value>
ordered or_null(std::optional<Value> const& value) {
    return value ? ordered(*value) : ordered(nullptr);
}

constexpr std::size_t most_entries = 10'000; // of a list
constexpr std::size_t longest_text = 4096;

// Reads members with a type and a range each, and remembers whether one had another.
class reader {
public:
    explicit reader(json const& from) : from_{from} { sound_ = from.is_object(); }

    bool sound() const noexcept { return sound_; }
    void fail() noexcept { sound_ = false; }

    void read(char const* name, std::optional<std::int64_t>& to, std::int64_t least,
              std::int64_t most) {
        if (auto const* value = find(name))
            to = count(*value, least, most);
    }
    void read(char const* name, std::optional<double>& to, double most) {
        auto const* value = find(name);
        if (value == nullptr)
            return;
        if (!value->is_number() || !(value->get<double>() >= 0) || value->get<double>() > most)
            return fail();
        to = value->get<double>();
    }
    void read(char const* name, std::optional<bool>& to) {
        auto const* value = find(name);
        if (value == nullptr)
            return;
        if (!value->is_boolean())
            return fail();
        to = value->get<bool>();
    }
    void read(char const* name, std::string& to) {
        if (auto const* value = find(name))
            to = text(*value);
    }
    json const* list(char const* name) {
        auto const* value = find(name);
        if (value == nullptr)
            return nullptr;
        if (!value->is_array() || value->size() > most_entries) {
            fail();
            return nullptr;
        }
        return value;
    }
    json const* object(char const* name) {
        auto const* value = find(name);
        if (value != nullptr && !value->is_object())
            fail();
        return value != nullptr && value->is_object() ? value : nullptr;
    }

    std::int64_t count(json const& value, std::int64_t least, std::int64_t most) {
        // An unsigned one above 2^63 would come out negative.
        bool const fits = value.is_number_unsigned()
                              ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(most)
                              : value.is_number_integer() && value.get<std::int64_t>() <= most;
        if (!fits || value.get<std::int64_t>() < least) {
            fail();
            return least;
        }
        return value.get<std::int64_t>();
    }
    std::string text(json const& value) {
        if (!value.is_string() || value.get_ref<std::string const&>().size() > longest_text) {
            fail();
            return {};
        }
        return value.get<std::string>();
    }

private:
    // Nothing for a null as well.
    json const* find(char const* name) {
        if (!sound_)
            return nullptr;
        auto const found = from_.find(name);
        return found == from_.end() || found->is_null() ? nullptr : &*found;
    }

    json const& from_;
    bool sound_ = false;
};

bool read_curve(json const& points, std::vector<curve_point>& to) {
    for (auto const& one : points) {
        reader in{one};
        std::optional<std::int64_t> context;
        curve_point point;
        in.read("context", context, 1, registry::largest_context);
        in.read("tps", point.tps, registry::fastest);
        in.read("prompt_tps", point.prompt_tps, registry::fastest);
        in.read("ttft", point.ttft, registry::longest);
        in.read("memory", point.memory, 0, registry::largest_size);
        if (!in.sound() || !context)
            return false;
        point.context = *context;
        to.push_back(point);
    }
    return true;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
}

} // namespace

ordered to_document(result const& r) {
    auto curve = ordered::array();
    for (auto const& p : r.curve)
        curve.push_back({{"context", p.context},
                         {"tps", or_null(p.tps)},
                         {"prompt_tps", or_null(p.prompt_tps)},
                         {"ttft", or_null(p.ttft)},
                         {"memory", or_null(p.memory)}});
    auto settings = ordered::parse(r.settings, nullptr, false);
    if (!settings.is_object())
        settings = ordered::object();

    ordered document;
    document["status"] = r.status;
    document["mode"] = r.mode;
    document["works"] = or_null(r.works);
    document["filled"] = or_null(r.filled);
    document["recalls"] = or_null(r.recalls);
    document["first_bad"] = or_null(r.first_bad);
    document["holes"] = r.holes;
    document["limited_by"] = r.limited_by.empty() ? ordered(nullptr) : ordered(r.limited_by);
    document["default"] = {{"context", or_null(r.default_context)},
                           {"works", or_null(r.default_works)}};
    document["needed"] = or_null(r.needed);
    document["tps"] = or_null(r.tps);
    document["tps_filled"] = or_null(r.tps_filled);
    document["prompt_tps"] = or_null(r.prompt_tps);
    document["ttft"] = or_null(r.ttft);
    document["load"] = or_null(r.load);
    document["beside"] = r.beside;
    document["loads"] = r.loads;
    document["settings"] = std::move(settings);
    document["measured_at"] = std::string{log::timestamp(r.measured_at)};
    document["curve"] = std::move(curve);
    return document;
}

std::string document_text(result const& r) {
    return write_json(to_document(r));
}

std::optional<result> from_document(std::string_view text) {
    auto const document = json::parse(text, nullptr, false);
    reader in{document};
    result r;
    in.read("status", r.status);
    in.read("mode", r.mode);
    in.read("works", r.works, 1, registry::largest_context);
    in.read("filled", r.filled, 0, registry::largest_context);
    in.read("recalls", r.recalls, 1, registry::largest_context);
    in.read("first_bad", r.first_bad, 1, registry::largest_context);
    in.read("limited_by", r.limited_by);
    in.read("needed", r.needed, 0, registry::largest_size);
    in.read("tps", r.tps, registry::fastest);
    in.read("tps_filled", r.tps_filled, registry::fastest);
    in.read("prompt_tps", r.prompt_tps, registry::fastest);
    in.read("ttft", r.ttft, registry::longest);
    in.read("load", r.load, registry::longest);
    if (auto const* by_default = in.object("default")) {
        reader inner{*by_default};
        inner.read("context", r.default_context, 1, registry::largest_context);
        inner.read("works", r.default_works);
        if (!inner.sound())
            in.fail();
    }
    std::optional<std::int64_t> loads;
    in.read("loads", loads, 0, registry::largest_size);
    r.loads = loads.value_or(0);
    if (auto const* settings = in.object("settings")) {
        // Flags; what is nested is not of the lab, and could be nested too deep to be written.
        if (std::ranges::all_of(*settings, [](json const& flag) { return flag.is_primitive(); }))
            r.settings = write_json(*settings);
        else
            in.fail();
    }
    std::string measured;
    in.read("measured_at", measured);
    if (auto const time = parse_rfc3339(measured))
        r.measured_at = *time;
    else
        in.fail();
    if (auto const* holes = in.list("holes"))
        for (auto const& hole : *holes)
            r.holes.push_back(in.count(hole, 1, registry::largest_context));
    if (auto const* beside = in.list("beside"))
        for (auto const& one : *beside)
            r.beside.push_back(in.text(one));
    if (auto const* curve = in.list("curve"); curve != nullptr && !read_curve(*curve, r.curve))
        in.fail();

    bool const named = is_one_of(r.status, {"complete", "partial", "failed", "skipped"}) &&
                       is_one_of(r.mode, {"quick", "normal", "thorough", "imported"});
    return in.sound() && named ? std::optional{std::move(r)} : std::nullopt;
}

} // namespace secondwind::lab
