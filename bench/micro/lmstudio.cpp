#include "suite.hpp"

#include <secondwind/lmstudio/requested_model.hpp>

#include <string>
#include <string_view>

namespace secondwind::bench {

namespace {

// A request of about a megabyte whose "model" stands last, so that all of it is read.
void add_requested_model(suite& parts, std::string const& name, std::string_view content) {
    std::string body = R"({"messages":[{"role":"user","content":")";
    while (body.size() < 1'000'000)
        body += content;
    body += R"("}],"stream":true,"model":"qwen/qwen3-coder-30b"})";
    parts.add(
        name, {body.size()}, [body] { return lmstudio::requested_model{body}.name(); },
        [](std::string const& model) { return model == "qwen/qwen3-coder-30b"; });
}

} // namespace

void add_lmstudio(suite& parts) {
    add_requested_model(parts, "requested_model/1_MB_of_text",
                        "The quick brown fox jumps over the lazy dog, and then once more. ");
    add_requested_model(parts, "requested_model/1_MB_of_code",
                        R"(    std::printf(\"%s %d\\n\", name, line);\n)");
}

} // namespace secondwind::bench
