// For any answer of a host, in any pieces and with any end: through a real proxy the client gets
// that answer as far as it is valid, or an error of the proxy, or a visibly truncated message;
// never a byte after the answer's end, and never another request's answer.
#include "exchange/answering_host.hpp"
#include "exchange/plain_http.hpp"
#include "exchange/stage.hpp"
#include "target.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace answer_side_fuzz {
namespace {

using namespace secondwind;
using fuzz::answering_host;
using fuzz::final_answer;
using fuzz::framing;
using fuzz::last_word;
using fuzz::message;
using fuzz::peer;
using fuzz::reading;
using fuzz::require;

config::settings small() {
    config::settings how;
    how.limits.head = 2048;
    how.limits.fields = 30;
    how.limits.hold = 512;
    how.limits.error_body = 1024;
    return how;
}

fuzz::stage& the_stage() {
    static auto& one = *new fuzz::stage{small()};
    return one;
}

// The choices of the input's first bytes.
struct manner {
    manner(std::uint8_t const* data, std::string_view bytes)
        : asks{data[0] & 3U}, http10{(data[0] & 4) != 0}, other_persistence{(data[0] & 8) != 0},
          warm{(data[0] & 16) != 0}, later{(data[0] & 64) != 0}, leaves{(data[2] & 64) != 0} {
        script.bytes = bytes;
        // More than a few dozen writes would show nothing new.
        script.piece = std::max<std::size_t>(data[1] + 1U, bytes.size() / 24 + 1);
        script.end = static_cast<last_word>(data[2] & 3);
        script.listing = static_cast<fuzz::listing>((data[2] >> 2) & 3);
        script.same_again = (data[2] & 16) != 0;
    }

    bool head() const { return asks == 2; }
    bool upgrade() const { return asks == 3 && !http10; }
    bool persists() const { return http10 == other_persistence; }

    std::string request() const {
        static constexpr std::string_view methods[]{"GET ", "POST ", "HEAD ", "GET "};
        std::string out{methods[asks]};
        out.append(fuzz::scripted_path).append(http10 ? " HTTP/1.0" : " HTTP/1.1");
        out += "\r\nHost: h\r\n";
        if (upgrade())
            out += other_persistence ? "Connection: upgrade, close\r\nUpgrade: websocket\r\n"
                                     : "Connection: upgrade\r\nUpgrade: websocket\r\n";
        else if (other_persistence)
            out += http10 ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
        constexpr std::string_view body = R"({"model":"a","stream":true})";
        if (asks == 1)
            out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
        out += "\r\n";
        return asks == 1 ? out.append(body) : out;
    }

    unsigned asks; // 0 GET, 1 POST, 2 HEAD, 3 an upgrade
    bool http10;
    bool other_persistence; // than the version's own
    bool warm;              // the connection to the host was used before
    bool later;             // the second request follows the first answer, not the first request
    bool leaves;            // the client leaves in the middle
    fuzz::answer_script script;
};

std::string_view const second_request = "GET /second HTTP/1.1\r\nHost: h\r\n\r\n";

class run {
public:
    explicit run(manner const& how)
        : how_{how}, stage_{the_stage()}, host_{stage_, how.script}, client_{stage_.connect()} {}

    void go() {
        if (how_.warm)
            warm_up();
        auto const first = how_.request();
        if (how_.leaves) {
            client_.send(first);
            unsigned rounds = how_.script.piece % 16;
            stage_.settle_until([this] { return step(); }, [&rounds] { return rounds-- == 0; });
            client_.reset();
            rest();
            return;
        }
        client_.send(how_.later ? first : first + std::string{second_request});
        settle();
        if (how_.later) {
            client_.send(second_request);
            settle();
        }
    }

    // Ends the client, in any state.
    void rest() {
        client_.reset();
        stage_.rest([this] { return step(); }, [this] { return host_.open(); });
        require(recoveries() - before_ <= 1, "at most one recovery");
        std::size_t const replays = 4; // two in each of the two stages of an eviction
        std::size_t const resends = how_.warm && how_.asks != 1 ? 1 : 0;
        require(host_.attempts() <= 1 + replays + resends, "a bounded number of replays");
    }

