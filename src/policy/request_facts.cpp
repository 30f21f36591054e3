#include <secondwind/policy/request_facts.hpp>

#include <secondwind/base/ascii.hpp>
#include <secondwind/base/escape.hpp>
#include <secondwind/base/percent.hpp>
#include <secondwind/http/inflate.hpp>
#include <secondwind/http/member_scanner.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace secondwind::policy {
namespace {

static_assert(request_facts::longest_name == http::json_string::longest);

using member_names = std::span<std::string_view const>;

constexpr std::string_view model_key = "model";
constexpr std::string_view response_key = "previous_response_id";
constexpr std::string_view instance_key = "instance_id";
constexpr std::string_view context_key = "context_length";

constexpr std::array only_model{model_key};
constexpr std::array of_response{model_key, response_key};
constexpr std::array of_chat{model_key, response_key, context_key};
constexpr std::array of_load{model_key, context_key};
constexpr std::array of_unload{instance_key};

struct endpoint {
    std::string_view method;
    std::string_view path;
    policy::traffic traffic;
    member_names members; // of its body that say something
    lmstudio::model_kind kind = lmstudio::model_kind::llm;
};

constexpr auto embedding = lmstudio::model_kind::embedding;

constexpr std::array<endpoint, 15> endpoints{{
    {"POST", "/v1/chat/completions", traffic::completion, only_model},
    {"POST", "/v1/completions", traffic::completion, only_model},
    {"POST", "/v1/embeddings", traffic::completion, only_model, embedding},
    {"POST", "/v1/responses", traffic::completion, of_response},
    {"POST", "/v1/messages", traffic::completion, only_model},
    {"POST", "/api/v0/chat/completions", traffic::completion, only_model},
    {"POST", "/api/v0/completions", traffic::completion, only_model},
    {"POST", "/api/v0/embeddings", traffic::completion, only_model, embedding},
    {"POST", "/api/v1/chat", traffic::completion, of_chat},
    {"GET", "/v1/models", traffic::list, {}},
    {"GET", "/api/v0/models", traffic::list, {}},
    {"GET", "/api/v1/models", traffic::list, {}},
    {"POST", "/api/v1/models/load", traffic::load, of_load},
    {"POST", "/api/v1/models/unload", traffic::unload, of_unload},
    {"POST", "/api/v1/models/download", traffic::download, {}},
}};

constexpr endpoint no_endpoint{{}, {}, traffic::other, {}};

// Endpoints whose path goes on with a name, which may have slashes.
constexpr endpoint model_path{"GET", "/api/v0/models/", traffic::model_details, {}};
constexpr endpoint job_path{"GET", "/api/v1/models/download/status/", traffic::download_status, {}};

std::string_view path_of(std::string_view target) noexcept {
    return target.substr(0, target.find('?'));
}

bool goes_on(endpoint const& known, std::string_view method, std::string_view path) noexcept {
    return method == known.method && path.starts_with(known.path) && path != known.path;
}

endpoint const& endpoint_of(std::string_view method, std::string_view target,
                            bool upgrades) noexcept {
    auto path = path_of(target);
    if (upgrades)
        return no_endpoint;
    for (auto const* known : {&model_path, &job_path})
        if (goes_on(*known, method, path))
            return *known;
    if (path.ends_with('/'))
        path.remove_suffix(1);
    auto const* const found = std::ranges::find_if(endpoints, [&](endpoint const& known) {
        return path == known.path && method == known.method;
    });
    return found == endpoints.end() ? no_endpoint : *found;
}

bool is_json(std::string_view content_type) noexcept {
    auto type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ') || type.ends_with('\t'))
        type.remove_suffix(1);
    constexpr std::string_view usual = "application/json";
    constexpr std::string_view suffix = "+json";
    return type.empty() || type == usual || iequals(type, usual) || iequals(type, "text/json") ||
           (type.size() > suffix.size() &&
            iequals(type.substr(type.size() - suffix.size()), suffix));
}

// False if the body's coding is not known.
bool scan_body(http::member_scanner& scanner, request_parts const& request) {
    if (request.content_encoding.empty() || iequals(request.content_encoding, "identity")) {
        scanner.push(request.body);
        return true;
    }
    auto inflater =
        http::inflater::for_encoding(request.content_encoding, request_facts::most_inflated);
    if (inflater)
        inflater->push(request.body,
                       [&scanner](std::string_view decoded) { return !scanner.push(decoded); });
    return inflater.has_value();
}

std::string kept_text(http::member_value const& value) {
    bool const usable = value.kind == http::member_kind::text && !value.cut;
    return usable ? std::string{value.text} : std::string{};
}

std::optional<std::uint64_t> kept_number(http::member_value const& value) noexcept {
    std::uint64_t number = 0;
    auto const* const end = value.text.data() + value.text.size();
    auto const [stop, error] = std::from_chars(value.text.data(), end, number);
    bool const whole =
        value.kind == http::member_kind::literal && error == std::errc{} && stop == end;
    return whole ? std::optional{number} : std::nullopt;
}

void read_body(request_facts& facts, member_names members, request_parts const& request) {
    http::member_scanner scanner{members, members.size()};
    facts.read = scan_body(scanner, request);
    facts.is_object = scanner.is_object();
    for (std::size_t i = 0; i < members.size(); ++i) {
        auto const value = scanner.value(i);
        if (members[i] == model_key) {
            facts.model = kept_text(value);
            if (facts.named() && request.content_encoding.empty())
                facts.model_end = value.end;
        } else if (members[i] == response_key) {
            facts.previous_response_id = kept_text(value);
        } else if (members[i] == instance_key) {
            facts.instance_id = kept_text(value);
        } else {
            facts.context_length = kept_number(value);
        }
    }
}

// What follows `prefix` in the path; empty if that cannot be a name.
std::string name_in(std::string_view target, std::string_view prefix) {
    auto name = percent_decoded(path_of(target).substr(prefix.size())).value_or("");
    return name.size() <= request_facts::longest_name && is_utf8(name) ? name : std::string{};
}

} // namespace

