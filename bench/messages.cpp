#include "bench/messages.hpp"

#include "core/codec/beijing_time.hpp"
#include "core/v2/message.hpp"
#include "core/v2/notification.hpp"

namespace wxpay::bench {

Secret demo_key() { return Secret("192006250b4c09247ec02edce69f6a2d"); }

std::vector<FieldView> order_fields(std::string_view out_trade_no) {
    return {{"appid", "wx8888888888888888"},
            {"mch_id", "1900000109"},
            {"nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"},
            {"body", "腾讯充值中心-QQ会员充值一个月(含优惠券)"},
            {"attach", "北京朝阳门店;收银台03;会员卡"},
            {"device_info", "WEB"},
            {"out_trade_no", out_trade_no},
            {"total_fee", "888"},
            {"spbill_create_ip", "14.23.150.211"},
            {"time_start", "20240601120000"},
            {"notify_url", "http://127.0.0.1:9/wxpay/notify"},
            {"trade_type", "JSAPI"},
            {"openid", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}};
}

std::string order_xml(std::string_view out_trade_no, v2::SignType type) {
    v2::Message message;
    for (const FieldView& field : order_fields(out_trade_no)) message.text(field.name, field.value);
    if (type != v2::SignType::md5) message.text("sign_type", v2::wire_name(type));
    return message.sign(demo_key(), type).render();
}

std::string notification_xml(v2::SignType type) {
    v2::PaymentNotification n;
    n.appid = "wx8888888888888888";
    n.mch_id = "1900000109";
    n.nonce_str = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";
    n.openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";
    n.trade_type = "JSAPI";
    n.bank_type = "CMB_DEBIT";
    n.out_trade_no = "20240601120000001";
    n.transaction_id = "4200002288202406010123456789";
    n.attach = "北京朝阳门店;收银台03;会员卡";
    n.total_fee = Fen{888};
    n.cash_fee = Fen{888};
    n.time_end = parse_compact_time("20240601120105").value_or(Instant{});
    return v2::render_payment_notification(n, demo_key(), type, false);
}

}  // namespace wxpay::bench
