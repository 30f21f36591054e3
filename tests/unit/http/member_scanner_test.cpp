#include <secondwind/http/member_scanner.hpp>

#include <support/splits.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::http {
namespace member_scanner_test {

constexpr std::array<std::string_view, 3> names{"model", "previous_response_id", "context_length"};
constexpr std::size_t all = names.size();

// One value as "kind:text@end", so that a failure shows it.
std::string shown(member_value const& value) {
    constexpr std::array<std::string_view, 5> kinds{"-", "text", "literal", "nested", "invalid"};
    std::string out{kinds[static_cast<std::size_t>(value.kind)]};
    if (value.kind == member_kind::text || value.kind == member_kind::literal)
        out += ":" + std::string{value.text} + (value.cut ? "..." : "");
    return value.kind == member_kind::absent ? out : out + "@" + std::to_string(value.end);
}

std::string scan(tests::pieces const& pieces, std::size_t needed) {
    member_scanner scanner{names, needed};
    for (auto const piece : pieces) {
        // Of its own size, so that a sanitizer sees a read past its end.
        std::vector<char> const copy{piece.begin(), piece.end()};
        scanner.push({copy.data(), copy.size()});
    }
    std::string out = scanner.is_object() ? "" : "no object ";
    for (std::size_t i = 0; i < names.size(); ++i)
        out += shown(scanner.value(i)) + (i + 1 < names.size() ? " " : "");
    return out + (scanner.done() ? " done" : "");
}

// Expects the same at every split, and returns it.
std::string scan_all_ways(std::string_view text, std::size_t needed = all) {
    auto const expected = scan({text}, needed);
    tests::for_each_split(text, [&](tests::pieces const& pieces) {
        EXPECT_EQ(scan(pieces, needed), expected) << text;
    });
    return expected;
}

std::string model_in(std::string_view text) {
    auto const found = scan_all_ways(text, 1);
    return found.substr(0, found.find(' '));
}

// As the OpenAI SDKs send them: that for JavaScript puts the model first, that for Python last.
constexpr std::string_view of_javascript =
    R"({"model":"qwen/qwen3-8b","messages":[{"role":"system","content":"Be \"brief\"."},)"
    R"({"role":"user","content":"C:\\dir\\ {\"model\":\"x\"} ]}"}],"stream":true})";
constexpr std::string_view of_python =
    R"({"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi \ud83d\ude00\\"}, )"
    R"({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}], )"
    R"("tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", )"
    R"("properties": {"model": {"type": "string"}}, "required": []}}}], )"
    R"("temperature": -0.5e-3, "stop": null, "stream": false, "model": "qwen/qwen3-8b"})";

// Texts are read in blocks, and a block may end anywhere in an escape.
TEST(member_scanner, reads_escapes_and_mistakes_wherever_they_stand) {
    for (std::size_t before = 0; before < 150; ++before)
        for (std::size_t run = 0; run < 6; ++run) {
            auto text = R"({"n":[")" + std::string(before, 'x') + std::string(run, '\\') + '"';
            if (run % 2 == 1) // the string goes on
                text += R"(]},\"model\":\"b\",)" + std::string(100, 'y') + '"';
            text += R"(],"model":"a"})";
            EXPECT_EQ(scan({text}, 1).substr(0, 7), "text:a@") << text;
        }
    for (std::size_t before = 0; before < 150; ++before) {
        auto const text = R"({"n":["x",)" + std::string(before, ' ') + R"(\"y"],"model":"a"})";
        EXPECT_EQ(scan({text}, 1).substr(0, 7), "text:a@") << text;
    }
}

TEST(member_scanner, finds_the_model_wherever_a_client_puts_it) {
    EXPECT_EQ(model_in(of_javascript), "text:qwen/qwen3-8b@24");
    EXPECT_EQ(model_in(of_python), "text:qwen/qwen3-8b@" + std::to_string(of_python.size() - 1));
    EXPECT_EQ(model_in(R"({"model": "a", "n": 1})"), "text:a@13");
    EXPECT_EQ(model_in(R"({"model":  "a", "n": 1})"), "text:a@14");
    EXPECT_EQ(model_in(R"({"model": 1})"), "literal:1@11");
    EXPECT_EQ(model_in(R"({"model":)"), "-");
    EXPECT_EQ(
        model_in("\xEF\xBB\xBF\r\n\t {\n \"n\" : [ 1 , -2.5e3, true, null ]\t,\r\n \"model\" \n:\t"
                 "\"a\" }"),
        "text:a@61");
    EXPECT_EQ(
        model_in(R"({"":"","s":"model","t":"\"model\":\"b\"","u":["{","[","\\"],"model":"a"})"),
        "text:a@71");
}

