#include "find_word.hpp"
#include <secondwind/lmstudio/error_message.hpp>

#include <secondwind/base/ascii.hpp>
#include <secondwind/base/escape.hpp>
#include <secondwind/lmstudio/model_name.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <utility>

namespace secondwind::lmstudio {
namespace {

using nlohmann::json;

enum class member : std::uint8_t { unknown, error, response, message, title, cause, type, code };

member to_member(std::string_view key) noexcept {
    static constexpr std::array<std::pair<std::string_view, member>, 7> names{
        {{"error", member::error},
         {"response", member::response},
         {"message", member::message},
         {"title", member::title},
         {"cause", member::cause},
         {"type", member::type},
         {"code", member::code}}};
    auto const found = std::ranges::find(names, key, &std::pair<std::string_view, member>::first);
    return found == names.end() ? member::unknown : found->second;
}

using path = std::span<member const>;
constexpr std::size_t most_causes = 2;

// What one object says of an error. Of members that stand twice the first counts.
struct error_members {
    std::optional<std::string> message;
    std::optional<std::string> title;
    std::vector<std::string> causes;
    std::string type;
    std::string code;

    bool any_text() const noexcept { return message || title || !causes.empty(); }

    // `at` leads from the object to the text.
    void take(path at, json::string_t& text) {
        if (at.empty())
            return keep(message, text);
        std::size_t causes_above = 0;
        while (causes_above < at.size() && at[causes_above] == member::cause)
            ++causes_above;
        auto const last = at.subspan(causes_above);
        bool const is_text =
            last.empty() ||
            (last.size() == 1 && (last[0] == member::message || last[0] == member::title));
        if (causes_above > 0) {
            if (is_text && causes_above <= most_causes)
                causes.push_back(std::move(text));
        } else if (last.size() == 1) {
            take_member(last[0], text);
        }
    }

    error_report report() && {
        error_report r{.type = std::move(type), .code = std::move(code)};
        for (auto* each : {&message, &title})
            if (*each)
                r.texts.push_back(std::move(**each));
        std::ranges::move(causes, std::back_inserter(r.texts));
        if (r.texts.empty())
            r.texts.emplace_back();
        return r;
    }

private:
    void take_member(member m, json::string_t& text) {
        if (m == member::message)
            keep(message, text);
        else if (m == member::title)
            keep(title, text);
        else if (m == member::type && type.empty())
            type = std::move(text);
        else if (m == member::code && code.empty())
            code = std::move(text);
    }
    static void keep(std::optional<std::string>& into, json::string_t& text) {
        if (!into)
            into = std::move(text);
    }
};

// The parser's events instead of a document: an answer may be large, or nested as deep as it is
// long, and the texts are found at a few fixed places. A callback that returns false ends the
// parse.
class error_reader {
public:
    explicit error_reader(bool type_only = false) noexcept : type_only_{type_only} {}

    bool string(json::string_t& text) {
        if (depth_ > path_.size())
            return true;
        path const at{path_.data(), depth_};
        if (at.empty())
            whole_ = std::move(text);
        else if (at[0] == member::error)
            error_.take(at.subspan(1), text);
        else if (at.size() > 2 && at[0] == member::response && at[1] == member::error)
            response_error_.take(at.subspan(2), text);
        else
            bare_.take(at, text);
        return !type_only_ || bare_.type.empty();
    }
    bool start_object(std::size_t) {
        has_error_ = has_error_ || (depth_ == 1 && path_[0] == member::error);
        is_object_ = is_object_ || depth_ == 0;
        return enter();
    }
    bool key(json::string_t& name) {
        if (depth_ <= path_.size())
            path_[depth_ - 1] = to_member(name);
        return true;
    }
    bool end_object() { return leave(); }
    bool start_array(std::size_t) { return enter(); }
    bool end_array() { return leave(); }
    bool null() { return true; }
    bool boolean(bool) { return true; }
    bool number_integer(json::number_integer_t) { return true; }
    bool number_unsigned(json::number_unsigned_t) { return true; }
    bool number_float(json::number_float_t, json::string_t const&) { return true; }
    bool binary(json::binary_t&) { return true; }
    // What was read before the mistake stands: a body may have been cut off after its error.
    bool parse_error(std::size_t, std::string const&, json::exception const&) { return false; }

