#include <secondwind/lmstudio/sdk_error.hpp>

#include "json_members.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace secondwind::lmstudio {
namespace {

// A cause is a text, or an error of the same shape.
void add_causes(json const& error, std::vector<std::string>& texts) {
    constexpr int deepest = 2;
    json const* at = &error;
    for (int depth = 0; depth < deepest; ++depth) {
        auto const cause = at->find("cause");
        if (cause == at->end())
            return;
        if (cause->is_string())
            texts.push_back(cause->get<std::string>());
        if (!cause->is_object())
            return;
        at = &*cause;
        for (auto const* name : {"title", "message"})
            if (auto text = text_of(*at, name); !text.empty())
                texts.push_back(std::move(text));
    }
}

} // namespace

std::optional<error_report> read_sdk_error(std::string_view text, sdk_endpoint endpoint) {
    auto const message = parse_json(text);
    if (!message.is_object())
        return std::nullopt;
    auto const type = text_of(message, "type");
    auto const error = message.find("error");
    if ((type != "channelError" && type != "rpcError") || error == message.end() ||
        !error->is_object())
        return std::nullopt;
    error_report report;
    report.texts.push_back(text_of(*error, "title"));
    if (auto root = text_of(*error, "rootTitle"); !root.empty() && root != report.texts.front())
        report.texts.push_back(std::move(root));
    add_causes(*error, report.texts);
    if (auto const data = error->find("displayData"); data != error->end() && data->is_object())
        report.code = text_of(*data, "code");
    if (loads(endpoint))
        report.type = "model_load_failed";
    return report;
}

bool tells_no_cause(error_report const& error) {
    static constexpr std::array<std::string_view, 2> titles{"Failed to load model",
                                                            "Error loading model"};
    return std::ranges::all_of(error.texts, [](std::string_view text) {
        if (text.ends_with('.'))
            text.remove_suffix(1);
        return std::ranges::find(titles, text) != titles.end();
    });
}

} // namespace secondwind::lmstudio