TEST(member_scanner, finds_several_members_in_any_order) {
    EXPECT_EQ(scan_all_ways(
                  R"({"model":"a","input":"x","previous_response_id":"r","context_length":8192})"),
              "text:a@12 text:r@51 literal:8192@73 done");
    EXPECT_EQ(
        scan_all_ways(R"({"context_length" : 8192 , "previous_response_id":null,"model":"a"})"),
        "text:a@66 literal:null@54 literal:8192@24 done");
    EXPECT_EQ(
        scan_all_ways(R"({"model":{"model":"a"},"context_length":[1],"previous_response_id":""})"),
        "nested@10 text:@69 nested@41 done");
}

TEST(member_scanner, reads_nothing_after_the_last_member_that_it_needs) {
    EXPECT_EQ(scan_all_ways(R"({"context_length":1,"model":"a","previous_response_id":"r"})", 1),
              "text:a@31 - literal:1@19 done");
    auto const before = member_scanner::bytes_read();
    member_scanner scanner{names, 1};
    EXPECT_TRUE(scanner.push(of_javascript));
    EXPECT_TRUE(scanner.push(of_javascript));
    EXPECT_EQ(member_scanner::bytes_read() - before, 24U);
}

TEST(member_scanner, takes_the_first_of_repeated_members) {
    EXPECT_EQ(scan_all_ways(R"({"model":"a","model":"b","mod\u0065l":3})"), "text:a@12 - - done");
    EXPECT_EQ(scan_all_ways(R"({"model":null,"model":"b"})"), "literal:null@13 - - done");
}

TEST(member_scanner, looks_at_the_top_level_only) {
    EXPECT_EQ(scan_all_ways(R"({"x":{"model":"a"},"y":[{"model":"b"}],"z":"model","Model":"c"})"),
              "- - - done");
}

TEST(member_scanner, decodes_escapes_in_names_and_texts) {
    EXPECT_EQ(model_in(R"({"\u006d\u006F\u0064\u0065\u006c":"qwen\/qwen3-8b"})"),
              "text:qwen/qwen3-8b@50");
    EXPECT_EQ(model_in(R"({"mode\/l":1,"model":"\"\\\/\b\f\n\r\t\u0041\u00e4\u20AC\ud83d\uDE00"})"),
              "text:\"\\/\b\f\n\r\tA\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80@69");
    EXPECT_EQ(model_in(R"({"model":"\\"})"), "text:\\@13");
    EXPECT_EQ(model_in(R"({"x\"model":"b","\\":"\\\"","model":"a\\\\"})"), "text:a\\\\@43");
}

TEST(member_scanner, tells_texts_that_are_no_valid_json) {
    for (std::string_view const value : {R"("\x")", R"("\u00g0")", R"("\ud83d")", R"("\ud83dx")",
                                         R"("\ud83d\n")", R"("\ud83d\u0041")", R"("\ude00")",
                                         "\"\xFF\"", "\"\xC3\\u00a4\"", "\"a\nb\"", "\"a\x01\""})
        EXPECT_TRUE(
            model_in("{\"model\":" + std::string{value} + ",\"x\":1}").starts_with("invalid@"))
            << value;
}

// LM Studio's parser takes lone surrogates, which strict parsers refuse.
TEST(member_scanner, skips_mistakes_in_what_it_does_not_keep) {
    EXPECT_EQ(model_in(R"({"x":"\ud83d","\ud83d":"\x","model":"a"})"), "text:a@39");
    EXPECT_EQ(model_in("{\"x\":\"\xFF\n\",\"\xFF\":\\\",\"model\":\"a\"}"), "-");
    EXPECT_EQ(model_in(R"({"x":[1,\,],"y":nil "model":"a")"), "text:a@31");
    EXPECT_EQ(model_in(R"({,:,"x" 1 "model":"a")"), "text:a@21");
}

TEST(member_scanner, finds_nothing_in_what_is_no_object) {
    for (std::string_view const text :
         {"", " ", "[]", R"(["model","a"])", R"([{"model":"a"}])", "null", R"("model":"a")",
          "model=a", "\xEF\xBB{\"model\":\"a\"}", "\xEF\xBB\xBF\xEF\xBB\xBF{\"model\":\"a\"}"})
        EXPECT_TRUE(scan_all_ways(text).starts_with("no object - - -")) << text;
    EXPECT_EQ(scan_all_ways("{}"), "- - - done");
    EXPECT_EQ(scan_all_ways(R"({} {"model":"a"})"), "- - - done");
    EXPECT_EQ(scan_all_ways(R"({"model":})"), "literal:@9 - - done");
}

