#pragma once

#include <optional>
#include <string>

#include "core/base/random.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/codec/xml.hpp"
#include "core/domain/fen.hpp"
#include "core/domain/trade.hpp"
#include "core/http/client.hpp"
#include "core/v2/message.hpp"
#include "core/v2/notification.hpp"

namespace wxpay::v2 {

/// Who calls: the merchant's side of API V2.
struct Account {
    std::string appid;
    std::string mch_id;
    Secret api_key;
    SignType sign_type = SignType::md5;
    Secret app_secret = {};  ///< only for code_to_session()
};

/// Empty texts are not sent.
struct UnifiedOrderRequest {
    std::string out_trade_no;
    std::string body;
    Fen total_fee;
    std::string spbill_create_ip;
    std::string notify_url;
    TradeType trade_type = TradeType::jsapi;
    std::string openid;
    std::string attach;
    std::string detail;
    std::string product_id;
    std::string time_start;   ///< yyyyMMddHHmmss, UTC+8
    std::string time_expire;  ///< the same
    std::string scene_info;
};

struct UnifiedOrderReply {
    std::string prepay_id;
    std::string code_url;  ///< NATIVE only
    std::string mweb_url;  ///< MWEB only
};

struct OrderQueryReply {
    TradeState trade_state = TradeState::not_paid;
    std::string trade_state_desc;
    std::string appid;
    std::string mch_id;
    std::string out_trade_no;
    std::string transaction_id;  ///< when paid
    std::string openid;          ///< when paid
    std::string attach;
    std::string fee_type = "CNY";
    std::optional<Fen> total_fee;     ///< when paid; old answers for other orders lack it
    std::optional<Instant> time_end;  ///< when paid
};

/// Empty texts are not sent.
struct RefundRequest {
    std::string out_trade_no;
    std::string out_refund_no;  ///< the same number is the same refund, however often it is sent
    Fen total_fee;              ///< of the order
    Fen refund_fee;
    std::string refund_desc = {};
    std::string notify_url = {};
};

/// WeChat has taken the refund on. The money is not back yet.
struct RefundReply {
    std::string out_trade_no;
    std::string transaction_id;
    std::string out_refund_no;
    std::string refund_id;
    Fen total_fee;
    Fen refund_fee;
};

enum class RefundStatus { processing, success, change, closed };

/// How a refund stands.
struct RefundQueryReply {
    std::string appid;
    std::string mch_id;
    std::string out_trade_no;
    std::string transaction_id;
    std::string out_refund_no;
    std::string refund_id;
    RefundStatus status = RefundStatus::processing;
    Fen total_fee;
    Fen refund_fee;
    std::optional<Instant> success_time;  ///< of a success
};

struct Session {
    std::string openid;
    Secret session_key;
};

/// A WeChat Pay client. Thread-safe, if the transport and the Random are. Each answer's signature
/// is verified with the request's sign type before anything is read from it. Errors of all calls:
/// those of the transport; not_utf8, too_large, malformed; signature_mismatch; refused, with
/// WeChat's words in the detail and err_code (or return_code) in the field; missing_field and
/// invalid_value, of an answer that lacks what it is for, or has it in no form that is known.
class Client {
  public:
    /// Both references must outlive the client.
    Client(Account account, http::Transport& transport, Random& random);

    Result<UnifiedOrderReply> unified_order(const UnifiedOrderRequest& request);
    /// By the merchant's number. A paid order (SUCCESS, REFUND) without its transaction_id,
    /// total_fee or time_end is missing_field.
    Result<OrderQueryReply> order_query(const std::string& out_trade_no);
    Result<void> close_order(const std::string& out_trade_no);
    /// Needs a transport that shows the merchant's certificate, wherever WeChat demands one. Unless
    /// the answer is `refused` by an err_code, the refund may have been made: send it again with
    /// the same out_refund_no.
    Result<RefundReply> refund(const RefundRequest& request);
    Result<RefundQueryReply> refund_query(const std::string& out_refund_no);
    /// The text of a day's trade bill, of type ALL; see parse_bill(). It is not signed: only TLS
    /// vouches for it. `refused` has WeChat's return_msg as its field: "No Bill Exist" also says
    /// that there was nothing to put into one.
    /// day  yyyyMMdd, UTC+8
    Result<std::string> download_bill(const std::string& day);
    /// wx.login's code for the user's openid (GET /sns/jscode2session).
    Result<Session> code_to_session(const std::string& js_code);

    const Account& account() const { return account_; }

  private:
    Result<std::string> post(const std::string& path, Message message);
    Result<XmlMessage> call(const std::string& path, Message message);

    Account account_;
    http::Transport& transport_;
    Random& random_;
};

}  // namespace wxpay::v2
