#include "merchant/shop/order.hpp"

namespace wxpay::merchant {

std::string_view name(OrderState state) {
    switch (state) {
        case OrderState::unpaid:
            return "unpaid";
        case OrderState::paid:
            return "paid";
        case OrderState::refunded:
            return "refunded";
        case OrderState::closed:
            return "closed";
    }
    return {};
}

std::optional<OrderState> parse_order_state(std::string_view word) {
    for (const OrderState state :
         {OrderState::unpaid, OrderState::paid, OrderState::refunded, OrderState::closed}) {
        if (word == name(state)) return state;
    }
    return std::nullopt;
}

}  // namespace wxpay::merchant
