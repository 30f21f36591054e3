#include <secondwind/http/ws_frame.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace secondwind::http {
namespace {

constexpr unsigned final_bit = 0x80;
constexpr unsigned reserved_bits = 0x70;
constexpr unsigned opcode_bits = 0x0f;
constexpr unsigned mask_bit = 0x80;
constexpr unsigned length_bits = 0x7f;
constexpr unsigned control_bit = 0x08;

constexpr unsigned continuation_opcode = 0x0;
constexpr unsigned text_opcode = 0x1;
constexpr unsigned binary_opcode = 0x2;
constexpr unsigned closing_opcode = 0x8;
constexpr unsigned pong_opcode = 0xa;

// Lengths that stand for one of 16 or 64 bits (section 5.2).
constexpr unsigned two_bytes = 126;
constexpr unsigned eight_bytes = 127;
constexpr std::size_t short_head = 2;

constexpr bool is_control(unsigned first) noexcept {
    return (first & control_bit) != 0;
}

constexpr std::size_t bytes_of_length(unsigned length) noexcept {
    return length == two_bytes ? 2 : length == eight_bytes ? 8 : 0;
}

void append_head(std::string& to, std::size_t size, bool masked) {
    auto const bit = masked ? mask_bit : 0U;
    auto const length = size < two_bytes ? size
                        : size <= std::numeric_limits<std::uint16_t>::max()
                            ? std::size_t{two_bytes}
                            : std::size_t{eight_bytes};
    to.push_back(static_cast<char>(final_bit | text_opcode));
    to.push_back(static_cast<char>(bit | length));
    for (auto bytes = bytes_of_length(static_cast<unsigned>(length)); bytes > 0; --bytes)
        to.push_back(static_cast<char>(std::uint64_t{size} >> (8 * (bytes - 1))));
}

} // namespace

frame_step frame_watch::next(std::string_view in) noexcept {
    frame_step step;
    if (!in_payload_) {
        if (head_size_ == 0) {
            auto const first = static_cast<unsigned char>(in.front());
            if (!begins_well(first))
                return give_up();
            if (is_control(first) && in_message_ && !known_) {
                known_ = step.known = true;
                return step;
            }
            if (!is_control(first) && !in_message_) {
                in_message_ = true;
                known_ = false;
                prefix_size_ = 0;
            }
        }
        while (step.size < in.size() && head_size_ < whole_head()) {
            bool const rest = head_size_ >= short_head + 1U;
            auto const wanted = rest ? whole_head() - head_size_ : 1;
            auto const size = std::min(wanted, in.size() - step.size);
            std::memcpy(head_.data() + head_size_, in.data() + step.size, size);
            head_size_ = static_cast<std::uint8_t>(head_size_ + size);
            step.size += size;
            if (!rest && !goes_on_well())
                return give_up();
        }
    }
    step.control = is_control(head_[0]);
    step.close = (head_[0] & opcode_bits) == closing_opcode;
    if (!in_payload_ && head_size_ < whole_head())
        return step;
    if (!in_payload_)
        begin_payload();
    take_payload(in, step);
    return step;
}

bool frame_watch::begins_well(unsigned char first) const noexcept {
    auto const opcode = first & opcode_bits;
    if ((first & reserved_bits) != 0)
        return false;
    if (is_control(opcode))
        return opcode <= pong_opcode && (first & final_bit) != 0;
    return opcode == continuation_opcode
               ? in_message_
               : !in_message_ && (opcode == text_opcode || opcode == binary_opcode);
}

// The byte of the head that has come last.
bool frame_watch::goes_on_well() const noexcept {
    auto const last = head_[head_size_ - 1U];
    if (head_size_ == short_head)
        return ((last & mask_bit) != 0) == masked_ &&
               (!is_control(head_[0]) || (last & length_bits) < two_bytes);
    if (head_size_ == short_head + 1)
        return (head_[1] & length_bits) != eight_bytes || (last & 0x80U) == 0;
    return true;
}

std::size_t frame_watch::whole_head() const noexcept {
    if (head_size_ < short_head)
        return short_head;
    return short_head + bytes_of_length(head_[1] & length_bits) + (masked_ ? mask_.size() : 0);
}

void frame_watch::begin_payload() noexcept {
    in_payload_ = true;
    left_ = head_[1] & length_bits;
    auto const bytes = bytes_of_length(static_cast<unsigned>(left_));
    if (bytes > 0)
        left_ = 0;
    for (std::size_t i = 0; i < bytes; ++i)
        left_ = left_ << 8U | head_[short_head + i];
    for (std::size_t i = 0; masked_ && i < mask_.size(); ++i)
        mask_[i] = static_cast<char>(head_[short_head + bytes + i]);
}

void frame_watch::take_payload(std::string_view in, frame_step& step) noexcept {
    auto size = std::min<std::uint64_t>(left_, in.size() - step.size);
    bool const wanted = !step.control && !known_;
    if (wanted)
        size = std::min<std::uint64_t>(size, longest_prefix - prefix_size_);
    step.payload = in.substr(step.size, static_cast<std::size_t>(size));
    step.mask = mask_;
    step.size += step.payload.size();
    left_ -= size;
    if (wanted) {
        copy_unmasked(room_->data() + prefix_size_, step.payload, mask_);
        prefix_size_ = static_cast<std::uint16_t>(prefix_size_ + size);
    }
    if (masked_)
        std::rotate(mask_.begin(), mask_.begin() + static_cast<std::ptrdiff_t>(size % mask_.size()),
                    mask_.end());
    bool const frame_ended = left_ == 0;
    if (frame_ended) {
        in_payload_ = false;
        head_size_ = 0;
        step.ended = !step.control && (head_[0] & final_bit) != 0;
        in_message_ = in_message_ && !step.ended;
    }
    step.known = wanted && (step.ended || prefix_size_ == longest_prefix);
    known_ = known_ || step.known;
}

frame_step frame_watch::give_up() noexcept {
    odd_ = true;
    return {};
}

void copy_unmasked(char* to, std::string_view payload, ws_mask mask) noexcept {
    if (mask == ws_mask{}) {
        std::copy(payload.begin(), payload.end(), to);
        return;
    }
    // A word at a time: every message of a client is masked.
    std::array<char, 8> twice{};
    std::copy(mask.begin(), mask.end(), twice.begin());
    std::copy(mask.begin(), mask.end(), twice.begin() + mask.size());
    auto const key = std::bit_cast<std::uint64_t>(twice);
    std::size_t i = 0;
    for (; i + sizeof key <= payload.size(); i += sizeof key) {
        std::uint64_t word = 0;
        std::memcpy(&word, payload.data() + i, sizeof word);
        word ^= key;
        std::memcpy(to + i, &word, sizeof word);
    }
    for (; i < payload.size(); ++i)
        to[i] = static_cast<char>(payload[i] ^ mask[i % mask.size()]);
}

void append_unmasked(std::string& to, std::string_view payload, ws_mask mask) {
    auto const begin = to.size();
    to.append(payload);
    if (mask != ws_mask{})
        copy_unmasked(to.data() + begin, payload, mask);
}

void append_text_frame(std::string& to, std::string_view message) {
    append_head(to, message.size(), false);
    to.append(message);
}

void append_text_frame(std::string& to, std::string_view message, ws_mask mask) {
    append_head(to, message.size(), true);
    to.append(mask.data(), mask.size());
    append_unmasked(to, message, mask);
}

} // namespace secondwind::http
