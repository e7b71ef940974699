#include "core/domain/ids.hpp"

#include <algorithm>

namespace wxpay::rules {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

bool sized(std::string_view text, std::size_t from, std::size_t to) {
    return text.size() >= from && text.size() <= to;
}

}  // namespace

bool AppId::accepts(std::string_view text) {
    return text.size() == 18 && text.substr(0, 2) == "wx" &&
           std::all_of(text.begin() + 2, text.end(),
                       [](char c) { return is_digit(c) || is_lower(c); });
}

bool MchId::accepts(std::string_view text) {
    if (text.starts_with('s')) text.remove_prefix(1);
    return sized(text, 8, 10) && std::all_of(text.begin(), text.end(), is_digit);
}

bool OpenId::accepts(std::string_view text) {
    return sized(text, 2, 128) && text.front() == 'o' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_digit(c) || is_letter(c) || c == '_' || c == '-'; });
}

bool OutTradeNo::accepts(std::string_view text) {
    return sized(text, 1, 32) && std::all_of(text.begin(), text.end(), [](char c) {
               return is_digit(c) || is_letter(c) ||
                      std::string_view("_-|*@").find(c) != std::string_view::npos;
           });
}

bool PrepayId::accepts(std::string_view text) {
    return sized(text, 3, 64) && text.substr(0, 2) == "wx" &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_digit(c) || is_letter(c); });
}

bool TransactionId::accepts(std::string_view text) {
    return sized(text, 28, 32) && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace wxpay::rules
