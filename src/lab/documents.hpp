// LM Studio's documents that the lab writes and reads: REST v1 and two calls of the SDK. Pure.
#pragma once

#include "calls.hpp"

#include <secondwind/http/sse_scanner.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::lab {

// `GET /api/v1/models`. Nothing where the document has another shape (LM Studio before 0.4.0).
// Entries of another shape, of another type than a model's, or with a key that the registry does
// not keep are only counted. A number that is out of its range is left out, with a complaint.
struct model_listing {
    std::vector<listed_model> models;
    std::size_t left_out = 0;
};
std::optional<model_listing> parse_listing(std::string_view json);

// Why an answer to that is no list, as a clause: LM Studio before 0.4.0, the host's own error, or
// neither.
std::string describe_no_listing(int status, std::string_view json);

// `POST /api/v1/models/load`, and its answer. Sets `error`, `instance`, `context` and `seconds`.
std::string load_body(load_request const& request);
void read_load(load_answer& answer, std::string_view json);

// `POST /api/v1/chat`, streamed.
std::string chat_body(chat_request const& request);
// Takes the answer to it as it arrives: events, or one JSON document.
class chat_reader {
public:
    explicit chat_reader(chat_answer& into) noexcept : answer_{into} {}

    void push(std::string_view body);
    void finish(); // the connection has no more

private:
    bool take(http::sse_event const& event);
    void read_error(std::string_view json);

    chat_answer& answer_;
    http::sse_scanner events_;
    std::string text_; // the beginning of the body: it may be no stream
};

// `POST /v1/embeddings`.
std::string embedding_body(std::string_view instance, std::string_view text);
void read_embedding(embedding_answer& answer, std::string_view json);

// The parameter of estimateModelUsage, and its result; nothing for an error.
std::string estimate_parameter(load_request const& request);
std::optional<estimate> parse_estimate(std::string_view message);

// The error in an answer that is not a success; empty where it has none that can be read.
std::string error_in(std::string_view json);

} // namespace secondwind::lab