    manner const& how() const { return how_; }
    answering_host const& host() const { return host_; }
    peer const& client() const { return client_; }
    std::string_view got() const { return client_.received; }

private:
    bool step() {
        bool const moved = client_.receive();
        return host_.step() || moved;
    }

    std::uint64_t recoveries() {
        auto const& all = stage_.server().shared().ledger.records();
        return all.empty() ? 0 : all.back()->id;
    }

    void settle() {
        do
            stage_.settle([this] { return step(); });
        while (host_.end_quietly());
    }

    void warm_up() {
        client_.send("GET /warm HTTP/1.1\r\nHost: h\r\n\r\n");
        stage_.settle_until([this] { return step(); },
                            [this] { return client_.received.ends_with("warm"); });
        client_.received.clear();
    }

    manner how_;
    fuzz::stage& stage_;
    answering_host host_;
    peer client_;
    std::uint64_t before_ = recoveries();
};

bool is_ours(message const& answer, bool head) {
    return (answer.status == 502 || answer.status == 504) &&
           (head || answer.body.find("\"code\":\"host_") != std::string::npos) &&
           answer.value("Content-Type") == "application/json; charset=utf-8";
}

std::string lower(std::string_view text) {
    std::string all{text};
    for (auto& c : all)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return all;
}

bool begins_as_ours(std::string_view name) {
    constexpr std::string_view ours = "x-secondwind-";
    return name.size() > ours.size() && lower(name.substr(0, ours.size())) == ours;
}

// A field of the host in the name of the proxy arrives under another name.
message renamed(message from) {
    auto const original = from;
    for (auto& [name, value] : from.fields)
        if (begins_as_ours(name) && !original.hop_by_hop(name) && !original.named(name))
            name.insert(0, "Upstream-");
    return from;
}

// The bytes of a body as the client must get them: without the trailers that would change the
// message for whoever merges them into its head.
std::string without_harmful_trailers(std::string_view answer, message const& from) {
    if (from.trailers == 0)
        return std::string{answer};
    std::string kept{answer.substr(0, from.trailers)};
    auto section = answer.substr(from.trailers);
    while (!section.empty()) {
        auto const line = section.substr(0, section.find("\r\n") + 2);
        auto const name = lower(line.substr(0, line.find(':')));
        bool const harmful = name == "content-length" || name == "transfer-encoding" ||
                             (message{}.hop_by_hop(name) && name != "expect") ||
                             name.starts_with("x-secondwind-");
        if (!harmful)
            kept += line;
        section.remove_prefix(line.size());
    }
    return kept;
}

// An interim answer of the host may arrive once for each attempt; the proxy itself sends 100.
void check_interims(run const& of, final_answer const& host, final_answer const& client) {
    std::vector<message const*> expected;
    for (std::size_t n = 0; n < of.host().attempts(); ++n)
        for (auto const& each : host.interims)
            if (each.status != 100 && !of.how().http10)
                expected.push_back(&each);
    // A later attempt may get the host's valid answer, which has no interim ones: those of the
    // script come first, in order, as often as they were sent.
    require(client.interims.size() <= expected.size(), "no interim answer is invented");
    for (std::size_t n = 0; n < client.interims.size(); ++n)
        require(client.interims[n].status == expected[n]->status &&
                    fuzz::passed_on(renamed(*expected[n]), client.interims[n], {}),
                "interim answers pass as they are");
}

// What may follow the first answer after it is complete.
void check_second(run const& of, std::string_view following, bool may_persist) {
    message second;
    if (following.empty()) {
        require(!may_persist || of.how().leaves, "a second request is answered too");
        return;
    }
    require(may_persist, "nothing comes after an answer that ends its connection");
    auto const state = fuzz::read_answer(following, false, false, second);
    require(state == reading::complete && second.size == following.size(),
            "only the next answer may follow an answer");
    require(second.status == 200 && second.body == fuzz::second_body,
            "the second request gets its own answer");
}

void check_relayed(run const& of, final_answer const& host, final_answer const& client) {
    auto const& from = host.head;
    auto const& to = client.head;
    require(from.head_size > 0, "an answer without a valid head is not relayed");
    require(to.status == from.status && to.reason == from.reason, "the status line passes");
    require(fuzz::passed_on(renamed(from), to, "X-Secondwind-"), "the fields pass, and none else");
    // HTTP/1.0 has no chunks.
    bool const bare = of.how().http10 && from.framing == framing::chunked;
    auto const whole = without_harmful_trailers(host.bytes.substr(0, from.size), from);
    auto const body =
        bare ? std::string_view{from.body} : std::string_view{whole}.substr(from.head_size);
    auto const got = client.bytes.substr(to.head_size, to.size - to.head_size);
    bool const tunnel = from.status == 101;
    if (tunnel) {
        require(of.how().upgrade(), "an upgrade passes only if it was requested");
        auto const rest = host.bytes.substr(from.size);
        auto const following = client.bytes.substr(to.size);
        require(of.host().was_reset() ? rest.starts_with(following) : rest == following,
                "a tunnel passes its bytes");
        return;
    }
    require(to.framing == (bare ? framing::until_close : from.framing), "the framing passes");
    // A malformed answer is cut somewhere before, and a chunk's framing counts with its data.
    auto const all = bare || from.trailers != 0 ? body : host.bytes.substr(from.head_size);
    auto const raw = client.bytes.substr(to.head_size);
    if (client.state == reading::complete) {
        require(host.state == reading::complete, "an incomplete answer does not look complete");
        require(got == body, "the body passes as it is");
        bool const keep = of.how().persists() && to.framing != framing::until_close;
        check_second(of, client.bytes.substr(to.size), keep);
        return;
    }
    require(all.starts_with(raw), "a body that was cut is the host's as far as it goes");
    require(client.state == reading::incomplete, "the client gets a well-formed answer");
    require(host.state != reading::complete || of.host().was_reset(), "a whole answer is not cut");
    require(of.client().other() == peer::state::open || host.state == reading::malformed ||
                of.host().closed() || of.host().was_reset(),
            "an answer is cut only if the host's is");
}

void check_good(run const& of, final_answer const& client) {
    require(of.host().attempts() > 1, "a replay's answer needs a replay");
    require(client.state == reading::complete &&
                client.head.body == (of.how().head() ? "" : fuzz::good_body),
            "a replay's answer passes");
    check_second(of, client.bytes.substr(client.head.size), of.how().persists());
}

void check(run const& of) {
    auto const& how = of.how();
    auto const sent = how.script.bytes.substr(0, of.host().sent());
    auto const host = fuzz::find_final(sent, how.head(), of.host().closed());
    auto const client =
        fuzz::find_final(of.got(), how.head(), of.client().other() == peer::state::ended);
    check_interims(of, host, client);

    if (client.bytes.empty()) {
        require(of.client().other() == peer::state::open, "no client is left without a word");
        require(host.state == reading::incomplete, "an answer is not kept from the client");
        return;
    }
    require(client.head.head_size > 0, "the client gets a complete head first");
    if (is_ours(client.head, how.head()) && host.head.status != client.head.status) {
        bool const unasked = host.head.status == 101 && !how.upgrade();
        bool const large =
            host.head.head_size > 2048 || host.head.fields.size() > 30 || sent.size() > 2048;
        require(host.state != reading::complete || unasked || large || of.host().was_reset(),
                "a whole answer is not replaced");
        check_second(of, client.bytes.substr(client.head.size), how.persists());
        return;
    }
    if (of.host().attempts() > 1 && "200 " + client.head.reason == fuzz::good_status)
        check_good(of, client);
    else
        check_relayed(of, host, client);
}

void test(std::uint8_t const* data, std::size_t size) {
    // A seed's first line: a character for the request, one for the pieces, one for the host.
    constexpr std::size_t most = 8192;
    if (size < 4)
        return;
    manner const how{data, {reinterpret_cast<char const*>(data) + 4, std::min(size - 4, most)}};
    the_stage().judge([&how] {
        run one{how};
        one.go();
        if (!how.leaves)
            check(one);
        one.rest();
    });
}

secondwind::fuzz::target const registered{"answer_side", test};

} // namespace
} // namespace answer_side_fuzz
