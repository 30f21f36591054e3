// For any bytes of a client, in any pieces: the host gets one well-formed request after another
// through a real proxy, each the one that a strict reader finds in the client's bytes, and the
// client gets one answer for each, and at most one refusal after them.
#include "exchange/plain_http.hpp"
#include "exchange/stage.hpp"
#include "exchange/strict_host.hpp"
#include "target.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace request_side_fuzz {
namespace {

using namespace secondwind;
using fuzz::framing;
using fuzz::message;
using fuzz::peer;
using fuzz::reading;
using fuzz::require;
using fuzz::strict_host;

config::settings small() {
    config::settings how;
    how.limits.head = 2048;
    how.limits.fields = 30;
    how.limits.target = 1024;
    how.limits.body = 2500;
    how.limits.replay_buffer = 1000;
    how.limits.replay_buffer_total = 4096;
    return how;
}

fuzz::stage& the_stage() {
    static auto& one = *new fuzz::stage{small()};
    return one;
}

// The choices of the input's first bytes.
struct manner {
    explicit manner(std::uint8_t const* data)
        : host{(data[0] & 4) != 0, (data[0] & 8) != 0, (data[0] & 64) != 0}, resets{(data[0] & 1) !=
                                                                                    0},
          hasty{(data[0] & 2) != 0}, piece{std::size_t{data[1]} + 1}, cut{data[2]} {}

    strict_host::manner host;
    bool resets;       // the client ends with a reset, not with a half-close
    bool hasty;        // one more run ends in the middle, without waiting for anything
    std::size_t piece; // bytes of one write
    std::size_t cut;   // where the hasty run ends
};

// The result of a run, as both ends saw it.
struct outcome {
    std::vector<message> served;
    std::vector<std::string> heads;
    std::string tunnelled;
    std::vector<int> statuses;
    std::string after_101; // what the client got after a 101
    peer::state end = peer::state::open;

