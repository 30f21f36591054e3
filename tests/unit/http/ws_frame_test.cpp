#include <secondwind/http/ws_frame.hpp>

#include <support/splits.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::http {
namespace ws_frames {

// Written out by hand, so that one misreading of the RFC cannot hide in both.
constexpr unsigned text_opcode = 1;
constexpr unsigned binary_opcode = 2;
constexpr unsigned close_opcode = 8;
constexpr unsigned ping_opcode = 9;

struct frame {
    unsigned opcode = text_opcode;
    std::string payload{};
    bool last = true;
    bool masked = false;
};

std::string head_of(unsigned first, std::uint64_t size, bool masked) {
    std::string bytes(1, static_cast<char>(first));
    unsigned const bit = masked ? 128 : 0;
    unsigned width = 0;
    if (size <= 125) {
        bytes += static_cast<char>(bit + size);
    } else if (size <= 0xffff) {
        bytes += static_cast<char>(bit + 126);
        width = 2;
    } else {
        bytes += static_cast<char>(bit + 127);
        width = 8;
    }
    for (unsigned i = width; i-- > 0;)
        bytes += static_cast<char>(size >> 8 * i & 0xff);
    if (masked)
        bytes += "\x37\xfa\x21\x3d";
    return bytes;
}

std::string render(frame const& f) {
    auto bytes = head_of((f.last ? 128U : 0U) + f.opcode, f.payload.size(), f.masked);
    std::string_view const key{"\x37\xfa\x21\x3d"};
    for (std::size_t i = 0; i < f.payload.size(); ++i)
        bytes += static_cast<char>(f.masked ? f.payload[i] ^ key[i % 4] : f.payload[i]);
    return bytes;
}

// What is seen of a direction, whatever the pieces.
struct seen {
    std::vector<std::string> messages; // unmasked
    std::vector<std::string> prefixes;
    std::string data;    // the bytes of data frames
    std::string control; // and of control frames
    std::string rest;    // and what came with and after something odd
    std::string all;     // all of them, in the order of the steps
    bool odd = false;
    bool closes = false;
    bool boundary = true;
    bool operator==(seen const&) const = default;
};

seen watch(tests::pieces const& pieces, ws_sender sender) {
    ws_prefix_room room;
    frame_watch watcher{sender};
    watcher.use(room);
    seen s;
    std::string message;
    for (auto piece : pieces) {
        while (!piece.empty() && !watcher.odd()) {
            auto const step = watcher.next(piece);
            auto const bytes = piece.substr(0, step.size);
            piece.remove_prefix(step.size);
            s.all += bytes;
            (step.control ? s.control : s.data) += bytes;
            s.closes = s.closes || step.close;
            if (!step.control)
                append_unmasked(message, step.payload, step.mask);
            if (step.known)
                s.prefixes.emplace_back(watcher.prefix());
            if (step.ended) {
                s.messages.push_back(message);
                message.clear();
            }
        }
        s.all += piece;
        s.rest += piece;
    }
    s.odd = watcher.odd();
    s.boundary = watcher.at_boundary();
    return s;
}

// The same at every split, and every byte comes out as it went in. Where something is odd, its head
// may have begun to pass.
seen watch_everywhere(std::string const& bytes, ws_sender sender) {
    auto const whole = watch({bytes}, sender);
    EXPECT_EQ(whole.all, bytes);
    tests::for_each_split(bytes, [&](tests::pieces const& pieces) {
        auto split = watch(pieces, sender);
        ASSERT_EQ(split.all, bytes);
        if (whole.odd) {
            ASSERT_TRUE(split.odd);
            ASSERT_EQ(split.messages, whole.messages);
            return;
        }
        ASSERT_EQ(split, whole);
    });
    return whole;
}

std::string text_of(std::size_t size) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; ++i)
        text[i] = static_cast<char>('a' + i % 23);
    return text;
}

