#pragma once
// Follows one HTTP/1.1 message through the bytes of a connection, to find its head, its body and
// its end. It trusts both sides: that is enough for a measurement on loopback, but not for a proxy.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

class message {
public:
    /// Takes the bytes of this message and returns their number; passes each piece of the body,
    /// without its framing, to `body`.
    template<typename Body>
    std::size_t take(std::string_view bytes, Body&& body) {
        std::size_t used = 0;
        while (used < bytes.size() && state_ != state::complete && state_ != state::broken) {
            const std::string_view rest = bytes.substr(used);
            if (state_ == state::head) {
                used += take_head(rest);
            } else if (state_ == state::data) {
                const std::size_t piece = std::min<std::uint64_t>(rest.size(), left_);
                body(rest.substr(0, piece));
                used += piece;
                left_ -= piece;
                if (left_ == 0) {
                    state_ = chunked_ ? state::chunk_end : state::complete;
                }
            } else {
                take_framing(rest.front());
                ++used;
            }
        }
        return used;
    }

    bool complete() const { return state_ == state::complete; }
    bool broken() const { return state_ == state::broken; }
    bool begun() const { return state_ != state::head || !head_.empty(); }
    bool has_head() const { return state_ != state::head; }

    /// The first line and the fields, with the empty line that ends them.
    std::string_view head() const { return head_; }

    /// Of an answer.
    int status() const {
        int status = 0;
        if (head_.size() > 12) {
            std::from_chars(head_.data() + 9, head_.data() + 12, status);
        }
        return status;
    }

    /// Of a request.
    std::string_view method() const { return std::string_view(head_).substr(0, head_.find(' ')); }
    std::string_view target() const {
        const std::size_t begin = head_.find(' ') + 1;
        return std::string_view(head_).substr(begin, head_.find(' ', begin) - begin);
    }

    /// Starts the next message; keeps its allocated memory.
    void reset() {
        state_ = state::head;
        head_.clear();
        left_ = 0;
        chunked_ = false;
    }

private:
    enum class state { head, data, chunk_size, chunk_rest, chunk_end, trailer, complete, broken };

    std::size_t take_head(std::string_view bytes) {
        const std::size_t before = head_.size();
        head_.append(bytes);
        const std::size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
        if (end == std::string::npos) {
            return bytes.size();
        }
        head_.resize(end + 4);
        const std::size_t used = head_.size() - before;
        if (head_.starts_with("HTTP/1.1 1")) { // an interim answer: the final one follows
            head_.clear();
        } else {
            read_framing();
        }
        return used;
    }

    void read_framing() {
        std::size_t line = head_.find("\r\n") + 2;
        while (line + 2 < head_.size()) {
            const std::size_t end = head_.find("\r\n", line);
            const std::string_view field = std::string_view(head_).substr(line, end - line);
            if (const std::string_view length = value_of(field, "content-length");
                !length.empty()) {
                std::from_chars(length.data(), length.data() + length.size(), left_);
            } else if (!value_of(field, "transfer-encoding").empty()) {
                chunked_ = true;
            }
            line = end + 2;
        }
        state_ = chunked_ ? state::chunk_size : left_ > 0 ? state::data : state::complete;
        left_ = chunked_ ? 0 : left_;
    }

    /// The value if the field has this name, which must be lower case.
    static std::string_view value_of(std::string_view field, std::string_view name) {
        if (field.size() <= name.size() || field[name.size()] != ':') {
            return {};
        }
        for (std::size_t i = 0; i < name.size(); ++i) {
            if ((field[i] | 0x20) != name[i]) {
                return {};
            }
        }
        field.remove_prefix(name.size() + 1);
        field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
        return field;
    }

    /// One byte of the chunks' framing.
    void take_framing(char c) {
        if (state_ == state::chunk_size && c != '\r' && c != '\n' && c != ';') {
            const char lower = static_cast<char>(c | 0x20);
            const int digit = c >= '0' && c <= '9'           ? c - '0'
                              : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
                                                             : -1;
            if (digit < 0) {
                state_ = state::broken;
            }
            left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        } else if (state_ == state::chunk_size || state_ == state::chunk_rest) {
            state_ = c != '\n' ? state::chunk_rest : left_ > 0 ? state::data : state::trailer;
            line_is_empty_ = true;
        } else if (state_ == state::chunk_end) {
            state_ = c == '\n' ? state::chunk_size : state::chunk_end;
        } else if (c == '\n') {
            state_ = line_is_empty_ ? state::complete : state::trailer;
            line_is_empty_ = true;
        } else {
            line_is_empty_ = line_is_empty_ && c == '\r';
        }
    }

    state state_ = state::head;
    std::string head_;
    std::uint64_t left_ = 0; // of the body, or of the present chunk
    bool chunked_ = false;
    bool line_is_empty_ = true;
};

} // namespace bench
