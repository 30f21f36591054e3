// The interfaces that a prediction can be told in. Pure.
#pragma once

#include "dialect.hpp"

namespace secondwind::emulator {

// https://platform.openai.com/docs/api-reference/chat with LM Studio's additions.
class chat_dialect : public dialect {
public:
    json whole(prediction const& p) const override;
    sse_events piece(prediction const& p) const override;
    sse_events closing(prediction const& p) const override;
};

// POST /api/v0/chat/completions: the same with figures of how fast it was.
class v0_chat_dialect final : public chat_dialect {
public:
    json whole(prediction const& p) const override;
};

class completions_dialect final : public dialect {
public:
    json whole(prediction const& p) const override;
    sse_events piece(prediction const& p) const override;
    sse_events closing(prediction const& p) const override;
};

// Never a stream.
class embeddings_dialect final : public dialect {
public:
    json whole(prediction const& p) const override;
    sse_events piece(prediction const&) const override { return {}; }
    sse_events closing(prediction const&) const override { return {}; }
};

// https://platform.openai.com/docs/api-reference/responses-streaming
class responses_dialect final : public dialect {
public:
    json whole(prediction const& p) const override;
    sse_events opening(prediction const& p) const override;
    sse_events piece(prediction const& p) const override;
    sse_events closing(prediction const& p) const override;
    sse_events broken(prediction const& p, std::string_view why) const override;
};

// https://docs.anthropic.com/en/api/messages-streaming
class messages_dialect final : public dialect {
public:
    json whole(prediction const& p) const override;
    sse_events opening(prediction const& p) const override;
    sse_events piece(prediction const& p) const override;
    sse_events closing(prediction const& p) const override;
    sse_events broken(prediction const& p, std::string_view why) const override;
    answer invalid(std::string_view why) const override;
    answer refused(model const& m, std::string_view cause) const override;
    answer failed(std::string_view why) const override;
    answer unserved(resolution::kind why, bool before_0_4) const override;
};

// POST /api/v1/chat, https://lmstudio.ai/docs/developer/rest/streaming-events
class rest_chat_dialect final : public dialect {
public:
    json whole(prediction const& p) const override;
    bool announces_load() const override { return true; }
    sse_events greeting(std::string_view id) const override;
    sse_events load_started(std::string_view id) const override;
    sse_events load_finished(std::string_view id, double seconds) const override;
    sse_events opening(prediction const& p) const override;
    sse_events piece(prediction const& p) const override;
    sse_events closing(prediction const& p) const override;
    sse_events broken(prediction const& p, std::string_view why) const override;
    sse_events refused_in_stream(model const& m, std::string_view cause) const override;
    answer invalid(std::string_view why) const override;
    answer refused(model const& m, std::string_view cause) const override;
    answer failed(std::string_view why) const override;
    answer unserved(resolution::kind why, bool before_0_4) const override;
};

} // namespace secondwind::emulator
