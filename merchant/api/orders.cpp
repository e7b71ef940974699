#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"

#include "merchant/api/routes.hpp"
#include "merchant/limits.hpp"
#include "merchant/shop/catalogue.hpp"

namespace wxpay::merchant::api {
namespace {

constexpr std::size_t kProductIdBytesMax = 32;
constexpr std::size_t kOrderIdLength = 24;

/// The time keeps numbers apart over the years, the digits within a second. A number is spent for
/// ever: WeChat remembers it even when our books are gone.
OutTradeNo new_out_trade_no(Instant now, Random& random) {
    return OutTradeNo::parse(format_compact_time(now) + random.digits(12)).value();
}

nlohmann::ordered_json brief(const Order& order) {
    return {{"id", order.id},
            {"out_trade_no", order.out_trade_no.str()},
            {"total_fee", order.total.count()},
            {"state", name(order.state)}};
}

}  // namespace

/// GET /api/products
Outcome list_products(const Call&, const Context&) {
    auto list = nlohmann::ordered_json::array();
    for (const Product& product : products()) {
        list.push_back(
            {{"id", product.id}, {"name", product.name}, {"price", product.price.count()}});
    }
    return json_answer(200, {{"products", std::move(list)}});
}

/// POST /api/orders {"product_id","quantity"}. Nothing else is read, least of all a price: what a
/// thing costs only the shop says.
Outcome create_order(const Call& call, const Context& context) {
    WXPAY_TRY(const OpenId openid, signed_in(call, context));
    WXPAY_TRY(const nlohmann::json body, read_object(call.request));
    WXPAY_TRY(const std::string product_id, text_field(body, "product_id", kProductIdBytesMax));
    WXPAY_TRY(const std::int64_t quantity, count_field(body, "quantity", kQuantityMax));
    const Product* const product = find_product(product_id);
    if (product == nullptr)
        return Failure{Problem{404, "no_such_product", "see GET /api/products", "product_id"}};

    const Instant now = context.clock.now();
    Order order;
    order.id = context.random.alphanumeric(kOrderIdLength);
    order.out_trade_no = new_out_trade_no(now, context.random);
    order.openid = openid;
    order.body =
        quantity == 1 ? std::string(product->name) : fmt::format("{} ×{}", product->name, quantity);
    order.total = Fen{product->price.count() * quantity};
    order.notify_url = context.settings.notify_url;
    order.created_at = now;

    const auto books = context.store.begin();
    books->insert_order(order);
    books->log(order.id, now, event::kCreated, fmt::format("{} fen", order.total.count()));
    books->commit();
    return json_answer(201, brief(order));
}

/// GET /api/orders/{id}
Outcome show_order(const Call& call, const Context& context) {
    WXPAY_TRY(const OpenId openid, signed_in(call, context));
    const auto books = context.store.begin();
    WXPAY_TRY(const Order order, own_order(*books, call.id, openid));
    auto answer = brief(order);
    answer["credits"] = order.credits;
    auto& refunds = answer["refunds"] = nlohmann::ordered_json::array();
    for (const Refund& refund : books->refunds_of(order.id)) {
        refunds.push_back({{"out_refund_no", refund.out_refund_no},
                           {"fee", refund.fee.count()},
                           {"state", name(refund.state)}});
    }
    auto& log = answer["log"] = nlohmann::ordered_json::array();
    for (const LogLine& line : books->log_of(order.id)) {
        log.push_back(
            {{"at", format_rfc3339(line.at)}, {"event", line.event}, {"detail", line.detail}});
    }
    return json_answer(200, answer);
}

Result<Order, Problem> own_order(Transaction& books, std::string_view id, const OpenId& openid) {
    auto order = books.find_order(id);
    // Another's order is answered like none: that it exists is nobody else's business.
    if (!order || order->openid != openid)
        return Failure{Problem{404, "no_such_order", "you have no such order"}};
    return *std::move(order);
}

}  // namespace wxpay::merchant::api
