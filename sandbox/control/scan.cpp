// The user scans a merchant's own code: Native payment, mode 1.
#include <utility>

#include <nlohmann/json.hpp>

#include "core/http/url.hpp"

#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/diagnosis/callback.hpp"
#include "sandbox/ledger/payment.hpp"
#include "sandbox/notify/callback_request.hpp"
#include "sandbox/notify/product_scan.hpp"
#include "sandbox/notify/sender.hpp"
#include "sandbox/notify/verdict.hpp"

namespace wxpay::sandbox::control {
namespace {

/// What the merchant should have said.
constexpr std::string_view kProductAnswer =
    "a signed <xml> of return_code, appid, mch_id, nonce_str, prepay_id, result_code and sign";

struct Scan {
    ProductLink link;
    http::Url bizpay_url;
    std::string openid;
};

/// Of a short link the long one; any other text as it is.
std::string long_form(const std::string& url, Context& context) {
    if (!url.starts_with(kShortUrlStart)) return url;
    return context.store.begin()->long_url(url.substr(kShortUrlStart.size())).value_or(url);
}

Result<Scan, Problem> scan_from(const Call& call) {
    WXPAY_TRY(const nlohmann::json body, call.body({"url", "bizpay_url", "openid"}));
    WXPAY_TRY(const std::string url, text_member(body, "url", kUrlMax));
    WXPAY_TRY(std::string bizpay_url, text_member(body, "bizpay_url", kUrlMax));
    WXPAY_TRY(std::string openid, openid_member(body));
    auto link = read_product_link(long_form(url, call.context), call.context.directory);
    if (!link) {
        return Failure{
            Problem{400, "native_url_wrong", "原生支付URL参数错误", "url", link.error()}};
    }
    if (!body.contains("bizpay_url")) bizpay_url = link->merchant->bizpay_url;
    auto target = http::Url::parse(bizpay_url);
    if (!target) {
        return Failure{bad_request(
            "bizpay_url is the http or https address that the merchant set in the console",
            "bizpay_url")};
    }
    if (openid.empty()) openid = kDefaultPayer;
    return Scan{std::move(*link), std::move(*target), std::move(openid)};
}

Problem unusable(std::string reason) {
    return {502, "bizpay_failed", std::move(reason), "bizpay_url"};
}

/// The order to which the merchant's answer leads.
Result<Order, Problem> order_of(const http::Outcome& outcome, const Judgement& judgement,
                                const ProductLink& link, Context& context) {
    if (judgement.verdict == Verdict::refused)
        return Failure{conflict("bizpay_refused", judgement.reason)};
    if (judgement.verdict != Verdict::ok) return Failure{unusable(judgement.reason)};
    const auto prepay_id = read_product_answer(outcome.response.body, link, context.directory);
    if (!prepay_id) {
        const ProductAnswerProblem& problem = prepay_id.error();
        if (problem.refused) return Failure{conflict("bizpay_refused", problem.reason)};
        return Failure{unusable(problem.reason)};
    }
    auto order = context.store.begin()->find_order(*prepay_id);
    if (!order || order->mch_id != link.merchant->mch_id || order->appid != link.appid ||
        order->trade_type != TradeType::native)
        return Failure{unusable("the prepay_id is of no NATIVE order of this merchant and app")};
    if (const auto problem = why_not_payable(*order, context.clock.now()))
        return Failure{conflict(*problem)};
    return std::move(*order);
}

http::Response finish(Exchange exchange, http::Outcome outcome, const ProductLink& link,
                      Context& context) {
    const Judgement judgement = judge_v2(outcome, kProductAnswer);
    auto order = order_of(outcome, judgement, link, context);
    exchange.latency = outcome.latency;
    exchange.response = std::move(outcome.response);
    if (outcome.kind != http::Outcome::Kind::answered) exchange.response.status = 0;
    exchange.verdict = name(judgement.verdict);
    if (judgement.verdict != Verdict::ok) {
        exchange.error = judgement.reason;
        diagnosis::explain_callback(exchange, judgement, false, link.merchant);
    } else if (!order) {
        exchange.verdict =
            name(order.error().status == 502 ? Verdict::bad_answer : Verdict::refused);
        exchange.error = order.error().message;
    }
    if (order) exchange.out_trade_no = order->out_trade_no.str();
    context.exchanges.add(std::move(exchange));
    if (!order) return problem_response(order.error());
    return json_response(dump(to_json(*order, *context.store.begin())));
}

Result<http::Answer, Problem> scan(const Call& call) {
    WXPAY_TRY(Scan wanted, scan_from(call));
    return http::Answer(
        http::Later([&context = call.context, wanted = std::move(wanted)](http::Reply reply) {
            Exchange exchange;
            exchange.kind = Exchange::Kind::callback;
            exchange.id = context.exchanges.next_id(exchange.kind);
            exchange.at = context.clock.now();
            exchange.url = wanted.bizpay_url.origin() + wanted.bizpay_url.target;
            constexpr std::size_t kNonceSize = 16;
            exchange.request = callback_request(render_product_question(
                wanted.link, wanted.openid, context.random.alphanumeric(kNonceSize)));
            exchange.mch_id = wanted.link.merchant->mch_id.str();
            const http::Request question = exchange.request;
            context.sender.send(wanted.bizpay_url, question, context.settings.notify_timeout,
                                [&context, link = wanted.link, exchange = std::move(exchange),
                                 reply = std::move(reply)](http::Outcome outcome) mutable {
                                    reply_with(reply, [&] {
                                        return finish(std::move(exchange), std::move(outcome), link,
                                                      context);
                                    });
                                });
        }));
}

constexpr Route kRoutes[] = {
    {.method = "POST",
     .pattern = "/_sandbox/v1/scan",
     .handle = scan,
     .summary = "A user scans a product code: the merchant's bizpay address is asked for an order",
     .answer = "Order",
     .body = "ScanRequest"},
};

}  // namespace

std::span<const Route> scan_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