TEST(ws_frame, reads_every_form_of_length) {
    for (bool const masked : {false, true}) {
        auto const sender = masked ? ws_sender::client : ws_sender::server;
        for (std::size_t const size : {0, 1, 125, 126, 255, 256, 257, 1000}) {
            auto const text = text_of(size);
            auto const s = watch_everywhere(render({text_opcode, text, true, masked}) +
                                                render({ping_opcode, "p", true, masked}) +
                                                render({binary_opcode, "b", true, masked}),
                                            sender);
            ASSERT_EQ(s.messages, (std::vector<std::string>{text, "b"})) << size;
            EXPECT_EQ(s.prefixes, (std::vector<std::string>{text.substr(0, 256), "b"}));
            EXPECT_TRUE(s.boundary && !s.odd);
        }
    }
}

TEST(ws_frame, reads_lengths_of_64_bits) {
    for (std::size_t const size : {65'535, 65'536}) {
        auto const text = text_of(size);
        auto const bytes = render({text_opcode, text, true, true});
        // Each cut in the head and around the prefix, and single bytes.
        for (std::size_t cut = 0; cut < 300; ++cut) {
            std::string_view const all{bytes};
            auto const s = watch({all.substr(0, cut), all.substr(cut)}, ws_sender::client);
            ASSERT_EQ(s.messages.size(), 1u);
            ASSERT_TRUE(s.messages[0] == text);
        }
        tests::pieces single;
        for (std::size_t at = 0; at < bytes.size(); ++at)
            single.push_back(std::string_view{bytes}.substr(at, 1));
        EXPECT_TRUE(watch(single, ws_sender::client).messages[0] == text);
    }
}

TEST(ws_frame, only_counts_a_message_of_two_gigabytes) {
    constexpr std::uint64_t size = 1ull << 31;
    std::string const block(1 << 20, 'z');
    ws_prefix_room room;
    frame_watch watcher{ws_sender::server};
    watcher.use(room);
    auto const head = head_of(128 + text_opcode, size, false);
    EXPECT_EQ(watcher.next(head).size, head.size());
    std::uint64_t taken = 0;
    bool ended = false;
    while (!ended) {
        auto const step = watcher.next(block);
        taken += step.size;
        ended = step.ended;
        ASSERT_EQ(watcher.at_boundary(), ended);
    }
    EXPECT_EQ(taken, size);
    EXPECT_EQ(watcher.prefix(), std::string(256, 'z'));
}

TEST(ws_frame, joins_fragments_and_lets_control_frames_pass_between_them) {
    for (bool const masked : {false, true}) {
        auto const sender = masked ? ws_sender::client : ws_sender::server;
        for (std::size_t fragments = 1; fragments <= 5; ++fragments) {
            for (std::size_t const size : {0, 3, 100}) {
                for (bool const pings : {false, true}) {
                    std::string bytes;
                    std::string whole;
                    std::string control;
                    for (std::size_t i = 0; i < fragments; ++i) {
                        auto const part = text_of(i == 1 ? 0 : size);
                        bytes +=
                            render({i == 0 ? text_opcode : 0, part, i + 1 == fragments, masked});
                        whole += part;
                        if (!pings)
                            continue;
                        auto const ping = render({ping_opcode, "12", true, masked});
                        bytes += ping;
                        control += ping;
                    }
                    auto const s = bytes.size() > 200 && pings && masked
                                       ? watch({bytes}, sender)
                                       : watch_everywhere(bytes, sender);
                    ASSERT_EQ(s.messages, std::vector<std::string>{whole});
                    ASSERT_EQ(s.control, control);
                    ASSERT_EQ(s.prefixes.size(), 1u);
                    // A control frame within it ends what is known of its beginning.
                    auto const first = text_of(size);
                    EXPECT_EQ(s.prefixes[0],
                              pings && fragments > 1 ? first.substr(0, 256) : whole.substr(0, 256));
                    EXPECT_FALSE(s.odd);
                }
            }
        }
    }
}

TEST(ws_frame, tells_a_close_frame) {
    auto const text = render({text_opcode, "a"});
    EXPECT_FALSE(watch_everywhere(text + render({ping_opcode, {}}), ws_sender::server).closes);
    auto const s =
        watch_everywhere(text + render({close_opcode, "\x03\xe8 bye"}), ws_sender::server);
    EXPECT_TRUE(s.closes);
    EXPECT_EQ(s.messages, std::vector<std::string>{"a"});
}

