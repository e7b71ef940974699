#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/client/v2_client.hpp"
#include "core/client/v3_client.hpp"
#include "core/program/program.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/control_verbs.hpp"
#include "sandbox/cli/options.hpp"
#include "sandbox/cli/servers_merchant.hpp"
#include "sandbox/cli/table.hpp"
#include "sandbox/directory.hpp"
#include "sandbox/ledger/payment.hpp"

namespace wxpay::sandbox::cli {
namespace {

constexpr const char* kWhat = "wxpay-sandbox pay";

struct Options {
    ControlOptions control;
    std::string order;
    std::string outcome = "success";
    std::string openid;
    std::string bank_type;
    // Of a new order.
    std::string api = "v2";
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

/// Who orders, as the server knows it, but for what was given.
v2::Account account_of(const Options& options) {
    std::string mch_id = options.mch_id;
    if (mch_id.empty()) mch_id = demo_directory().merchants().front()->mch_id.str();
    const auto given = [&mch_id](const std::string& typed, const char* variable) {
        return typed.empty() ? merchants_variable(variable, mch_id) : typed;
    };
    v2::Account account{given(options.appid, "APPID"), mch_id,
                        Secret(given(options.api_key, "API_KEY"))};
    if (!account.appid.empty() && !account.api_key.empty()) return account;
    const auto merchant = servers_merchant(options.control.server, mch_id);
    if (!merchant) throw UsageError(merchant.error().detail);
    if (account.appid.empty()) account.appid = merchant->appid;
    if (account.api_key.empty()) account.api_key = merchant->api_key;
    if (account.api_key.empty())
        throw UsageError(fmt::format("{}: give --api-key", merchant->why_no_keys()));
    if (account.appid.empty())
        throw UsageError(fmt::format("merchant {} has no app: give --appid", mch_id));
    return account;
}

v2::UnifiedOrderRequest request_of(const Options& options, Fen fee,
                                   const std::string& out_trade_no) {
    v2::UnifiedOrderRequest request;
    request.out_trade_no = out_trade_no;
    request.body = kWhat;
    request.total_fee = fee;
    request.spbill_create_ip = "127.0.0.1";
    request.notify_url = options.notify_url;
    request.trade_type = TradeType::native;
    request.product_id = "1";
    return request;
}

/// Who orders by API V3: one of the demo merchants, whose keys are shipped.
v3::Account v3_account_of(const Options& options) {
    if (!options.api_key.empty())
        throw UsageError(
            "--api-key is of API V2; V3 signs with the shipped key of a demo merchant");
    const Directory directory = demo_directory();
    const Merchant* merchant = directory.merchants().front();
    if (!options.mch_id.empty()) merchant = directory.find_merchant(options.mch_id);
    if (merchant == nullptr || !merchant->certificate || merchant->api_v3_key.empty()) {
        throw UsageError(fmt::format(
            "--mch-id {}: only of a demo merchant with a certificate the key is known here",
            options.mch_id));
    }
    const auto at_server = servers_merchant(options.control.server, merchant->mch_id.str());
    if (!at_server) throw UsageError(at_server.error().detail);
    if (at_server->api_v3_key.empty()) {
        throw UsageError(fmt::format("{}: V3 orders are made for demo merchants only",
                                     at_server->why_no_keys()));
    }
    return {options.appid.empty() ? at_server->appid : options.appid, merchant->mch_id.str(),
            merchant->serial_no, RsaPrivateKey::from_pem(merchant->certificate->key).value(),
            merchant->api_v3_key};
}

/// The call that makes the order, as a merchant does it, by either version.
Result<void> place_order(const Options& options, Fen fee, const std::string& out_trade_no,
                         std::string& mch_id) {
    ServerTransport transport(options.control.server);
    SecureRandom random;
    if (options.api == "v3") {
        const SystemClock clock;
        v3::Client client(v3_account_of(options), {}, transport, random, clock);
        mch_id = client.account().mchid;
        WXPAY_CHECK(client.prepay({.trade_type = TradeType::jsapi,
                                   .description = kWhat,
                                   .out_trade_no = out_trade_no,
                                   .total = fee,
                                   .notify_url = options.notify_url,
                                   .openid = std::string(kDefaultPayer)}));
        return {};
    }
    const v2::Account account = account_of(options);
    mch_id = account.mch_id;
    WXPAY_CHECK(v2::Client(account, transport, random)
                    .unified_order(request_of(options, fee, out_trade_no)));
    return {};
}

/// Makes the order; the name by which it is paid.
std::string make_order(const Options& options) {
    const auto fee = parse_total_fee(options.fee);
    if (!fee) {
        throw UsageError(
            fmt::format("--new '{}': an amount in fen is wanted, for example 888", options.fee));
    }
    if (options.notify_url.empty())
        throw UsageError("--new needs a --notify-url, where the merchant hears of the payment");
    constexpr std::size_t kDigits = 20;
    const std::string out_trade_no = options.out_trade_no.empty()
                                         ? "PAY" + SecureRandom().digits(kDigits)
                                         : options.out_trade_no;
    std::string mch_id;
    if (const auto ordered = place_order(options, *fee, out_trade_no, mch_id); !ordered) {
        const Error& problem = ordered.error();
        if (problem.code == Errc::unreachable || problem.code == Errc::malformed)
            throw UsageError(problem.detail);
        throw NotSo(fmt::format("the order was refused: {}", problem.detail));
    }
    return mch_id + ":" + out_trade_no;
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
    app.add_option("--api", options.api,
                   "which API makes the new order: v2, or v3 for a demo merchant")
        ->type_name("VERSION")
        ->capture_default_str()
        ->check(CLI::IsMember({"v2", "v3"}));
    app.add_option("--notify-url", options.notify_url, "of the new order: the callback's address")
        ->type_name("URL");
    app.add_option("--out-trade-no", options.out_trade_no, "of the new order (default: made up)")
        ->type_name("NO");
    add_option(app, "--mch-id", options.mch_id, "whose new order (default: the demo merchant's)")
        ->type_name("ID");
    app.add_option(
           "--appid", options.appid,
           "its app (default: WXPAY_SANDBOX_APPID when it is that merchant's, or its first)")
        ->type_name("ID");
    app.add_option("--api-key", options.api_key,
                   "signs it (default: WXPAY_SANDBOX_API_KEY when it is that merchant's, or what "
                   "the server tells: of demo merchants and of the range)")
        ->type_name("KEY");
    declare(app, options.control);
    return run_control_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
