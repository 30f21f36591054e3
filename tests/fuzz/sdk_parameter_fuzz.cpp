// The model that an operation of the SDK's WebSocket uses, compared with what a full parser finds.
#include "target.hpp"

#include <secondwind/lmstudio/model_name.hpp>
#include <secondwind/lmstudio/sdk_parameter.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sdk_parameter_fuzz {
namespace {

using nlohmann::json;
using secondwind::fuzz::require;
using namespace secondwind::lmstudio;

json const* member(json const* object, char const* name) {
    if (object == nullptr || !object->is_object())
        return nullptr;
    auto const found = object->find(name);
    return found == object->end() ? nullptr : &*found;
}

void test(std::uint8_t const* data, std::size_t size) {
    auto const copy = std::make_unique<char[]>(size);
    std::copy_n(data, size, copy.get());
    std::string_view const text{copy.get(), size};
    auto const found = read_sdk_model(text);
    require(found.name.size() <= longest_model_name &&
            found.reference.size() <= longest_model_name);
    require(found.name.empty() || found.reference.empty());
    auto const whole = found.name + found.reference;
    require(!json(whole).dump().empty()); // throws unless it is UTF-8

    auto const message = json::parse(text.begin(), text.end(), nullptr, false);
    if (message.is_discarded() || whole.empty() || text.find('\\') != text.npos)
        return;
    // It is the value of a member that may name a model, and nothing else of the message.
    auto const* parameter = member(&message, "creationParameter");
    if (parameter == nullptr || (!parameter->is_object() && !parameter->is_array()))
        parameter = member(&message, "parameter");
    require(parameter != nullptr);
    auto const text_with_name = '"' + whole.substr(0, 200);
    require(text.find(text_with_name) != text.npos);
}

secondwind::fuzz::target const registered{"sdk_parameter", test};

} // namespace
} // namespace sdk_parameter_fuzz