TEST(ws_frame, gives_up_at_everything_that_no_websocket_does) {
    auto const good = render({text_opcode, "hello"});
    auto const begun = render({text_opcode, "he", false});
    std::vector<std::string> const odd{
        good + "\xc1\x05" + "hello",                            // a reserved bit
        good + "\xa1\x05" + "hello",                            // another
        good + "\x91\x05" + "hello",                            // the third
        good + "\x83\x05" + "hello",                            // unknown opcodes
        good + "\x87\x05" + "hello",                            //
        good + "\x8b\x05" + "hello",                            //
        good + "\x8f\x05" + "hello",                            //
        good + render({text_opcode, "hello", true, true}),      // a mask
        good + render({ping_opcode, std::string(126, 'p')}),    // a long control frame
        good + std::string{"\x09\x00", 2},                      // a fragmented one
        good + render({0, "hello"}),                            // a continuation of nothing
        begun + good,                                           // a beginning within a message
        begun + render({binary_opcode, "x", false}),            //
        good + "\x81\x7f\x80" + std::string(7, '\0') + "hello", // a length of 2^63
    };
    for (auto const& bytes : odd)
        EXPECT_TRUE(watch_everywhere(bytes + "and more", ws_sender::server).odd) << bytes;
    EXPECT_TRUE(watch_everywhere(good, ws_sender::client).odd); // no mask
    EXPECT_FALSE(watch_everywhere(begun + render({0, "llo"}), ws_sender::server).odd);
}

TEST(ws_frame, tells_where_a_frame_of_our_own_may_go_in) {
    auto const bytes = render({text_opcode, "ab", false}) + render({ping_opcode, "p"}) +
                       render({0, "c"}) + render({ping_opcode, "q"}) + render({text_opcode, "d"});
    ws_prefix_room room;
    frame_watch watcher{ws_sender::server};
    watcher.use(room);
    std::string boundaries;
    for (std::size_t at = 0; at < bytes.size();) {
        boundaries += watcher.at_boundary() ? '|' : '.';
        auto const step = watcher.next(std::string_view{bytes}.substr(at, 1));
        at += step.size;
    }
    EXPECT_TRUE(watcher.at_boundary());
    // Control frames between messages are frames too. A step without bytes comes before the first.
    EXPECT_EQ(boundaries, "|..........|..|..");
}

TEST(ws_frame, tells_how_much_of_a_message_is_to_come) {
    ws_prefix_room room;
    frame_watch watcher{ws_sender::server};
    watcher.use(room);
    auto const bytes = render({text_opcode, text_of(300)});
    EXPECT_TRUE(watcher.next(bytes).known);
    EXPECT_EQ(watcher.message_left(), 44u);
    EXPECT_TRUE(watcher.next(std::string_view{bytes}.substr(bytes.size() - 44)).ended);
    EXPECT_EQ(watcher.message_left(), 0u);
    static_cast<void>(watcher.next(render({text_opcode, "a", false})));
    EXPECT_EQ(watcher.message_left(), std::nullopt);
    auto const ping = render({ping_opcode, "abc"});
    static_cast<void>(watcher.next(ping)); // the beginning is known
    watcher.next(std::string_view{ping}.substr(0, 3));
    EXPECT_TRUE(watcher.in_control());
    EXPECT_EQ(watcher.message_left(), std::nullopt);
    watcher.next(std::string_view{ping}.substr(3));
    EXPECT_FALSE(watcher.in_control());
}

TEST(ws_frame, writes_frames_that_it_can_read) {
    for (std::size_t const size : {0, 1, 125, 126, 65'535, 65'536}) {
        auto const text = text_of(size);
        std::string up;
        append_text_frame(up, text, {'\x37', '\xfa', '\x21', '\x3d'});
        EXPECT_TRUE(up == render({text_opcode, text, true, true})) << size;
        std::string down;
        append_text_frame(down, text);
        EXPECT_TRUE(down == render({text_opcode, text})) << size;
    }
}

} // namespace ws_frames
} // namespace secondwind::http
