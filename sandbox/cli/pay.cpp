#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/random.hpp"
#include "core/client/v2_client.hpp"
#include "core/program/program.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/control_verbs.hpp"
#include "sandbox/cli/options.hpp"
#include "sandbox/cli/table.hpp"
#include "sandbox/directory.hpp"

namespace wxpay::sandbox::cli {
namespace {

struct Options {
    ControlOptions control;
    std::string order;
    std::string outcome = "success";
    std::string openid;
    std::string bank_type;
    // Of a new order.
    std::string fee;
    std::string notify_url;
    std::string out_trade_no;
    std::string appid;
    std::string mch_id;
    std::string api_key;
};

/// The running server, for WeChat's own calls.
class ServerTransport final : public http::Transport {
  public:
    explicit ServerTransport(const RunningServer& server) : server_(server) {}
    Result<http::Response> send(const http::Request& request) override {
        return server_.send(request, std::chrono::seconds(10));
    }

  private:
    const RunningServer& server_;
};

/// Who orders: the demo merchant with this mch_id, but for what was given.
v2::Account account_of(const Options& options) {
    const Directory directory = demo_directory();
    const Merchant* merchant = directory.merchants().front();
    if (!options.mch_id.empty()) merchant = directory.find_merchant(options.mch_id);
    v2::Account account{options.appid, options.mch_id, Secret(options.api_key)};
    if (merchant != nullptr) {
        if (account.mch_id.empty()) account.mch_id = merchant->mch_id.str();
        if (account.appid.empty() && !merchant->appids.empty())
            account.appid = merchant->appids.front().str();
        if (account.api_key.empty()) account.api_key = merchant->api_key;
    }
    if (account.appid.empty() || account.api_key.empty()) {
        throw UsageError(fmt::format("{} is none of the demo merchants: give --api-key and --appid",
                                     account.mch_id));
    }
    return account;
}

/// Makes the order by unifiedorder, as a merchant does; the name by which it is paid.
std::string make_order(const Options& options) {
    const auto fee = parse_total_fee(options.fee);
    if (!fee) {
        throw UsageError(
            fmt::format("--new '{}': an amount in fen is wanted, for example 888", options.fee));
    }
    if (options.notify_url.empty())
        throw UsageError("--new needs a --notify-url, where the merchant hears of the payment");
    ServerTransport transport(options.control.server);
    SecureRandom random;
    const v2::Account account = account_of(options);
    constexpr std::size_t kDigits = 20;
    v2::UnifiedOrderRequest request;
    request.out_trade_no =
        options.out_trade_no.empty() ? "PAY" + random.digits(kDigits) : options.out_trade_no;
    request.body = "wxpay-sandbox pay";
    request.total_fee = *fee;
    request.spbill_create_ip = "127.0.0.1";
    request.notify_url = options.notify_url;
    request.trade_type = TradeType::native;
    request.product_id = "1";
    const auto ordered = v2::Client(account, transport, random).unified_order(request);
    if (!ordered) {
        const Error& problem = ordered.error();
        if (problem.code == Errc::unreachable || problem.code == Errc::malformed)
            throw UsageError(problem.detail);
        throw NotSo(fmt::format("the order was refused: {}", problem.detail));
    }
    return account.mch_id + ":" + request.out_trade_no;
}

int work(const Options& options) {
    if (options.order.empty() == options.fee.empty())
        throw UsageError("which order? ORDER, or --new FEN --notify-url URL for a new one");
    const std::string order = options.order.empty() ? make_order(options) : options.order;
    nlohmann::ordered_json body{{"outcome", options.outcome}};
    if (!options.openid.empty()) body["openid"] = options.openid;
    if (!options.bank_type.empty()) body["bank_type"] = options.bank_type;
    const ControlAnswer answer = ask(
        options.control,
        {.method = "POST", .path = "/_sandbox/v1/orders/" + order + "/pay", .body = to_body(body)});
    const nlohmann::json& paid = answer.json();
    const std::string message = text_of(paid["payment"], "message");
    if (!options.control.is_json()) {
        Table table({"order", "state", "total_fee", "transaction_id", "message"});
        table.add({text_of(paid, "mch_id") + ":" + text_of(paid, "out_trade_no"),
                   text_of(paid, "state"), text_of(paid, "total_fee"),
                   text_of(paid, "transaction_id"), message});
        table.print(options.control.is_colorful());
    }
    if (text_of(paid["payment"], "outcome") != options.outcome)
        throw NotSo(fmt::format("this user does otherwise: {}", message));
    return 0;
}

}  // namespace

int pay(int argc, char** argv) {
    CLI::App app{"The user pays an order; with --new, one that is made for it.",
                 "wxpay-sandbox pay"};
    Options options;
    app.add_option("order", options.order, "a prepay_id, a transaction_id or mch_id:out_trade_no")
        ->type_name("ORDER");
    app.add_option("--outcome", options.outcome,
                   "success, cancel, notenough, payerror or userpaying")
        ->type_name("OUTCOME")
        ->capture_default_str();
    app.add_option("--openid", options.openid, "who pays (default: the order's user)")
        ->type_name("OPENID");
    app.add_option("--bank-type", options.bank_type, "by which card, for example CMB_DEBIT")
        ->type_name("TYPE");
    app.add_option("--new", options.fee, "makes an order of so much first")->type_name("FEN");
    app.add_option("--notify-url", options.notify_url, "of the new order: the callback's address")
        ->type_name("URL");
    app.add_option("--out-trade-no", options.out_trade_no, "of the new order (default: made up)")
        ->type_name("NO");
    add_option(app, "--mch-id", options.mch_id, "whose new order (default: the demo merchant's)")
        ->type_name("ID");
    add_option(app, "--appid", options.appid, "its app (default: the merchant's first)")
        ->type_name("ID");
    add_option(app, "--api-key", options.api_key, "signs it (default: that of the demo merchant)")
        ->type_name("KEY");
    declare(app, options.control);
    return run_control_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
