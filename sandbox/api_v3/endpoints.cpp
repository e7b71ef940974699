#include "sandbox/api_v3/endpoints.hpp"

#include <algorithm>
#include <array>

namespace wxpay::sandbox::api_v3 {

// apply_abnormal_refund.cpp
Endpoint apply_abnormal_refund();
// bill_file.cpp
Endpoint bill_file();
// certificates.cpp
Endpoint certificates();
// close_order.cpp
Endpoint close_order();
Endpoint partner_close_order();
// code_payment.cpp
Endpoint codepay();
Endpoint partner_codepay();
Endpoint partner_reverse();
Endpoint reverse();
// fund_flow_bill.cpp
Endpoint fund_flow_bill();
// combine.cpp
Endpoint combine_app();
Endpoint combine_close();
Endpoint combine_h5();
Endpoint combine_jsapi();
Endpoint combine_native();
Endpoint combine_query();
// prepay.cpp
Endpoint app();
Endpoint h5();
Endpoint jsapi();
Endpoint native();
Endpoint partner_app();
Endpoint partner_h5();
Endpoint partner_jsapi();
Endpoint partner_native();
// profit_sharing.cpp
Endpoint profit_sharing_add_receiver();
Endpoint profit_sharing_amounts();
Endpoint profit_sharing_bill();
Endpoint profit_sharing_config();
Endpoint profit_sharing_delete_receiver();
Endpoint profit_sharing_order();
Endpoint profit_sharing_query();
Endpoint profit_sharing_query_return();
Endpoint profit_sharing_return();
Endpoint profit_sharing_unfreeze();
// query_order.cpp
Endpoint partner_query_by_out_trade_no();
Endpoint partner_query_by_transaction_id();
Endpoint query_by_out_trade_no();
Endpoint query_by_transaction_id();
// query_refund.cpp
Endpoint query_refund();
// refund.cpp
Endpoint refund();
// trade_bill.cpp
Endpoint trade_bill();
// security_echo.cpp
Endpoint security_echo();
// transfer_batches.cpp
Endpoint transfer_batch();
Endpoint transfer_batch_by_number();
// transfer_bills.cpp
Endpoint transfer_bill();
Endpoint transfer_bill_by_id();
Endpoint transfer_bill_by_number();
Endpoint transfer_bill_cancel();

std::span<const Endpoint> endpoints() {
    static const std::array kEndpoints{
        jsapi(),
        app(),
        h5(),
        native(),
        query_by_out_trade_no(),
        query_by_transaction_id(),
        close_order(),
        partner_jsapi(),
        partner_app(),
        partner_h5(),
        partner_native(),
        partner_query_by_out_trade_no(),
        partner_query_by_transaction_id(),
        partner_close_order(),
        codepay(),
        reverse(),
        partner_codepay(),
        partner_reverse(),
        refund(),
        query_refund(),
        apply_abnormal_refund(),
        trade_bill(),
        fund_flow_bill(),
        bill_file(),
        certificates(),
        security_echo(),
        combine_jsapi(),
        combine_app(),
        combine_h5(),
        combine_native(),
        combine_query(),
        combine_close(),
        transfer_bill(),
        transfer_bill_by_number(),
        transfer_bill_by_id(),
        transfer_bill_cancel(),
        transfer_batch(),
        transfer_batch_by_number(),
        profit_sharing_order(),
        profit_sharing_query(),
        profit_sharing_unfreeze(),
        profit_sharing_amounts(),
        profit_sharing_add_receiver(),
        profit_sharing_delete_receiver(),
        profit_sharing_return(),
        profit_sharing_query_return(),
        profit_sharing_config(),
        profit_sharing_bill(),
    };
    return kEndpoints;
}

bool is_known_elsewhere(std::string_view path) {
    // source  [A] github.com/TheNorthMemory/wechatpay-openapi, docs/v3: names of folders
    constexpr std::array<std::string_view, 15> kFamilies{"/v3/payscore/",
                                                         "/v3/marketing/",
                                                         "/v3/merchant/media/",
                                                         "/v3/merchant-service/",
                                                         "/v3/applyment4sub/",
                                                         "/v3/apply4sub/",
                                                         "/v3/apply4subject/",
                                                         "/v3/ecommerce/",
                                                         "/v3/vehicle/",
                                                         "/v3/parking/",
                                                         "/v3/new-tax-control-fapiao/",
                                                         "/v3/goldplan/",
                                                         "/v3/capital/",
                                                         "/v3/edu-papay/",
                                                         "/v3/transfer/batches"};
    return std::any_of(kFamilies.begin(), kFamilies.end(),
                       [path](std::string_view family) { return path.starts_with(family); });
}

}  // namespace wxpay::sandbox::api_v3
