#include <secondwind/policy/stored_responses.hpp>

#include <secondwind/policy/price.hpp>

#include <algorithm>

namespace secondwind::policy {

namespace {

// What comes before an id; white space may follow the colon.
constexpr std::string_view mark = "id\"";
constexpr std::string_view response_prefix = "resp_";

bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_of_id(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
}

// The id with this prefix whose name ends at `at`; empty if there is none, or not all of it.
std::string_view id_at(std::string_view text, std::size_t at, std::string_view prefix) noexcept {
    auto const skip_spaces = [&] {
        while (at < text.size() && is_space(text[at]))
            ++at;
    };
    skip_spaces();
    if (at == text.size() || text[at++] != ':')
        return {};
    skip_spaces();
    if (at == text.size() || text[at++] != '"' || !text.substr(at).starts_with(prefix))
        return {};
    auto const id = text.substr(at);
    auto const end = std::ranges::find_if_not(id, is_of_id);
    return end == id.end() || *end != '"'
               ? std::string_view{}
               : id.substr(0, static_cast<std::size_t>(end - id.begin()));
}

} // namespace

void stored_id_watch::push(std::string_view data) {
    // Of an id that spans two pieces, the beginning is in what was kept.
    constexpr auto kept = 2 * longest;
    auto const beginning = data.substr(0, kept);
    tail_.append(beginning);
    take_from(tail_);
    if (data.size() > beginning.size()) {
        take_from(data);
        tail_ = data;
    }
    if (tail_.size() > kept)
        tail_.erase(0, tail_.size() - kept);
}

void stored_id_watch::take_from(std::string_view text) {
    bool const download = kind_ == stored_kind::download;
    std::string_view const prefix = download ? "" : response_prefix;
    for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + 1)) {
        auto const before = text.substr(0, at);
        bool const named = download ? before.ends_with("\"job_")
                                    : before.ends_with('"') || before.ends_with("\"response_");
        auto const id = named ? id_at(text, at + mark.size(), prefix) : std::string_view{};
        if (!id.empty() && id.size() <= longest)
            id_ = id;
    }
}

std::uint64_t stored_responses::key_of(std::string_view id) const noexcept {
    return rendezvous(secret_, id);
}

void stored_responses::note(std::string_view id, std::string_view host) {
    auto const key = key_of(id);
    auto const [at, fresh] = hosts_.insert_or_assign(key, std::string{host});
    if (!fresh)
        return;
    order_.push_back(key);
    if (order_.size() <= most)
        return;
    hosts_.erase(order_.front());
    order_.pop_front();
}

std::string_view stored_responses::host_of(std::string_view id) const noexcept {
    if (id.empty())
        return {};
    auto const found = hosts_.find(key_of(id));
    return found == hosts_.end() ? std::string_view{} : found->second;
}

} // namespace secondwind::policy
