#pragma once

#include <string_view>

#include "core/domain/ids.hpp"
#include "core/http/message.hpp"

#include "merchant/api/answers.hpp"
#include "merchant/context.hpp"

namespace wxpay::merchant::api {

/// A request that has found its route.
struct Call {
    const http::Request& request;
    std::string_view id;  ///< the order in the path, where the route has one
};

using Handler = Outcome(const Call&, const Context&);

// Each group of routes is one file.
Handler login;                                    // login.cpp
Handler list_products, create_order, show_order;  // orders.cpp
Handler pay_order;                                // pay.cpp
Handler refund_order;                             // refund.cpp
Handler notify, notify_refund;                    // notify.cpp
Handler reconcile_now;                            // reconcile.cpp

/// Whose session the request carries. Problem: 401 when it is missing, unknown or expired.
Result<OpenId, Problem> signed_in(const Call& call, const Context& context);

/// An order of this user's. Problem: 404 for any other, existing or not.
Result<Order, Problem> own_order(Transaction& books, std::string_view id, const OpenId& openid);

}  // namespace wxpay::merchant::api
