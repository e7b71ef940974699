#include "core/domain/fen.hpp"

#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

namespace wxpay {

Result<Fen> checked_add(Fen a, Fen b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.count(), b.count(), &sum)) {
        return Failure{Error{Errc::invalid_value, "the sum of two amounts overflows"}};
    }
    return Fen{sum};
}

Result<Fen> checked_sub(Fen a, Fen b) {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a.count(), b.count(), &difference)) {
        return Failure{Error{Errc::invalid_value, "the difference of two amounts overflows"}};
    }
    return Fen{difference};
}

Result<Fen> parse_total_fee(std::string_view wire) {
    std::int64_t count = 0;
    const char* const end = wire.data() + wire.size();
    const auto [stop, problem] = std::from_chars(wire.data(), end, count);
    // from_chars takes a minus sign; the range check below refuses what it makes of one.
    if (problem != std::errc{} || stop != end || count < 1 || count > kOrderTotalMax.count()) {
        return Failure{
            Error{Errc::invalid_value, "an amount is a whole number of fen, 1 to 1000000000"}};
    }
    return Fen{count};
}

std::string to_yuan(Fen amount) {
    const std::int64_t count = amount.count();
    return fmt::format("{}{}.{:02}", count < 0 ? "-" : "", std::abs(count / 100),
                       std::abs(count % 100));
}

}  // namespace wxpay
