// An answer that is split at a position from the input must get the same verdict as the whole one,
// and no words that an error quotes or echoes change its verdict.
#include "target.hpp"

#include <secondwind/lmstudio/error_message.hpp>
#include <secondwind/policy/classify.hpp>

#include <secondwind/policy/signature.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace classifier_fuzz {
namespace {

using namespace secondwind::policy;
using secondwind::fuzz::require;

constexpr std::size_t bound = 4096;

judgement judge(int status, std::string_view type, std::string_view first, std::string_view rest) {
    classifier c{status, type, bound};
    if (!c.push(first))
        c.push(rest);
    c.finish();
    return c.result();
}

using nlohmann::json;

std::string dump(json const& document) {
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

verdict judge_error_of(json const& error) {
    auto const body = dump({{"error", error}});
    classifier c{400, "application/json", body.size() + 1};
    c.push(body);
    c.finish();
    classifier event{200, "text/event-stream", body.size() + 64};
    event.push("event: error\ndata: " + body + "\n\n");
    event.finish();
    require(c.result().verdict == event.result().verdict);
    return c.result().verdict;
}

// The message as it is, as an engine reports it, as a title and as a cause.
void require_verdict_of_all(std::string const& message, std::string const& same_as) {
    std::string const engine = "Engine protocol predict stream returned an error: ";
    auto const same = [](json const& a, json const& b) {
        require(judge_error_of(a) == judge_error_of(b));
    };
    same(message, same_as);
    same({{"message", message}}, {{"message", same_as}});
    same({{"title", "x"}, {"cause", message}}, {{"title", "x"}, {"cause", same_as}});
    same(engine + dump({{"code", 500}, {"message", message}}),
         engine + dump({{"code", 500}, {"message", same_as}}));
}

struct quotation {
    std::string before; // with the opening mark
    char mark;
    std::string after; // from the closing mark on
};

// Words of anybody's, wherever errors are known to have such.
void test_foreign_words(std::string_view foreign) {
    static std::array<quotation, 6> const quotations{
        {{"Failed to load model \"", '"', "\". Error: Operation canceled."},
         {"Failed to load LLM '", '\'', "': Error: insufficient system resources."},
         {"Failed to load model \"", '"', "\". Error: Failed to load model."},
         {"The tool `", '`', "` is unknown."},
         {"Role '", '\'', "' met: CUDA error: out of memory"},
         {"Model unloaded. It was \"", '"', "\""}}};
    for (auto const& q : quotations) {
        std::string words;
        for (char const c : foreign)
            if (c != q.mark && c != '\\')
                words += c;
        require_verdict_of_all(q.before + words + q.after, q.before + q.after);
    }

    static std::array<std::string, 6> const echoes{"Invalid model identifier ",
                                                   "Failed to parse input at pos 31: ",
                                                   "Failed to parse tool call arguments: ",
                                                   "Unexpected token ",
                                                   "parse error; last read: ",
                                                   "No such model. Your models: "};
    for (auto const& echo : echoes)
        require_verdict_of_all(echo + std::string{foreign}, echo);

    for (auto const* text : {"CUDA error: out of memory", "Unknown failure"}) {
        json error{{"message", text}};
        auto const alone = judge_error_of(error);
        for (auto const* name : {"stack", "suggestion", "param", "rootTitle"})
            error[name] = foreign;
        error["errorData"] = {{"message", foreign}};
        error["request"] = {{"messages", {{{"content", foreign}}}}};
        require(judge_error_of(error) == alone);
    }
}

void test(std::uint8_t const* data, std::size_t size) {
    // A seed's first line: a digit for the status, a letter for the type, a sign for the split.
    if (size < 4)
        return;
    static constexpr std::array statuses{200, 206, 400, 404, 500};
    static constexpr std::array<std::string_view, 3> types{"application/json", "text/event-stream",
                                                           "text/html"};
    auto const status = statuses[data[0] % statuses.size()];
    auto const type = types[data[1] % types.size()];
    std::string_view const body{reinterpret_cast<char const*>(data + 4), size - 4};
    auto const split = body.size() * data[2] / 256;

    if (body.size() <= bound)
        test_foreign_words(body);

    auto const whole = judge(status, type, body, {});
    auto const cut = judge(status, type, body.substr(0, split), body.substr(split));
    require(whole.verdict == cut.verdict && whole.message == cut.message);
    require(whole.message.size() <= 1024);
    require(whole.verdict != verdict::healthy || (status < 400 && whole.message.empty()));

    if (auto const message = secondwind::lmstudio::find_error_message(body);
        message && message->size() <= 1024 && status >= 400 && body.size() <= bound)
        require(whole.message == *message);
}

secondwind::fuzz::target const registered{"classifier", test};

} // namespace
} // namespace classifier_fuzz