    // `named` is the type that stands outside of the JSON, for where none stands in it.
    std::optional<error_report> error(wrapping w, std::string_view named = {}) && {
        auto const type = bare_.type.empty() ? std::string{named} : bare_.type;
        if (error_.any_text()) {
            // Beside an `error` that is a string, they are the only ones.
            if (error_.type.empty())
                error_.type = bare_.type;
            if (error_.code.empty())
                error_.code = bare_.code;
            return std::move(error_).report();
        }
        if (response_error_.any_text() && type == "response.failed")
            return std::move(response_error_).report();
        bool const is_error = w == wrapping::optional || type == "error";
        if (bare_.any_text() && is_error) {
            // Of an `error` without any text.
            if (bare_.code.empty())
                bare_.code = std::move(error_.code);
            if (!error_.type.empty())
                bare_.type = std::move(error_.type);
            return std::move(bare_).report();
        }
        if (has_error_ || type == "error")
            return std::move(error_).report();
        return std::nullopt;
    }
    std::optional<std::string> whole() { return std::move(whole_); }
    std::string type() { return std::move(bare_.type); }
    bool is_object() const noexcept { return is_object_; }

private:
    bool enter() noexcept {
        // Until a key says otherwise; the elements of an array never have one.
        if (depth_++ < path_.size())
            path_[depth_ - 1] = member::unknown;
        return true;
    }
    bool leave() noexcept {
        --depth_;
        return true;
    }

    std::array<member, 3 + most_causes> path_{}; // response.error.cause.cause.title
    std::size_t depth_ = 0;
    bool type_only_;
    bool has_error_ = false;
    bool is_object_ = false;
    error_members error_;
    error_members response_error_;
    error_members bare_;
    std::optional<std::string> whole_;
};

void read(std::string_view text, error_reader& reader) {
    // The result says whether the text was read to its end, which the reader itself may prevent.
    static_cast<void>(json::sax_parse(text.begin(), text.end(), &reader));
}

error_report report_of(std::string text) {
    error_report r;
    r.texts.push_back(std::move(text));
    return r;
}

// Cuts the prefix off if the text begins with it, whatever its case.
bool skip(std::string_view& text, std::string_view prefix) noexcept {
    if (!iequals(text.substr(0, prefix.size()), prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

constexpr bool is_word(char c) noexcept {
    auto const l = to_lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9');
}

// The text between the mark at the front and the next one that does not stand within a word.
std::string_view quoted_name(std::string_view text) noexcept {
    auto const mark = text.front();
    text.remove_prefix(1);
    for (auto end = text.find(mark); end != text.npos; end = text.find(mark, end + 1))
        if (end + 1 == text.size() || !is_word(text[end + 1]))
            return text.substr(0, end);
    return {};
}

} // namespace

std::string error_report::message() const {
    std::string all;
    for (auto const& text : texts) {
        if (text.empty() || all.find(text) != std::string::npos)
            continue;
        if (!all.empty())
            all += ": ";
        all += text;
    }
    return all;
}

std::optional<error_report> read_error(std::string_view text, wrapping w) {
    error_reader reader;
    read(text, reader);
    return std::move(reader).error(w);
}

std::optional<error_report> read_event_error(http::sse_event const& event) {
    bool const named = event.type == "error";
    if (!named && !has_word(event.data, R"("error")", 2))
        return std::nullopt;
    error_reader reader;
    read(event.data, reader);
    auto whole = reader.whole();
    bool const is_object = reader.is_object();
    auto error =
        std::move(reader).error(named ? wrapping::optional : wrapping::required, event.type);
    if (!named || (error && !error->message().empty()))
        return error;
    if (whole)
        return report_of(std::move(*whole));
    return is_object ? error : report_of(event.data);
}

std::optional<std::string> find_error_message(std::string_view text) {
    auto const error = read_error(text);
    return error ? std::optional{error->message()} : std::nullopt;
}

std::string named_model(std::string_view message) {
    static constexpr std::string_view beginning = "failed to load ";
    static constexpr std::array<std::string_view, 5> kinds{"model ", "LLM ", "VLM ",
                                                           "embedding model ", "the model "};
    // Only where no quotation has begun: its words are anybody's.
    auto const before = std::min(message.find_first_of("\"'`"), message.size());
    for (std::size_t at = 0; at < before; ++at) {
        auto rest = message.substr(at);
        if (!skip(rest, beginning) ||
            std::ranges::none_of(kinds, [&](std::string_view kind) { return skip(rest, kind); }))
            continue;
        if (rest.starts_with('"') || rest.starts_with('\''))
            return std::string{beginning_of(quoted_name(rest), longest_model_name)};
    }
    return {};
}

std::string type_of(http::sse_event const& event) {
    if (!event.type.empty() && event.type != "message")
        return event.type;
    if (!has_word(event.data, R"("type")", 2))
        return {};
    return read_type(event.data);
}

std::string_view shortened(std::string_view message) noexcept {
    constexpr std::size_t longest = 1024;
    return beginning_of(message, longest);
}

std::string read_type(std::string_view text) {
    error_reader reader{true};
    read(text, reader);
    return reader.type();
}

} // namespace secondwind::lmstudio
