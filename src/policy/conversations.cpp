#include <secondwind/policy/conversations.hpp>

#include <secondwind/policy/price.hpp>

#include <algorithm>
#include <cstring>

namespace secondwind::policy {

namespace {

std::uint64_t add(std::uint64_t hash, std::uint64_t word) noexcept {
    constexpr int fold = 47;
    hash = (hash ^ word) * 0x9ddfea08eb382d69;
    return hash ^ (hash >> fold);
}

// Eight bytes at a time: bodies may be long.
std::uint64_t add(std::uint64_t hash, std::string_view bytes) noexcept {
    std::uint64_t word = 0;
    for (; bytes.size() >= sizeof word; bytes.remove_prefix(sizeof word)) {
        std::memcpy(&word, bytes.data(), sizeof word);
        hash = add(hash, word);
    }
    word = bytes.size();
    std::memcpy(&word, bytes.data(), bytes.size());
    return add(hash, word);
}

} // namespace

conversations::beginnings conversations::begin(std::string_view scope,
                                               std::string_view body) const {
    beginnings of;
    of.length_ = body.size();
    auto hash = rendezvous(secret_, scope);
    std::size_t read = 0;
    for (auto length = shortest; length <= body.size(); length += length / 4) {
        hash = add(hash, body.substr(read, length - read));
        read = length;
        of.hashes_.push_back({hash, length});
    }
    return of;
}

conversations::beginnings conversations::begin(std::string_view scope, std::string_view session,
                                               std::size_t length) const {
    beginnings of;
    of.length_ = length;
    of.hashes_.push_back({add(rendezvous(secret_, scope), session), length});
    return of;
}

void conversations::note(beginnings const& of, std::string_view host, time_point now) {
    for (auto const& each : of.hashes_) {
        auto const [at, fresh] =
            readers_.insert_or_assign(each.hash, reader{std::string{host}, now});
        if (fresh)
            order_.push_back(each.hash);
    }
    while (order_.size() > most) {
        readers_.erase(order_.front());
        order_.pop_front();
    }
}

std::size_t conversations::unread(beginnings const& of, std::string_view host,
                                  time_point now) const noexcept {
    auto const is_read = [&](beginnings::beginning const& one) {
        auto const found = readers_.find(one.hash);
        return found != readers_.end() && found->second.host == host &&
               now - found->second.when < age;
    };
    auto const longest = std::find_if(of.hashes_.rbegin(), of.hashes_.rend(), is_read);
    return longest == of.hashes_.rend() ? of.length_ : of.length_ - longest->length;
}

} // namespace secondwind::policy
