// One line of the log, as text for people or JSON for machines.
#pragma once

#include <secondwind/base/log.hpp>
#include <secondwind/base/text_writer.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace secondwind::log {

// Renders a line without its line end to the end of a string, which must not be used before the
// writer is destroyed.
class line_writer {
public:
    // An empty `time` is left out.
    line_writer(std::string& out, format f, level l, std::string_view time, std::string_view event);

    // The members that add a field are always inlined, so that a literal key is copied by a few
    // stores. An empty text is left out.
    [[gnu::always_inline]] line_writer& add(std::string_view key, std::string_view value) {
        if (value.empty())
            return *this;
        put_key(key);
        if (json_)
            put_quoted(value);
        else
            put_word(value);
        return *this;
    }
    template<std::integral Value>
    [[gnu::always_inline]] line_writer& add(std::string_view key, Value value) {
        put_key(key);
        if constexpr (std::same_as<Value, bool>)
            out_.put(value ? std::string_view{"true"} : "false");
        else if constexpr (std::signed_integral<Value>)
            put_number(std::int64_t{value});
        else
            out_.put(std::uint64_t{value});
        return *this;
    }
    [[gnu::always_inline]] line_writer& add(std::string_view key, double value) {
        put_key(key);
        put_number(value);
        return *this;
    }

    line_writer& add(field const* fields, std::size_t count);

    // After the last field.
    void finish() {
        if (json_)
            out_.put("}");
    }

private:
    [[gnu::always_inline]] void put_key(std::string_view key) {
        if (json_)
            out_.put(",\"", key, "\":");
        else
            out_.put(" ", key, "=");
    }
    void put_word(std::string_view value);
    void put_quoted(std::string_view value);
    [[gnu::noinline]] void put_escaped(std::string_view value);
    void put_number(std::int64_t value);
    void put_number(double value);
    void put_places(unsigned thousandths);

    text_writer out_;
    bool json_;
};

// As write() of a list of fields, for a line that every request has: `fill` adds the fields.
void write(level l, std::string_view event, std::function<void(line_writer&)> const& fill);

// "2026-11-22T10:15:30.123Z" (RFC 3339 section 5.6, UTC). The text is valid until this thread's
// next call. The part down to the second is cached, because there are usually many lines per
// second.
std::string_view timestamp(std::chrono::system_clock::time_point when);

} // namespace secondwind::log