TEST(member_scanner, finds_what_has_ended_at_every_end_of_its_text) {
    constexpr std::string_view text =
        R"({"m":[{"a":"b\\"},"\"",{}],"context_length":81,"model":"a\u0062\/c" ,)"
        R"("previous_response_id": "r","x":"y"})";
    auto const has = [&](std::size_t length, std::string_view value) {
        return length >= text.find(value) + value.size();
    };
    for (std::size_t length = 0; length < text.size(); ++length) {
        auto const found = scan({text.substr(0, length)}, all);
        EXPECT_EQ(found.find("text:ab/c@") != found.npos, has(length, R"(\/c")")) << found;
        EXPECT_EQ(found.find("text:r@") != found.npos, has(length, R"("r")")) << found;
        // A number goes on until something else comes.
        EXPECT_EQ(found.find("literal:81@") != found.npos, has(length, "81,")) << found;
        EXPECT_EQ(found.ends_with(" done"), has(length, R"("r")")) << found;
    }
}

TEST(member_scanner, keeps_the_beginning_of_a_long_text) {
    auto const with = [](std::string_view name) {
        return "{\"model\":\"" + std::string{name} + "\"}";
    };
    std::string const most(json_string::longest, 'm');
    EXPECT_EQ(scan({with(most)}, 1), "text:" + most + "@523 - - done");
    EXPECT_EQ(scan_all_ways(with(most + "n"), 1), "text:" + most + "...@524 - - done");
    std::string euros = "mmm";
    while (euros.size() < 600)
        euros += "\xE2\x82\xAC";
    EXPECT_EQ(scan_all_ways(with(euros), 1), "text:" + euros.substr(0, 510) + "...@" +
                                                 std::to_string(euros.size() + 11) + " - - done");
    std::string escapes;
    while (escapes.size() < 6 * json_string::longest)
        escapes += R"(\u006d)";
    EXPECT_EQ(scan({with(escapes)}, 1), "text:" + most + "@3083 - - done");
    EXPECT_EQ(scan({"{\"" + std::string(1'000'000, 'n') + "\":1,\"model\":\"a\"}"}, 1),
              "text:a@1000017 - - done");
}

TEST(member_scanner, survives_nesting_as_deep_as_the_text_is_long) {
    for (std::string_view const open : {"[", R"({"a":)"}) {
        std::string text = R"({"x":)";
        for (int i = 0; i < 300'000; ++i)
            text += open;
        EXPECT_EQ(scan({text}, 1), "- - -");
        text += std::string(300'000, open == "[" ? ']' : '}');
        EXPECT_EQ(scan({text + R"(,"model":"a"})"}, 1),
                  "text:a@" + std::to_string(text.size() + 12) + " - - done");
    }
}

TEST(member_scanner, skips_long_strings_in_pieces_of_any_size) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string base64;
    while (base64.size() < 1'000'000)
        base64 += digits;
    for (std::string_view const end : {"", R"(\\)", R"(\")", R"(\\\")"})
        for (bool const nested : {false, true}) {
            auto const text = (nested ? R"({"messages":[{"content":[{"url":")" : R"({"input":")") +
                              base64 + std::string{end} + (nested ? R"("}]}])" : R"(")") +
                              R"(,"model":"a"})";
            auto const expected = "text:a@" + std::to_string(text.size() - 1) + " - - done";
            for (std::size_t const size :
                 std::initializer_list<std::size_t>{1, 7, 63, 64, 65, 4096, 65'536, text.size()}) {
                tests::pieces pieces;
                for (std::string_view rest = text; !rest.empty();
                     rest.remove_prefix(std::min(size, rest.size())))
                    pieces.push_back(rest.substr(0, size));
                EXPECT_EQ(scan(pieces, 1), expected) << size;
            }
        }
}

// What many bytes at a time find, single bytes find too, in text of which any may be wrong.
TEST(member_scanner, depends_on_no_piece_in_random_text) {
    constexpr std::array<std::string_view, 14> tokens{"\"",
                                                      "\\",
                                                      "{",
                                                      "}",
                                                      "[",
                                                      "]",
                                                      ":",
                                                      ",",
                                                      "\"model\":",
                                                      "\"model\":\"a\"",
                                                      "0123456789abcdef",
                                                      " ",
                                                      "\\\"",
                                                      "\"role\":\"user\","};
    std::mt19937 random{17};
    for (int round = 0; round < 20'000; ++round) {
        std::string text = "{";
        if (round % 2 == 0)
            text += "\"x\":[[[[[[";
        auto const length = random() % 400;
        while (text.size() < length)
            text += tokens[random() % tokens.size()];
        tests::pieces bytes;
        for (std::size_t at = 0; at < text.size(); ++at)
            bytes.push_back(std::string_view{text}.substr(at, 1));
        auto const expected = scan(bytes, all);
        ASSERT_EQ(scan({text}, all), expected) << text;
        auto const cut = random() % text.size();
        ASSERT_EQ(scan({text.substr(0, cut), text.substr(cut)}, all), expected) << text << cut;
    }
}

} // namespace member_scanner_test
} // namespace secondwind::http
