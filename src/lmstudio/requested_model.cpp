#include <secondwind/lmstudio/requested_model.hpp>

#include <secondwind/base/ascii.hpp>
#include <secondwind/base/escape.hpp>
#include <secondwind/http/member_scanner.hpp>
#include <secondwind/lmstudio/model_name.hpp>
#include <secondwind/lmstudio/sdk_parameter.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace secondwind::lmstudio {
namespace {

using http::member_kind;

constexpr std::array<std::string_view, 2> members{"model", "instance_id"};

} // namespace

requested_model requested_model::known(std::string_view body, bool whole, std::string_view name,
                                       bool unnamed, std::size_t end) {
    requested_model result{body, whole};
    result.answer_.name = beginning_of(name, longest_model_name);
    result.answer_.unnamed = unnamed;
    result.answer_.end = end;
    result.known_ = true;
    return result;
}

std::string_view requested_model::glance() const noexcept {
    static constexpr char beginning[] = R"({"model":)";
    if (known_)
        return answer_.name;
    if (is_operation_ || !secondwind::begins_with(body_, beginning))
        return {};
    auto text = body_.substr(sizeof beginning - 1);
    if (text.starts_with(' '))
        text.remove_prefix(1);
    if (!text.starts_with('"'))
        return {};
    text.remove_prefix(1);
    auto const name = text.substr(0, std::min(text.find('"'), text.size()));
    bool const whole = name.size() < text.size() && name.size() <= longest_model_name;
    return whole && is_plain(name) ? name : std::string_view{};
}

requested_model::answer requested_model::read_from(std::string_view text) {
    http::member_scanner scanner{members, 1};
    scanner.push(text);
    auto const model = scanner.value(0);
    if (model.kind == member_kind::text && !model.text.empty())
        return {std::string{beginning_of(model.text, longest_model_name)}, false, model.end};
    bool const unloads = scanner.value(1).kind != member_kind::absent;
    return {{}, scanner.is_object() && !unloads, 0};
}

requested_model::answer requested_model::read_from_operation(std::string_view text) {
    auto model = read_sdk_model(text);
    auto& name = model.name.empty() ? model.reference : model.name;
    bool const unnamed = name.empty();
    return {std::move(name), unnamed, 0};
}

requested_model::answer const& requested_model::read() const {
    if (!known_) {
        answer_ = is_operation_ ? read_from_operation(body_) : read_from(body_);
        // What was not kept may name any model.
        if (!whole_ && answer_.name.empty())
            answer_.unnamed = true;
        known_ = true;
    }
    return answer_;
}

std::uint64_t requested_model::bytes_read() noexcept {
    return http::member_scanner::bytes_read();
}

} // namespace secondwind::lmstudio
