// The newest requests that have ended, for operators. Pure.
#pragma once

#include <secondwind/telemetry/finished.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::telemetry {

// Each row has the same size, texts included, so that a request costs no allocation once its row
// exists, and the ring has a bound in bytes: its rows times sizeof(row). Only a request with
// several attempts needs memory of its own.
class request_ring {
public:
    class row {
    public:
        row() noexcept {} // NOLINT(modernize-use-equals-default): the texts are not zeroed
        row(row const&) = delete;
        row& operator=(row const&) = delete;
        row(row&& other) noexcept : told_{other.told_}, earlier_{std::move(other.earlier_)} {
            keep_texts();
        }
        row& operator=(row&&) = delete;
        ~row() = default;

        // Its texts live as long as the row; they are cut where all together are too long.
        finished const& told() const noexcept { return told_; }
        // All but the last one.
        std::vector<earlier_attempt> const& earlier() const noexcept { return earlier_; }

    private:
        friend class request_ring;
        void keep_texts() noexcept;

        finished told_;
        std::vector<earlier_attempt> earlier_;
        std::array<char, 224> texts_;
    };

    // Keeps that many from now on; 0: none. The newest stay.
    void bound(std::size_t rows);
    std::size_t most() const noexcept { return most_; }

    // Has `fill` write a request where it is kept, and copies its texts after that. What it returns
    // is valid until the next call.
    template<class Fill>
    finished const& add(Fill const& fill, std::vector<earlier_attempt> const& earlier) {
        auto& next = next_row();
        fill(next.told_);
        if (most_ != 0)
            next.keep_texts();
        if (!earlier.empty() || !next.earlier_.empty())
            next.earlier_ = earlier;
        return next.told_;
    }

    // One of an earlier process. Its static words are kept here, as far as they are no more than
    // this program has; then false is returned, and nothing is added.
    bool add_again(finished const& one, std::vector<earlier_attempt> earlier);

    // Requests are numbered from 1 as they end.
    std::uint64_t newest() const noexcept { return newest_; }
    // Of the oldest that is kept; newest() + 1 if none is.
    std::uint64_t oldest() const noexcept { return newest_ + 1 - rows_.size(); }
    // `number` is from oldest() to newest(). Valid until the next add().
    row const& at(std::uint64_t number) const noexcept { return rows_[place_of(number)]; }

private:
    row& next_row();
    bool make_static(std::string_view& word);
    std::size_t place_of(std::uint64_t number) const noexcept {
        auto const back = static_cast<std::size_t>(newest_ - number);
        return last_ >= back ? last_ - back : last_ + rows_.size() - back;
    }

    std::vector<row> rows_;
    row passing_;                              // where none is kept
    std::set<std::string, std::less<>> words_; // of requests of earlier processes
    std::size_t most_ = 0;
    std::size_t last_ = 0; // the place of the newest
    std::uint64_t newest_ = 0;
};

} // namespace secondwind::telemetry
