#pragma once

#include <string>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/client/v2_client.hpp"
#include "core/client/v3_client.hpp"
#include "core/http/client.hpp"

#include "merchant/gateway/gateway.hpp"

namespace wxpay::merchant {

/// WeChat Pay over API V3. Platform certificates are downloaded when an answer or a callback is
/// signed under one that is not known yet, so that they rotate while the shop runs.
class V3Gateway final : public Gateway {
  public:
    /// keys   that are trusted from the start; see v3::Client
    /// clock  the real one: signatures have times
    /// References must outlive the gateway.
    V3Gateway(v3::Account account, v3::PlatformKeys keys, Secret app_secret,
              http::Transport& transport, Random& random, const Clock& clock);

    const Identity& us() const override { return us_; }
    std::string_view api() const override { return "V3"; }
    Result<std::string> openid_of(const std::string& js_code) override;
    Result<std::string> prepay(const Order& order, const std::string& payer_address) override;
    PaymentArguments payment_arguments(const std::string& prepay_id) override;
    Result<OrderStanding> order_query(const std::string& out_trade_no) override;
    Result<RefundReport> refund(const Order& order, const Refund& refund) override;
    Result<RefundReport> refund_query(const std::string& out_refund_no) override;
    Result<std::string> trade_bill(const std::string& day) override;
    Result<PaymentReport> payment_callback(const http::Request& request) override;
    Result<RefundReport> refund_callback(const http::Request& request) override;
    /// 200 {"code":"SUCCESS","message":"成功"}
    http::Response accepted() const override;
    /// 401, 400 or 500, by the doubt, with {"code":"FAIL","message":…}
    http::Response refused(Doubt doubt, std::string_view why) const override;
    Refusal meaning(const Error& error) const override;
    bool is_final_for_refund(const Error& error) const override;

  private:
    PaymentReport report_of(v3::PaymentResult payment) const;
    RefundReport report_of(v3::RefundResult refund, std::string mchid) const;

    v3::Client client_;
    v2::Client login_;  ///< jscode2session is no part of either API
    const Identity us_;
    const Clock& clock_;
};

}  // namespace wxpay::merchant
