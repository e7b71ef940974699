#pragma once

#include <string>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/client/v2_client.hpp"
#include "core/http/client.hpp"

#include "merchant/gateway/gateway.hpp"

namespace wxpay::merchant {

/// WeChat Pay over API V2.
class V2Gateway final : public Gateway {
  public:
    /// References must outlive the gateway.
    V2Gateway(v2::Account account, http::Transport& transport, Random& random, const Clock& clock);

    const Identity& us() const override { return us_; }
    std::string_view api() const override { return "V2"; }
    Result<std::string> openid_of(const std::string& js_code) override;
    Result<std::string> prepay(const Order& order, const std::string& payer_address) override;
    PaymentArguments payment_arguments(const std::string& prepay_id) override;
    Result<OrderStanding> order_query(const std::string& out_trade_no) override;
    Result<RefundReport> refund(const Order& order, const Refund& refund) override;
    Result<RefundReport> refund_query(const std::string& out_refund_no) override;
    Result<std::string> trade_bill(const std::string& day) override;
    Result<PaymentReport> payment_callback(const http::Request& request) override;
    Result<RefundReport> refund_callback(const http::Request& request) override;
    http::Response accepted() const override;
    http::Response refused(Doubt doubt, std::string_view why) const override;
    Refusal meaning(const Error& error) const override;
    bool is_final_for_refund(const Error& error) const override;

  private:
    v2::Client client_;
    const Identity us_;
    Random& random_;
    const Clock& clock_;
};

}  // namespace wxpay::merchant
