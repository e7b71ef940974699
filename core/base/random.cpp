#include "core/base/random.hpp"

#include <stdexcept>
#include <utility>

#include <openssl/rand.h>

namespace wxpay {

std::string Random::text(std::size_t length, std::string_view alphabet) {
    // Ten characters of at most 64 symbols use 60 of the 64 bits.
    constexpr std::size_t kPerDraw = 10;
    std::string out(length, '\0');
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < length; ++i) {
        if (i % kPerDraw == 0) bits = next();
        out[i] = alphabet[bits % alphabet.size()];
        bits /= alphabet.size();
    }
    return out;
}

std::string Random::hex(std::size_t length) {
    constexpr std::size_t kPerDraw = 16;
    std::string out(length, '\0');
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < length; ++i) {
        if (i % kPerDraw == 0) bits = next();
        out[i] = "0123456789abcdef"[bits & 15U];
        bits >>= 4U;
    }
    return out;
}

std::uint64_t SecureRandom::next() {
    const std::lock_guard lock(mutex_);
    if (left_ == 0) {
        if (RAND_bytes(reinterpret_cast<unsigned char*>(drawn_.data()), sizeof drawn_) != 1) {
            throw std::runtime_error("the operating system gives no random bytes");
        }
        left_ = drawn_.size();
    }
    return std::exchange(drawn_[--left_], 0);
}

std::uint64_t SeededRandom::next() {
    const std::uint64_t n = drawn_.fetch_add(1, std::memory_order_relaxed) + 1;
    return mix(seed_ + n * 0x9e3779b97f4a7c15U);
}

std::uint64_t SeededRandom::mix(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
}

}  // namespace wxpay
