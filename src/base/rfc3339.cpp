#include <secondwind/base/rfc3339.hpp>

#include <charconv>

namespace secondwind {

namespace {

using namespace std::chrono;

class reader {
public:
    explicit reader(std::string_view text) noexcept : rest_{text} {}

    bool well() const noexcept { return well_; }
    bool done() const noexcept { return well_ && rest_.empty(); }
    bool at_digit() const noexcept {
        return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
    }

    // Exactly that many digits.
    int number(std::size_t digits, int least, int most) noexcept {
        int value = 0;
        auto const part = rest_.substr(0, digits);
        well_ = well_ && part.size() == digits && part.find_first_not_of("0123456789") == part.npos;
        if (!well_)
            return 0;
        std::from_chars(part.data(), part.data() + part.size(), value);
        rest_.remove_prefix(digits);
        well_ = value >= least && value <= most;
        return value;
    }

    // One of these characters.
    char one_of(std::string_view these) noexcept {
        well_ = well_ && !rest_.empty() && these.find(rest_.front()) != these.npos;
        if (!well_)
            return '\0';
        auto const found = rest_.front();
        rest_.remove_prefix(1);
        return found;
    }

    bool skip(char c) noexcept {
        bool const there = well_ && !rest_.empty() && rest_.front() == c;
        if (there)
            rest_.remove_prefix(1);
        return there;
    }

private:
    std::string_view rest_;
    bool well_ = true;
};

microseconds fraction(reader& text) noexcept {
    microseconds sum{0};
    if (!text.skip('.'))
        return sum;
    int unit = 100'000;
    do {
        sum += microseconds{text.number(1, 0, 9) * unit};
        unit /= 10;
    } while (text.at_digit());
    return sum;
}

minutes offset(reader& text) noexcept {
    auto const sign = text.one_of("Zz+-");
    if (sign != '+' && sign != '-')
        return minutes{0};
    auto const hour = text.number(2, 0, 23);
    text.one_of(":");
    auto const minute = text.number(2, 0, 59);
    auto const span = minutes{hour * 60 + minute};
    return sign == '-' ? -span : span;
}

} // namespace

std::optional<system_clock::time_point> parse_rfc3339(std::string_view text) noexcept {
    reader r{text};
    // A clock of nanoseconds ends in 2262, and a time that far away is a typing error.
    auto const y = r.number(4, 1970, 2261);
    r.one_of("-");
    auto const m = r.number(2, 1, 12);
    r.one_of("-");
    auto const d = r.number(2, 1, 31);
    r.one_of("Tt");
    auto const hour = r.number(2, 0, 23);
    r.one_of(":");
    auto const minute = r.number(2, 0, 59);
    r.one_of(":");
    auto const second = r.number(2, 0, 60); // 60: a leap second
    auto const part = fraction(r);
    auto const ahead = offset(r);
    year_month_day const date{year{y}, month{static_cast<unsigned>(m)},
                              day{static_cast<unsigned>(d)}};
    if (!r.done() || !date.ok())
        return std::nullopt;
    return sys_days{date} + hours{hour} + minutes{minute} + seconds{second} + part - ahead;
}

} // namespace secondwind
