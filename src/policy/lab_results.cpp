#include <secondwind/policy/lab_results.hpp>

#include <secondwind/base/escape.hpp>
#include <secondwind/base/rfc3339.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace secondwind::policy {
namespace {

using nlohmann::json;

constexpr double largest_context = 10'000'000;         // tokens
constexpr double largest_size = 1'125'899'906'842'624; // bytes: 2^50
constexpr double fastest = 1e6;                        // tokens a second
constexpr std::size_t longest_key = 1024;
constexpr std::size_t longest_word = 64;
constexpr std::size_t most_points = 64;

// Reads members of one object, and keeps the first complaint.
class reader {
public:
    reader(json const& object, std::string& error) : object_{object}, error_{error} {}

    std::string text(char const* name, std::size_t longest) {
        auto const* found = member(name);
        if (!found)
            return {};
        if (!found->is_string() || found->get_ref<std::string const&>().size() > longest) {
            complain(name, "is no text of at most " + std::to_string(longest) + " bytes");
            return {};
        }
        return found->get<std::string>();
    }
    std::optional<double> number(char const* name, double least, double most) {
        auto const* found = member(name);
        if (!found)
            return std::nullopt;
        auto const value = found->is_number() ? found->get<double>() : std::nan("");
        if (!(value >= least && value <= most)) {
            complain(name, "is no number in its range");
            return std::nullopt;
        }
        return value;
    }
    std::optional<std::int64_t> count(char const* name, double least, double most) {
        auto const value = number(name, least, most);
        return value ? std::optional{static_cast<std::int64_t>(*value)} : std::nullopt;
    }
    std::optional<bool> truth(char const* name) {
        auto const* found = member(name);
        if (!found)
            return std::nullopt;
        if (!found->is_boolean()) {
            complain(name, "is neither true nor false");
            return std::nullopt;
        }
        return found->get<bool>();
    }
    json const* list(char const* name) {
        auto const* found = member(name);
        if (found && !found->is_array()) {
            complain(name, "is no list");
            return nullptr;
        }
        return found;
    }
    void complain(char const* name, std::string const& problem) {
        if (error_.empty())
            error_ = std::string{name} + " " + problem;
    }

private:
    // Null stands for a member that is not there.
    json const* member(char const* name) const {
        auto const found = object_.find(name);
        return found == object_.end() || found->is_null() ? nullptr : &*found;
    }

    json const& object_;
    std::string& error_;
};

lab_result read_result(json const& model, std::string& error) {
    lab_result one;
    reader from{model, error};
    one.key = from.text("key", longest_key);
    if (one.key.empty() && error.empty())
        error = "a model has no key";
    one.size = static_cast<std::uint64_t>(from.count("size", 0, largest_size).value_or(0));
    one.works = from.count("works", 1, largest_context);
    one.most = from.count("max_context", 1, largest_context);
    one.default_works = from.truth("default_works");
    one.alone = from.truth("alone").value_or(false);
    one.mode = from.text("mode", longest_word);
    one.limited_by = from.text("limited_by", longest_word);
    one.tps = from.number("tps", 0, fastest);
    auto const measured = parse_rfc3339(from.text("measured_at", longest_word));
    if (measured)
        one.measured = *measured;
    else
        from.complain("measured_at", "is no time of RFC 3339");
    auto const* curve = from.list("curve");
    if (curve && curve->size() > most_points)
        from.complain("curve", "has more than " + std::to_string(most_points) + " points");
    else if (curve)
        for (auto const& each : *curve) {
            if (!each.is_object()) {
                from.complain("curve", "has a point that is no object");
                break;
            }
            reader point{each, error};
            auto const context = point.count("context", 1, largest_context);
            auto const tps = point.number("tps", 0, fastest);
            if (context && tps)
                one.curve.push_back({*context, *tps});
        }
    return one;
}

} // namespace

lab_document parse_lab_document(std::string_view text) {
    lab_document out;
    if (text.size() > largest_lab_document) {
        out.error = "it is larger than 1 MiB";
        return out;
    }
    auto const document = json::parse(text.begin(), text.end(), nullptr, false);
    if (!document.is_object()) {
        out.error = "it is no JSON object";
        return out;
    }
    auto const schema = document.find("schema");
    auto const models = document.find("models");
    if (schema == document.end() || *schema != 1)
        out.error = "its schema is not 1";
    else if (models == document.end() || !models->is_array())
        out.error = "it has no list of models";
    if (!out.error.empty())
        return out;
    std::set<std::string> keys;
    for (auto const& model : *models) {
        if (!model.is_object())
            out.error = "models has an entry that is no object";
        else
            out.results.push_back(read_result(model, out.error));
        if (out.error.empty() && !keys.insert(out.results.back().key).second)
            out.error = "a model is in it twice";
        if (!out.error.empty()) {
            if (model.is_object() && !out.results.back().key.empty())
                out.error = in_quotes(out.results.back().key) + ": " + out.error;
            out.results.clear();
            return out;
        }
    }
    return out;
}

lab_result const* find_lab_result(std::vector<lab_result> const& all, std::string_view key) {
    auto const found = std::ranges::find(all, key, &lab_result::key);
    return found == all.end() ? nullptr : &*found;
}

bool is_stale(lab_result const& result, std::uint64_t size,
              std::chrono::system_clock::time_point now) {
    return result.size != size || now - result.measured > longest_lab_validity;
}

std::optional<std::int64_t> fitting_context(lab_result const& result, std::uint64_t size,
                                            std::int64_t least,
                                            std::chrono::system_clock::time_point now) {
    bool const known_file = result.size != 0;
    bool const measured = result.mode == "normal" || result.mode == "thorough";
    bool const default_fails = result.default_works == false && result.alone;
    if (!known_file || is_stale(result, size, now) || !measured || !default_fails ||
        !result.works || *result.works < least)
        return std::nullopt;
    return result.works;
}

} // namespace secondwind::policy
