#include <secondwind/lmstudio/error_message.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>

namespace secondwind::lmstudio {
namespace {

using nlohmann::json;

enum class member : std::uint8_t { unknown, error, message, response, type };

member to_member(std::string_view key) noexcept {
    if (key == "error")
        return member::error;
    if (key == "message")
        return member::message;
    if (key == "response")
        return member::response;
    if (key == "type")
        return member::type;
    return member::unknown;
}

// The parser's events instead of a document: an answer may be large, or nested as deep as it is
// long, and the text is found at one of a few fixed places. A callback that returns false ends
// the parse.
class error_reader {
public:
    explicit error_reader(bool type_only = false) noexcept : type_only_{type_only} {}

    bool string(json::string_t& text) {
        if (depth_ == 0)
            whole_ = std::move(text);
        else if (at({member::error}) || at({member::error, member::message}))
            return found(error_, text);
        else if (at({member::response, member::error, member::message}))
            return keep(response_error_, text);
        else if (at({member::message}))
            return keep(message_, text);
        else if (at({member::type}))
            return keep(type_, text) && !type_only_;
        return true;
    }
    bool start_object(std::size_t) {
        has_error_ = has_error_ || at({member::error});
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
    std::optional<std::string> error(std::string_view named = {}) {
        auto const type = type_ ? std::string_view{*type_} : named;
        if (error_)
            return std::move(error_);
        if (response_error_ && type == "response.failed")
            return std::move(response_error_);
        if (message_ && type == "error")
            return std::move(message_);
        if (has_error_ || type == "error")
            return std::string{};
        return std::nullopt;
    }
    std::optional<std::string> message() { return std::move(message_); }
    std::optional<std::string> whole() { return std::move(whole_); }
    std::string type() { return std::move(type_).value_or(std::string{}); }
    bool is_object() const noexcept { return is_object_; }

private:
    // Compares the members that lead to the value at hand.
    bool at(std::initializer_list<member> path) const noexcept {
        return depth_ == path.size() && std::equal(path.begin(), path.end(), path_.begin());
    }
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
    static bool keep(std::optional<std::string>& into, json::string_t& text) {
        if (!into)
            into = std::move(text);
        return true;
    }
    static bool found(std::optional<std::string>& into, json::string_t& text) {
        into = std::move(text);
        return false;
    }

    std::array<member, 3> path_{};
    std::size_t depth_ = 0;
    bool type_only_;
    bool has_error_ = false;
    bool is_object_ = false;
    std::optional<std::string> error_;
    std::optional<std::string> response_error_;
    std::optional<std::string> message_;
    std::optional<std::string> type_;
    std::optional<std::string> whole_;
};

void read(std::string_view text, error_reader& reader) {
    // The result says whether the text was read to its end, which the reader itself may prevent.
    static_cast<void>(json::sax_parse(text.begin(), text.end(), &reader));
}

} // namespace

std::optional<std::string> find_error_message(std::string_view text) {
    error_reader reader;
    read(text, reader);
    return reader.error();
}

std::optional<std::string> find_event_error(http::sse_event const& event) {
    if (event.type != "error" && event.data.find(R"("error")") == std::string::npos)
        return std::nullopt;
    error_reader reader;
    read(event.data, reader);
    auto error = reader.error(event.type);
    if (event.type != "error" || (error && !error->empty()))
        return error;
    if (auto message = reader.message())
        return message;
    if (auto whole = reader.whole())
        return whole;
    return reader.is_object() ? std::string{} : event.data;
}

std::string type_of(http::sse_event const& event) {
    if (!event.type.empty() && event.type != "message")
        return event.type;
    if (event.data.find(R"("type")") == std::string::npos)
        return {};
    return read_type(event.data);
}

std::string_view shortened(std::string_view message) noexcept {
    constexpr std::size_t longest = 1024;
    if (message.size() <= longest)
        return message;
    auto end = longest;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U)
        --end;
    return message.substr(0, end);
}

std::string read_type(std::string_view text) {
    error_reader reader{true};
    read(text, reader);
    return reader.type();
}

} // namespace secondwind::lmstudio
