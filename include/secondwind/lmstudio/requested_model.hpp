// The model that a request names, read from its body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::lmstudio {

// What a request's body says of the model that it uses. The body is read when this is asked for the
// first time, and never again: bodies may have many megabytes, and "model" may stand last.
//
// Only members of the top-level object count, and of two "model" members the first, though most
// JSON parsers take the last: a client that sends two gets a guess either way. An object with
// "instance_id" and no "model" is LM Studio's own request to unload (POST /api/v1/models/unload).
//
// Text that is no valid JSON is not refused (http/member_scanner), so a "model" after a mistake is
// found. LM Studio refuses such a request. (It accepts lone surrogates, which strict parsers do
// not: those are skipped as well.) The name itself is read strictly.
class requested_model {
public:
    // Of a request without a body.
    requested_model() = default;
    // `body` must live until this has been asked for. `whole` is false where only the beginning of
    // the body was kept, or none of it.
    explicit requested_model(std::string_view body, bool whole = true) noexcept
        : body_{body}, whole_{whole} {}

    // Of a request whose body was read before, and is not read again. `end` counts the bytes of the
    // body up to the end of its name.
    static requested_model known(std::string_view body, bool whole, std::string_view name,
                                 bool unnamed, std::size_t end);

    // Of an operation of the SDK's WebSocket, from the message that opens it. A handle names its
    // instance by a reference, which is the name then.
    static requested_model of_operation(std::string_view message, bool whole) noexcept {
        requested_model result{message, whole};
        result.is_operation_ = true;
        return result;
    }

    // The name, up to longest_model_name bytes; empty where the body has none.
    std::string const& name() const { return read().name; }
    // The name where it is known already, or where the body begins with it as most do, without a
    // copy; empty where name() would have to read further.
    std::string_view glance() const noexcept;
    // It names no model but may use any that is loaded: a JSON object without a name, or a body of
    // which not all was kept. False for what is no JSON object and for a request to unload.
    bool unnamed() const { return read().unnamed; }

    // False for a request that certainly uses no model, because it has no body. Reads nothing.
    bool possible() const noexcept { return !whole_ || had_body_ || !body_.empty(); }

    // The beginning of the body up to the end of the name: another body that begins so names the
    // same model. Empty before the body was read, and where it has no name.
    std::string_view prefix() const noexcept { return body_.substr(0, answer_.end); }
    bool begins_with(std::string_view prefix) const noexcept { return body_.starts_with(prefix); }

    // Bytes of the body, as far as it was kept.
    std::size_t size() const noexcept { return body_.size(); }
    // Reads the body now, because it ends to exist. prefix() and size() are empty from then on; all
    // else stays as it is.
    void let_go() {
        read();
        had_body_ = had_body_ || !body_.empty();
        body_ = {};
    }
    // The body has been read.
    bool is_read() const noexcept { return known_; }

    // The bytes that were read of all bodies since the process began, for tests that bound them.
    static std::uint64_t bytes_read() noexcept;

private:
    struct answer {
        std::string name{};
        bool unnamed = false;
        std::size_t end = 0; // of the name
    };
    answer const& read() const;
    static answer read_from(std::string_view body);
    static answer read_from_operation(std::string_view message);

    std::string_view body_;
    bool whole_ = true;
    bool had_body_ = false; // which was let go
    bool is_operation_ = false;
    mutable bool known_ = false;
    mutable answer answer_;
};

} // namespace secondwind::lmstudio
