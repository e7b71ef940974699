#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/crypto/rsa.hpp"
#include "core/domain/fen.hpp"
#include "core/domain/trade.hpp"
#include "core/http/client.hpp"
#include "core/v3/callback.hpp"
#include "core/v3/pay_sign.hpp"
#include "core/v3/refund.hpp"
#include "core/v3/signature_headers.hpp"
#include "core/v3/transaction.hpp"

namespace wxpay::v3 {

/// Who calls: the merchant's side of API V3.
struct Account {
    std::string appid;
    std::string mchid;
    std::string serial_no;  ///< of the merchant's certificate
    RsaPrivateKey key;      ///< the certificate's
    Secret api_v3_key;      ///< 32 bytes
};

/// Empty texts are not sent.
struct PrepayRequest {
    TradeType trade_type = TradeType::jsapi;  ///< JSAPI, NATIVE, APP or MWEB (V3 calls it h5)
    std::string description;
    std::string out_trade_no;
    Fen total;
    std::string notify_url;
    std::string openid = {};           ///< JSAPI
    std::string payer_client_ip = {};  ///< needed for MWEB
    std::string attach = {};
    std::optional<Instant> time_expire = {};
};

struct PrepayReply {
    std::string prepay_id;  ///< JSAPI and APP
    std::string code_url;   ///< NATIVE
    std::string h5_url;     ///< MWEB
};

/// Empty texts are not sent.
struct RefundRequest {
    std::string out_trade_no;
    std::string out_refund_no;  ///< the same number is the same refund, however often it is sent
    Fen total;                  ///< of the order
    Fen refund;
    std::string reason = {};
    std::string notify_url = {};
};

/// A WeChat Pay client for API V3. Thread-safe. Each answer's signature is verified before anything
/// is read from it; bill files have none, their SHA-1 stands in an answer that has. An answer or a
/// callback under a serial that is not known yet, or under a certificate that was downloaded an
/// hour ago, makes the client download the platform certificates, at most every ten seconds:
/// certificates rotate without a restart, and one that WeChat withdrew is forgotten. While one
/// thread downloads, no other waits for it, unless it has an answer under an unknown serial, or
/// there is no key at all yet: a callback under one is refused meanwhile, and WeChat sends it
/// again.
///
/// Errors of all calls: those of the transport; not_utf8, too_large, malformed (also an unsigned
/// HTTP error: nothing in it is believed); those of verify_signature(); refused, with WeChat's
/// words in the detail and its code in the field; missing_field and invalid_value, of an answer
/// that lacks what it is for, or has it in no form that is known, and of a number of ours that
/// cannot stand in a path. A 401 is not signed; it is `refused` with the field SIGN_ERROR, whatever
/// it says.
class Client {
  public:
    /// keys       public keys that were downloaded from the console, and certificates that are
    ///            there already; may be empty. The first PUB_KEY_ID_… is named in every request.
    /// clock      the real one: signatures have times
    /// References must outlive the client.
    Client(Account account, PlatformKeys keys, http::Transport& transport, Random& random,
           const Clock& clock);

    /// One of the four ways to order. invalid_value for another trade_type.
    Result<PrepayReply> prepay(const PrepayRequest& request);
    /// By the merchant's number.
    Result<PaymentResult> order_query(const std::string& out_trade_no);
    Result<void> close_order(const std::string& out_trade_no);
    /// Unless the answer is `refused`, and not by SIGN_ERROR, the refund may have been made: send
    /// it again with the same out_refund_no.
    Result<RefundResult> refund(const RefundRequest& request);
    Result<RefundResult> refund_query(const std::string& out_refund_no);
    /// The text of a day's trade bill, of type ALL; see v2::parse_bill(), the layout is the same.
    /// `refused` with NO_STATEMENT_EXIST also says that there was nothing to put into one;
    /// `mismatch` (field hash_value): not the file that the signed answer promised.
    /// day  yyyy-MM-dd, UTC+8
    Result<std::string> trade_bill(const std::string& day);

    /// What the front end needs to open WeChat's cashier.
    JsapiPayment jsapi_payment(const std::string& prepay_id);
    AppPayment app_payment(const std::string& prepay_id);

    /// See Callback::open(), read_payment() and read_refund().
    Result<PaymentResult> payment_callback(const http::Headers& headers, std::string_view body);
    Result<RefundResult> refund_callback(const http::Headers& headers, std::string_view body);

    /// Downloads the platform certificates and trusts those of them that are valid now, instead of
    /// the ones of the last download. What the answer holds is proven twice: it is sealed under our
    /// APIv3 key, and signed under one of the keys in it or one known before. Errors besides those
    /// of all calls: those of unseal(); mismatch (a certificate is not that of its serial_no);
    /// missing_field (data: no certificate is valid). After an error the old keys stay.
    Result<void> refresh_certificates();

    const Account& account() const { return account_; }
    /// The keys that are trusted now.
    std::shared_ptr<const PlatformKeys> keys() const;

  private:
    Result<http::Response> send(http::Request request);
    Result<std::string> call(const http::Request& request);
    Result<std::string> accept(const http::Request& request, http::Response response);
    Result<PlatformKeys> read_certificates(const std::string& body) const;
    Result<void> download_certificates();
    /// Whether somebody who needs a key waits while another thread is downloading it.
    enum class Wait { never, for_an_unknown_key };
    void learn_key(const http::Headers& headers, Wait wait);
    Result<Callback> open(const http::Headers& headers, std::string_view body);
    std::string timestamp() const;

    Account account_;
    const PlatformKeys given_;
    std::string public_key_id_;
    http::Transport& transport_;
    Random& random_;
    const Clock& clock_;

    mutable std::mutex keys_mutex_;  // of keys_, for as long as copying the pointer takes
    std::shared_ptr<const PlatformKeys> keys_;
    std::mutex download_mutex_;             // one download at a time
    std::optional<Instant> looked_at_;      // when learn_key()'s last one ended
    std::atomic<Instant> downloaded_at_{};  // the epoch: never
};

}  // namespace wxpay::v3
