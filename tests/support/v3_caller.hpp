#pragma once

#include <map>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/crypto/rsa.hpp"

#include "tests/support/app_harness.hpp"

namespace wxpay::test {

struct V3Answer {
    int status = 0;
    nlohmann::json body;  ///< null when there is none, or no JSON
    http::Response response;
    bool is_signed = false;  ///< rightly, by a key that the merchant may trust

    std::string code() const { return body.is_object() ? body.value("code", "") : ""; }
    std::string message() const { return body.is_object() ? body.value("message", "") : ""; }
    /// What stands behind the last '-' of its Request-ID.
    std::string number() const;
};

/// A merchant that calls API V3 of a harness: signs, calls, verifies the answer.
class V3Caller {
  public:
    explicit V3Caller(AppHarness& harness, std::string caller = AppHarness::kMchId);

    /// The request as it would be sent; the caller may spoil it.
    http::Request request(const std::string& method, const std::string& target,
                          const std::string& body = {});
    /// Signs it anew, as it is now.
    void sign(http::Request& request) const;
    V3Answer send(const http::Request& request);
    /// A signature in base64 as real clients have made it by mistake.
    std::string sign_as(RsaPublicKey::Scheme scheme, const std::string& text) const;

    V3Answer get(const std::string& target) { return send(request("GET", target)); }
    V3Answer post(const std::string& target, const nlohmann::json& body) {
        return send(request("POST", target, body.dump()));
    }

    /// A good JSAPI order; `changes` are merged into it (RFC 7386: null removes a member).
    static nlohmann::json order(const std::string& out_trade_no,
                                const nlohmann::json& changes = nlohmann::json::object());

    /// Sent as Wechatpay-Serial when it is not empty.
    std::string platform_serial;

    const std::string mch_id;
    const std::string serial_no;
    const RsaPrivateKey key;

  private:
    AppHarness& harness_;
};

/// The plain JSON in a V3 callback, after its signature and its seal were checked with `now` and
/// the demo merchant's key; null when one of them is wrong.
nlohmann::json open_callback(const http::Request& request, AppHarness& harness,
                             const std::string& mch_id = AppHarness::kMchId);

}  // namespace wxpay::test
