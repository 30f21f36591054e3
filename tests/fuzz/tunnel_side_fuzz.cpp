// For any bytes of both sides of a WebSocket of LM Studio's SDK, in any pieces: through a real
// proxy that watches it, each side gets the bytes of the other as they were sent. Where a recovery
// was begun for an error, which cannot help here because nothing may be unloaded, the client still
// gets each byte of the host, and the host none that the client has not sent.
#include "exchange/plain_http.hpp"
#include "exchange/stage.hpp"
#include "target.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>

namespace tunnel_side_fuzz {
namespace {

using namespace secondwind;
using fuzz::peer;
using fuzz::require;

config::settings small() {
    config::settings how;
    how.limits.replay_buffer = 1024;
    how.limits.error_body = 512;
    how.recovery.pinned = {"*"};
    return how;
}

fuzz::stage& the_stage() {
    static auto& one = *new fuzz::stage{small()};
    return one;
}

// One that the client sends is masked, by anything.
std::string frame(unsigned char opcode, std::string_view payload, bool masked) {
    std::string out;
    out += static_cast<char>(0x80 | opcode);
    auto const flag = static_cast<unsigned char>(masked ? 0x80 : 0);
    auto const size = payload.size();
    if (size < 126) {
        out += static_cast<char>(flag | size);
    } else {
        out += static_cast<char>(flag | 126);
        out += static_cast<char>(size >> 8);
        out += static_cast<char>(size & 0xff);
    }
    constexpr std::string_view mask = "\x12\x34\x56\x78";
    if (masked)
        out += mask;
    for (std::size_t i = 0; i < size; ++i)
        out += masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i];
    return out;
}

constexpr std::string_view listing =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 85\r\n\r\n"
    R"({"models":[{"key":"other","size_bytes":5000000,"loaded_instances":[{"id":"other"}]}]})";

constexpr std::string_view refusal =
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";

// A line of the input: its first character says what it stands for. Capitals are the client's.
struct act {
    bool up = false;
    bool ends = false; // half-closes
    std::string bytes{};
};

std::optional<act> read_act(std::string_view line) {
    if (line.empty())
        return std::nullopt;
    char const kind = line.front();
    auto const rest = line.substr(1);
    switch (kind) {
    case 'M': // a message
    case 'm':
        return act{kind == 'M', false, frame(1, rest, kind == 'M')};
    case 'C': // a control frame
    case 'c': {
        auto const opcode = static_cast<unsigned char>(rest.starts_with('x') ? 8 : 9);
        return act{kind == 'C', false, frame(opcode, rest.substr(0, 125), kind == 'C')};
    }
    case 'R': // raw bytes
    case 'r':
        return act{kind == 'R', false, std::string{rest}};
    case 'E': // its end
    case 'e':
        return act{kind == 'E', true, {}};
    default:
        return std::nullopt;
    }
}

class run {
public:
    run(std::uint8_t piece, bool embeds, std::string_view script)
        : piece_{std::max<std::size_t>(piece, script.size() / 64 + 1)}, script_{script},
          client_{the_stage().connect()} {
        the_stage().server().shared().hosts[0].recovery.forget_refusals();
        client_.send(std::string{"GET "} + (embeds ? "/embedding" : "/llm") +
                     " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                     "\r\n");
        the_stage().settle_until([this] { return step(); }, [this] { return host_.has_value(); });
        settle();
        host_->received.clear();
        host_->send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                    "Upgrade: websocket\r\n\r\n");
        settle();
        require(client_.received.find("\r\n\r\n") != fuzz::npos, "the client gets the head");
        client_.received.clear();
    }

    void go() {
        auto left = script_;
        while (!left.empty()) {
            auto const line = left.substr(0, left.find('\n'));
            left.remove_prefix(std::min(line.size() + 1, left.size()));
            if (auto const one = read_act(line))
                play(*one);
        }
        settle();
        // The rest of a message that is not whole passes with the end.
        play({false, true, {}});
        play({true, true, {}});
    }

    void check() {
        if (!began()) {
            require(client_.received == down_, "the client gets the host's bytes");
            require(host_->received == up_, "the host gets the client's bytes");
        }
        require(client_.received.size() <= down_.size(), "the client gets nothing else");
        require(host_->received.size() <= up_.size(), "the host gets nothing else");
        require(may_leave_ || client_.received.size() == down_.size(), "each error is released");
    }

    void rest() {
        client_.reset();
        host_->reset();
        the_stage().rest([this] { return step(); },
                         [this] { return std::ranges::count_if(others_, &peer::is_open); });
    }

private:
    void play(act const& one) {
        auto& by = one.up ? client_ : *host_;
        if (one.ends) {
            // What comes after a side's end is sent to nobody.
            (one.up ? up_ended_ : down_ended_) = true;
            may_leave_ = may_leave_ || (one.up && !down_ended_);
            by.half_close();
            settle();
            return;
        }
        if (one.up ? up_ended_ : down_ended_)
            return;
        (one.up ? up_ : down_) += one.bytes;
        // A Close frame, or bytes that may be one.
        may_leave_ = may_leave_ || (one.up && !one.bytes.empty() && one.bytes[0] != '\x81');
        for (std::string_view all = one.bytes; !all.empty();) {
            auto const next = all.substr(0, piece_);
            by.send(next);
            all.remove_prefix(next.size());
            the_stage().turn([this] { step(); });
        }
    }

    // On every other connection, the host lists its models, and refuses all else.
    bool step() {
        bool moved = client_.receive();
        while (auto came = the_stage().accept()) {
            if (host_)
                others_.push_back(std::move(*came));
            else
                host_.emplace(std::move(*came));
            moved = true;
        }
        for (auto& each : others_) {
            moved = each.receive() || moved;
            if (each.received.find("\r\n\r\n") != fuzz::npos) {
                bool const lists = each.received.starts_with("GET /api/v1/models ");
                each.send(lists ? listing : refusal);
                each.received.clear();
                if (!lists)
                    each.half_close();
            }
            if (each.is_open() && each.other() != peer::state::open)
                each.reset();
        }
        return (host_ && host_->receive()) || moved;
    }

    void settle() {
        the_stage().settle([this] { return step(); });
    }

    static std::uint64_t recoveries() {
        auto const& all = the_stage().server().shared().ledger.records();
        return all.empty() ? 0 : all.back()->id;
    }
    bool began() const { return recoveries() != before_; }

    std::size_t piece_;
    std::string_view script_;
    peer client_;
    std::optional<peer> host_;
    std::list<peer> others_;
    std::string up_, down_;
    bool up_ended_ = false;
    bool down_ended_ = false;
    bool may_leave_ = false; // the client: nobody awaits what is held then
    std::uint64_t before_ = recoveries();
};

void test(std::uint8_t const* data, std::size_t size) {
    // A seed's first line: a character for the pieces, one for the path.
    constexpr std::size_t most = 8192;
    if (size < 3)
        return;
    std::string_view const script{reinterpret_cast<char const*>(data) + 3,
                                  std::min(size - 3, most)};
    auto const piece = data[0];
    bool const embeds = data[1] == 'e';
    the_stage().judge([piece, embeds, script] {
        run one{piece, embeds, script};
        one.go();
        one.check();
        one.rest();
    });
}

secondwind::fuzz::target const registered{"tunnel_side", test};

} // namespace
} // namespace tunnel_side_fuzz