std::string_view to_string(traffic kind) noexcept {
    switch (kind) {
    case traffic::completion:
        return "completion";
    case traffic::list:
        return "list";
    case traffic::model_details:
        return "model_details";
    case traffic::load:
        return "load";
    case traffic::unload:
        return "unload";
    case traffic::download:
        return "download";
    case traffic::download_status:
        return "download_status";
    case traffic::other:
        break;
    }
    return "other";
}

traffic traffic_of(std::string_view method, std::string_view target, bool upgrades) noexcept {
    return endpoint_of(method, target, upgrades).traffic;
}

request_facts read_facts(request_parts const& request) {
    auto const& found = endpoint_of(request.method, request.target, request.upgrades);
    request_facts facts;
    facts.traffic = found.traffic;
    facts.kind = found.kind;
    facts.stores_response = std::ranges::find(found.members, response_key) != found.members.end();
    if (facts.traffic == traffic::model_details)
        facts.model = name_in(request.target, found.path);
    if (facts.traffic == traffic::download_status)
        facts.job_id = name_in(request.target, found.path);
    if (!found.members.empty() && !request.body.empty() && is_json(request.content_type))
        read_body(facts, found.members, request);
    return facts;
}

lmstudio::requested_model requested_model_of(request_facts const& facts, std::string_view body,
                                             bool whole) {
    bool const uses_model = facts.traffic == traffic::completion || facts.traffic == traffic::load;
    if (!facts.read || !uses_model)
        return lmstudio::requested_model{body, whole};
    bool const unnamed = !facts.named() && (facts.is_object || !whole);
    return lmstudio::requested_model::known(body, whole, facts.model, unnamed, facts.model_end);
}

} // namespace secondwind::policy
