// What any request says of itself. The first line of the input is the head: the method, the target,
// the content coding and the content type.
#include "target.hpp"

#include <secondwind/http/member_scanner.hpp>
#include <secondwind/policy/request_facts.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace request_facts_fuzz {
namespace {

using nlohmann::json;
using secondwind::fuzz::require;
using secondwind::http::member_scanner;
using namespace secondwind::policy;

std::string_view take(std::string_view& from, char end) {
    auto const part = from.substr(0, from.find(end));
    from.remove_prefix(std::min(part.size() + 1, from.size()));
    return part;
}

void test(std::uint8_t const* data, std::size_t size) {
    std::string_view body{reinterpret_cast<char const*>(data), size};
    auto head = take(body, '\n');
    request_parts request;
    request.method = take(head, ' ');
    request.target = take(head, ' ');
    request.content_encoding = take(head, ' ');
    request.content_type = head;
    request.body = body;

    auto const before = member_scanner::bytes_read();
    auto const facts = read_facts(request);
    auto const read = member_scanner::bytes_read() - before;
    require(facts.read || read == 0);
    require(read <= std::max(body.size(), request_facts::most_inflated));
    require(facts.traffic == traffic_of(request.method, request.target, false));
    for (auto const* text :
         {&facts.model, &facts.previous_response_id, &facts.instance_id, &facts.job_id}) {
        require(text->size() <= request_facts::longest_name);
        require(!json(*text).dump().empty()); // throws unless it is UTF-8
    }
    require(facts.model_end <= body.size() && (facts.model_end == 0 || facts.named()));

    auto const model = requested_model_of(facts, body, true);
    if (facts.model_end > 0) {
        require(model.is_read() && facts.model.starts_with(model.name()) && !model.unnamed());
        // Another body that begins the same names the same model.
        request.body = model.prefix();
        require(read_facts(request).model == facts.model);
    }
}

secondwind::fuzz::target const registered{"request_facts", test};

} // namespace
} // namespace request_facts_fuzz
