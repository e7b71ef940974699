#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <string>

#include "core/base/result.hpp"

namespace wxpay {

/// An amount of money in fen (1/100 yuan). Never a floating-point number.
class Fen {
  public:
    constexpr Fen() = default;
    constexpr explicit Fen(std::int64_t count) : count_(count) {}
    template <std::floating_point F>
    explicit Fen(F) = delete;

    constexpr std::int64_t count() const { return count_; }
    // clang-tidy 14 takes the 0 that a rewritten comparison compares with for a pointer.
    friend constexpr auto operator<=>(Fen, Fen) = default;  // NOLINT(modernize-use-nullptr)

  private:
    std::int64_t count_ = 0;
};

/// a + b; invalid_value on overflow.
Result<Fen> checked_add(Fen a, Fen b);
/// a - b; invalid_value on overflow.
Result<Fen> checked_sub(Fen a, Fen b);

/// What an order may cost: 1 fen to 10 million yuan. Observed: 2000000000 was refused (spec grade
/// B).
inline constexpr Fen kOrderTotalMax{1'000'000'000};

/// A wire amount: digits only, 1 to kOrderTotalMax. invalid_value for anything else (sign, point,
/// blanks, overflow).
Result<Fen> parse_total_fee(std::string_view wire);

/// "8.88", for people and bills.
std::string to_yuan(Fen amount);

}  // namespace wxpay