    bool operator==(outcome const& o) const {
        return heads == o.heads && tunnelled == o.tunnelled && statuses == o.statuses &&
               after_101 == o.after_101 && end == o.end &&
               std::equal(served.begin(), served.end(), o.served.begin(), o.served.end(),
                          [](auto const& a, auto const& b) { return a.body == b.body; });
    }
    bool refused() const { return !statuses.empty() && statuses.back() >= 400; }
    bool switched() const { return !statuses.empty() && statuses.back() == 101; }
};

void check_refusal(message const& answer, outcome const& so_far) {
    static constexpr int all[]{400, 413, 414, 417, 431, 501, 505};
    require(std::find(std::begin(all), std::end(all), answer.status) != std::end(all),
            "an error of ours is about the request");
    require(answer.lists("Connection", "close"), "a refusal announces the end");
    require(so_far.end == peer::state::ended, "the connection ends after a refusal");
}

// Reads all that the client got.
void read_answers(std::string_view bytes, outcome& out) {
    for (std::size_t count = 0; !bytes.empty();) {
        message answer;
        bool const bodiless = count < out.served.size() && out.served[count].method == "HEAD";
        auto const state =
            fuzz::read_answer(bytes, bodiless, out.end == peer::state::ended, answer);
        // HTTP/1.0 has no chunks.
        require(answer.head_size > 0 &&
                    (answer.framing != framing::until_close || answer.lists("Connection", "close")),
                "the client gets well-formed answers");
        // A refused HEAD has no body; which request was refused is not known here.
        bool const bare =
            state == reading::incomplete && answer.size == answer.head_size && answer.status >= 400;
        require(state == reading::complete || bare, "the client gets whole answers");
        bytes.remove_prefix(answer.size);
        if (answer.status == 100)
            continue;
        require(!out.refused(), "nothing comes after a refusal");
        out.statuses.push_back(answer.status);
        if (answer.status == 101) {
            out.after_101 = bytes;
            break;
        }
        if (answer.status >= 400) {
            check_refusal(answer, out);
            continue;
        }
        require(count < out.served.size(), "no answer without a request");
        require(answer.value("X-Number") == std::to_string(count) &&
                    (bodiless || answer.body == fuzz::echo(count, out.served[count])),
                "each request gets its own answer");
        ++count;
    }
}

void rest(fuzz::stage& stage, strict_host& host) {
    stage.rest([&] { return host.step(); }, [&] { return host.open(); });
}

// An unhurried run: the client ends when nothing happens any more.
outcome run(std::string_view bytes, manner how, std::size_t piece) {
    auto& stage = the_stage();
    strict_host host{stage, how.host};
    auto client = stage.connect();
    auto const others = [&] {
        bool const moved = client.receive();
        return host.step() || moved;
    };
    while (!bytes.empty()) {
        client.send(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        if (!bytes.empty())
            stage.turn(others);
    }
    stage.settle(others);

    outcome out;
    out.served = host.served;
    out.heads = host.heads;
    out.tunnelled = host.tunnelled;
    out.end = client.other();
    read_answers(client.received, out);
    if (how.resets) {
        client.reset();
    } else {
        client.half_close();
        stage.settle_until(others, [&] { return client.other() != peer::state::open; });
        client.reset();
    }
    rest(stage, host);
    require(host.served.size() == out.served.size(), "the end of a client begins nothing");
    return out;
}

// Each request that the host got is the next one in the client's bytes. Returns where it ends.
std::size_t check_against(std::string_view bytes, std::vector<message> const& served) {
    std::size_t at = 0;
    for (auto const& got : served) {
        message sent;
        require(fuzz::read_request(bytes.substr(at), sent) == reading::complete,
                "the host gets whole requests of the client's alone");
        at += sent.size;
        auto target = sent.target;
        if (auto const scheme = target.find("://");
            target.front() != '/' && scheme != std::string::npos) {
            auto const path = target.find('/', scheme + 3);
            auto const authority = target.substr(scheme + 3, path - scheme - 3);
            target = path == std::string::npos ? (sent.method == "OPTIONS" ? "*" : "/")
                                               : target.substr(path);
            for (auto& [name, value] : sent.fields)
                if (fuzz::same_word(name, "Host"))
                    value = authority;
            if (sent.count("Host") == 0)
                sent.fields.emplace_back("Host", authority);
        }
        // Only HTTP/1.0 does without it.
        if (sent.count("Host") == 0)
            sent.fields.emplace_back("Host", got.value("Host"));
        require(got.method == sent.method && got.target == target, "the request line passes");
        require(got.body == sent.body, "the body passes");
        require(fuzz::passed_on(sent, got, {}), "the fields pass, but for the connection's own");
    }
    return at;
}

void check(std::string_view bytes, outcome const& got) {
    auto const at = check_against(bytes, got.served);
    auto const refusals = got.refused() ? 1U : 0U;
    require(got.statuses.size() == got.served.size() + refusals,
            "one answer for each request, and at most one refusal");
    if (got.switched()) {
        require(got.tunnelled == bytes.substr(at), "a tunnel takes all bytes after its request");
        require(got.after_101 == "hello" + got.tunnelled, "a tunnel brings all bytes back");
        return;
    }
    if (got.refused())
        return;
    bool const ends = !got.served.empty() && got.end != peer::state::open;
    require(ends || got.end == peer::state::open, "no client is left without a word");
    message next;
    require(ends || fuzz::read_request(bytes.substr(at), next) != reading::complete,
            "no whole request is left unanswered");
}

// The client ends in the middle. Only the bytes that reached the host can be judged.
void run_hastily(std::string_view bytes, manner how) {
    auto& stage = the_stage();
    strict_host host{stage, how.host};
    auto client = stage.connect();
    auto const part = bytes.substr(0, bytes.size() * how.cut / 256);
    auto const others = [&] {
        bool const moved = client.receive();
        return host.step() || moved;
    };
    auto const first = part.substr(0, part.size() / 2);
    client.send(first);
    if (how.piece % 2 == 0)
        stage.settle(others);
    client.send(part.substr(first.size()));
    if (how.resets)
        client.reset();
    else
        client.half_close();
    rest(stage, host);
    client.reset();
    rest(stage, host);
    check_against(bytes, host.served);
}

void test(std::uint8_t const* data, std::size_t size) {
    // A seed's first line: a character for the manner, one for the pieces, one for the cut.
    constexpr std::size_t most = 8192;
    if (size < 5)
        return;
    manner const how{data};
    std::string_view const bytes{reinterpret_cast<char const*>(data) + 4, std::min(size - 4, most)};
    // More than a few dozen writes would show nothing new.
    auto const piece = std::max(how.piece, bytes.size() / 24 + 1);

    the_stage().judge([&] {
        auto const whole = run(bytes, how, bytes.size());
        check(bytes, whole);
        require(whole == run(bytes, how, piece), "the outcome does not depend on the pieces");
        if (how.hasty)
            run_hastily(bytes, how);
    });
}

secondwind::fuzz::target const registered{"request_side", test};

} // namespace
} // namespace request_side_fuzz
