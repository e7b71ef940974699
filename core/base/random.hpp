#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace wxpay {

/// The only source of chance: nonces, ids, session tokens. Thread-safe.
class Random {
  public:
    virtual ~Random() = default;
    /// 64 uniformly distributed bits.
    virtual std::uint64_t next() = 0;

    /// `length` characters drawn from `alphabet` (2 to 64 characters, near enough to uniform).
    std::string text(std::size_t length, std::string_view alphabet);
    std::string digits(std::size_t length) { return text(length, "0123456789"); }
    std::string hex(std::size_t length);
    /// Letters of both cases and digits, as in WeChat's nonce_str.
    std::string alphanumeric(std::size_t length) {
        return text(length, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    }
};

/// The operating system's generator, by way of OpenSSL. For secrets. Draws many at a time: a single
/// one costs as much as all of them.
class SecureRandom final : public Random {
  public:
    std::uint64_t next() override;

  private:
    std::mutex mutex_;
    std::array<std::uint64_t, 64> drawn_{};
    std::size_t left_ = 0;
};

/// Reproducible: the same seed gives the same sequence. Lock-free (SplitMix64 over a counter). Not
/// for secrets.
class SeededRandom final : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed) : seed_(seed) {}
    SeededRandom(const SeededRandom&) = delete;
    SeededRandom& operator=(const SeededRandom&) = delete;
    std::uint64_t next() override;

    /// A sequence of its own for the n-th of something, whatever has been drawn from this one.
    SeededRandom branch(std::uint64_t n) const { return SeededRandom(mix(seed_ ^ mix(n))); }

  private:
    static std::uint64_t mix(std::uint64_t z);

    std::uint64_t seed_;
    std::atomic<std::uint64_t> drawn_{0};
};

}  // namespace wxpay
