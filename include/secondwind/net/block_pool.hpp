// Buffers that are borrowed while there are bytes, and returned while a connection waits.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::net {

// Keeps a few blocks of one size for reuse; the last one given back is the next one lent, so it is
// warm in the cache.
class block_pool {
public:
    static constexpr std::size_t block_size = 16 * 1024;

    std::unique_ptr<char[]> lend() {
        if (free_.empty())
            return std::make_unique_for_overwrite<char[]>(block_size);
        auto block = std::move(free_.back());
        free_.pop_back();
        return block;
    }
    void give_back(std::unique_ptr<char[]> block) noexcept {
        if (free_.size() < kept)
            free_.push_back(std::move(block)); // never reallocates: see the constructor
    }

    block_pool() { free_.reserve(kept); }

private:
    static constexpr std::size_t kept = 64;
    std::vector<std::unique_ptr<char[]>> free_;
};

// A buffer that begins as a lent block, and moves to its own memory when a block is too small.
// room() and settle() move the bytes, which invalidates views into the buffer.
class buffer {
public:
    explicit buffer(block_pool& pool) noexcept : pool_{&pool} {}
    buffer(buffer const&) = delete;
    buffer& operator=(buffer const&) = delete;
    ~buffer() { release(); }

    std::string_view view() const noexcept { return {data_.get(), size_}; }
    std::size_t size() const noexcept { return size_; }

    // Free space after the bytes: at least one byte.
    std::pair<char*, std::size_t> room() {
        if (!data_) {
            data_ = pool_->lend();
            capacity_ = block_pool::block_size;
        } else if (size_ == capacity_) {
            if (capacity_ < block_pool::block_size)
                move_to(pool_->lend(), block_pool::block_size);
            else
                move_to(std::make_unique_for_overwrite<char[]>(capacity_ * 2), capacity_ * 2);
        }
        return {data_.get() + size_, capacity_ - size_};
    }
    void commit(std::size_t n) noexcept { size_ += n; }

    // To be called before a wait that may be long: a few bytes move to memory of just that size,
    // and the block is given back.
    void settle() {
        if (capacity_ != block_pool::block_size || size_ > block_pool::block_size / 4)
            return;
        if (size_ == 0)
            release();
        else
            move_to(std::make_unique_for_overwrite<char[]>(size_), size_);
    }

    // Drops bytes from the front.
    void consume(std::size_t n) noexcept {
        std::memmove(data_.get(), data_.get() + n, size_ - n);
        size_ -= n;
    }

    void release() noexcept {
        if (data_ && capacity_ == block_pool::block_size)
            pool_->give_back(std::move(data_));
        data_.reset();
        size_ = capacity_ = 0;
    }

private:
    void move_to(std::unique_ptr<char[]> memory, std::size_t capacity) noexcept {
        auto const kept = size_;
        std::memcpy(memory.get(), data_.get(), kept);
        release();
        data_ = std::move(memory);
        size_ = kept;
        capacity_ = capacity;
    }

    block_pool* pool_;
    std::unique_ptr<char[]> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace secondwind::net
