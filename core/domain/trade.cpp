#include "core/domain/trade.hpp"

#include <array>
#include <utility>

#include "core/base/assert.hpp"

namespace wxpay {
namespace {

template <class Value>
using Words = std::pair<Value, std::string_view>;

constexpr std::array<Words<TradeType>, 5> kTypes{{{TradeType::jsapi, "JSAPI"},
                                                  {TradeType::native, "NATIVE"},
                                                  {TradeType::app, "APP"},
                                                  {TradeType::mweb, "MWEB"},
                                                  {TradeType::micropay, "MICROPAY"}}};

constexpr std::array<Words<TradeState>, 7> kStates{{{TradeState::not_paid, "NOTPAY"},
                                                    {TradeState::user_paying, "USERPAYING"},
                                                    {TradeState::pay_error, "PAYERROR"},
                                                    {TradeState::success, "SUCCESS"},
                                                    {TradeState::refund, "REFUND"},
                                                    {TradeState::closed, "CLOSED"},
                                                    {TradeState::revoked, "REVOKED"}}};

template <class Table, class Value>
std::string_view word_of(const Table& table, Value value) {
    for (const auto& [each, word] : table) {
        if (each == value) return word;
    }
    WXPAY_ASSERT(!"every value has a word");
    return {};
}

template <class Value, class Table>
std::optional<Value> value_of(const Table& table, std::string_view word) {
    for (const auto& [value, each] : table) {
        if (each == word) return value;
    }
    return std::nullopt;
}

}  // namespace

std::string_view wire_name(TradeType type) { return word_of(kTypes, type); }
std::string_view wire_name(TradeState state) { return word_of(kStates, state); }
std::optional<TradeType> parse_trade_type(std::string_view word) {
    return value_of<TradeType>(kTypes, word);
}
std::optional<TradeState> parse_trade_state(std::string_view word) {
    return value_of<TradeState>(kStates, word);
}

}  // namespace wxpay
