// The older of OpenAI's interfaces: chat completions, completions, embeddings.
#include "dialect.hpp"

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/transform_width.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <vector>

namespace secondwind::emulator {

namespace {

json usage_of(prediction const& p) {
    json u;
    u["prompt_tokens"] = p.prompt.tokens;
    u["completion_tokens"] = p.tokens;
    u["total_tokens"] = p.prompt.tokens + p.tokens;
    return u;
}

char const* finish_reason(prediction const& p) {
    return p.cut_short ? "length" : p.calls_tools() ? "tool_calls" : "stop";
}

// Of the call in that part, which is numbered among the calls.
json tool_call(prediction const& p, std::size_t number, std::string arguments) {
    json call;
    call["id"] = "call_" + std::to_string(p.number) + "_" + std::to_string(number);
    call["type"] = "function";
    call["function"]["name"] = p.parts[number].tool;
    call["function"]["arguments"] = std::move(arguments);
    return call;
}

// In a stream, the first event of a call has its name and no arguments.
std::vector<json> call_deltas(prediction const& p) {
    auto const number = p.parts.size() - 1;
    auto const is_call = [](spoken_part const& one) {
        return one.type == spoken_part::kind::tool_call;
    };
    auto const index = std::ranges::count_if(p.parts, is_call) - 1;
    std::vector<json> deltas;
    if (p.opens_part()) {
        auto opened = tool_call(p, number, {});
        opened["index"] = index;
        deltas.push_back(std::move(opened));
    }
    json more;
    more["index"] = index;
    more["function"]["arguments"] = p.last_token;
    deltas.push_back(std::move(more));
    return deltas;
}

json chunk(prediction const& p, json choices) {
    json c;
    c["id"] = "chatcmpl-" + std::to_string(p.number);
    c["object"] = "chat.completion.chunk";
    c["created"] = p.created;
    c["model"] = p.model;
    c["system_fingerprint"] = p.model;
    c["choices"] = std::move(choices);
    return c;
}

json choice(json delta, json reason) {
    json c;
    c["index"] = 0;
    c["delta"] = std::move(delta);
    c["logprobs"] = nullptr;
    c["finish_reason"] = std::move(reason);
    return json::array({std::move(c)});
}

sse_event unnamed(json const& document) {
    return {"", compact(document)};
}

json text_completion(prediction const& p, std::string text, json reason) {
    json c;
    c["id"] = "cmpl-" + std::to_string(p.number);
    c["object"] = "text_completion";
    c["created"] = p.created;
    c["model"] = p.model;
    json one;
    one["index"] = 0;
    one["text"] = std::move(text);
    one["logprobs"] = nullptr;
    one["finish_reason"] = std::move(reason);
    c["choices"] = json::array({std::move(one)});
    return c;
}

// OpenAI's own client asks for base64 by default, and decodes whatever it gets.
std::string base64(std::span<float const> values) {
    static_assert(std::endian::native == std::endian::little, "the wire format is little-endian");
    using namespace boost::archive::iterators;
    std::string bytes(values.size_bytes(), '\0');
    std::memcpy(bytes.data(), values.data(), bytes.size());
    using encoder = base64_from_binary<transform_width<char const*, 6, 8>>;
    std::string text(encoder{bytes.data()}, encoder{bytes.data() + bytes.size()});
    text.append((3 - bytes.size() % 3) % 3, '=');
    return text;
}

class chat_form : public dialect {
public:
    json whole(prediction const& p) const override;
    sse_events piece(prediction const& p) const override;
    sse_events closing(prediction const& p) const override;
};

class v0_chat_form final : public chat_form {
public:
    json whole(prediction const& p) const override;
};

class completions_form final : public dialect {
public:
    json whole(prediction const& p) const override;
    sse_events piece(prediction const& p) const override;
    sse_events closing(prediction const& p) const override;
};

class embeddings_form final : public dialect {
public:
    json whole(prediction const& p) const override;
    sse_events piece(prediction const&) const override { return {}; }
    sse_events closing(prediction const&) const override { return {}; }
};

json chat_form::whole(prediction const& p) const {
    json document;
    document["id"] = "chatcmpl-" + std::to_string(p.number);
    document["object"] = "chat.completion";
    document["created"] = p.created;
    document["model"] = p.model;
    json message;
    message["role"] = "assistant";
    message["content"] = p.text();
    message["reasoning_content"] = p.reasoning();
    message["tool_calls"] = json::array();
    for (std::size_t i = 0; i < p.parts.size(); ++i)
        if (p.parts[i].type == spoken_part::kind::tool_call)
            message["tool_calls"].push_back(tool_call(p, i, p.parts[i].text));
    json one;
    one["index"] = 0;
    one["message"] = std::move(message);
    one["logprobs"] = nullptr;
    one["finish_reason"] = finish_reason(p);
    document["choices"] = json::array({std::move(one)});
    document["usage"] = usage_of(p);
    document["usage"]["completion_tokens_details"]["reasoning_tokens"] = 0;
    document["stats"] = json::object();
    document["system_fingerprint"] = p.model;
    return document;
}

sse_events chat_form::piece(prediction const& p) const {
    json delta;
    if (p.tokens == 1)
        delta["role"] = "assistant";
    sse_events events;
    switch (p.parts.back().type) {
    case spoken_part::kind::reasoning:
        delta["reasoning_content"] = p.last_token;
        break;
    case spoken_part::kind::text:
        delta["content"] = p.last_token;
        break;
    case spoken_part::kind::tool_call:
        for (auto& call : call_deltas(p)) {
            delta["tool_calls"] = json::array({std::move(call)});
            events.push_back(unnamed(chunk(p, choice(delta, nullptr))));
        }
        return events;
    }
    events.push_back(unnamed(chunk(p, choice(std::move(delta), nullptr))));
    return events;
}

sse_events chat_form::closing(prediction const& p) const {
    sse_events events{unnamed(chunk(p, choice(json::object(), finish_reason(p))))};
    if (p.prompt.include_usage) {
        auto last = chunk(p, json::array());
        last["usage"] = usage_of(p);
        events.push_back(unnamed(last));
    }
    events.emplace_back("", "[DONE]");
    return events;
}

json v0_chat_form::whole(prediction const& p) const {
    auto document = chat_form::whole(p);
    auto& stats = document["stats"];
    stats["tokens_per_second"] = p.tokens_per_second;
    stats["time_to_first_token"] = p.first_token_seconds;
    stats["generation_time"] = static_cast<double>(p.tokens) / p.tokens_per_second;
    stats["stop_reason"] = p.cut_short ? "maxPredictedTokensReached" : "eosFound";
    document["model_info"]["format"] = "gguf";
    document["runtime"]["name"] = "emulated";
    return document;
}

json completions_form::whole(prediction const& p) const {
    auto document = text_completion(p, p.text(), finish_reason(p));
    document["usage"] = usage_of(p);
    document["stats"] = json::object();
    return document;
}

sse_events completions_form::piece(prediction const& p) const {
    return {unnamed(text_completion(p, p.last_token, nullptr))};
}

sse_events completions_form::closing(prediction const& p) const {
    auto last = text_completion(p, "", finish_reason(p));
    last["usage"] = usage_of(p); // inline and always, unlike in a chat
    return {unnamed(last), sse_event{"", "[DONE]"}};
}

json embeddings_form::whole(prediction const& p) const {
    auto const vector = embedding_of(p.prompt);
    json document;
    document["object"] = "list";
    document["data"] = json::array();
    for (std::size_t i = 0; i < p.prompt.inputs; ++i) {
        json one;
        one["object"] = "embedding";
        one["embedding"] = p.prompt.base64 ? json(base64(vector)) : json(vector);
        one["index"] = i;
        document["data"].push_back(std::move(one));
    }
    document["model"] = p.model;
    document["usage"]["prompt_tokens"] = 0; // LM Studio never fills these in
    document["usage"]["total_tokens"] = 0;
    return document;
}

} // namespace

std::vector<float> embedding_of(prompt const& prompt) {
    constexpr std::array<float, 4> usual{0.5F, -0.25F, 0.125F, 0.75F};
    std::vector<float> vector;
    for (std::size_t i = 0; i < prompt.dimensions; ++i)
        vector.push_back(usual[i % usual.size()]);
    return vector;
}

dialect const& chat_dialect() {
    static chat_form const dialect;
    return dialect;
}

dialect const& v0_chat_dialect() {
    static v0_chat_form const dialect;
    return dialect;
}

dialect const& completions_dialect() {
    static completions_form const dialect;
    return dialect;
}

dialect const& embeddings_dialect() {
    static embeddings_form const dialect;
    return dialect;
}

} // namespace secondwind::emulator
