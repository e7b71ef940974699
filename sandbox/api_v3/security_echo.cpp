// POST /v3/security/echo: says back what it was sent, encrypted the other way round, and once more
// in a callback: a merchant's test of all its keys.
#include <array>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/codec/base64.hpp"
#include "core/codec/json.hpp"

#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/api_v3/pipeline.hpp"
#include "sandbox/notify/v3_callback.hpp"
#include "sandbox/platform/platform.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint security_echo();

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kFields{
    required("echo_message", 0), encrypted(optional("encrypted_echo_message", 0)),
    matching(optional("notify_url", 255, Limit::recalled), kNotifyUrlPattern)};

/// source  [A] pay.weixin.qq.com/doc/v3/partner/4019605946
constexpr V3Event kEchoed{"SECURITY_ECHO.SUCCESS", "security", "security", "回调通知成功"};

void notify(const Call& call, Work& work, const std::string& answer) {
    constexpr std::size_t kDigits = 20;
    Notification notification;
    notification.kind = NotificationKind::echo;
    notification.mch_id = call.merchant.mch_id;
    // There is no order; it is listed under a number that is made up.
    notification.out_trade_no =
        OutTradeNo::parse("ECHO" + work.context().random.digits(kDigits)).value();
    notification.url = call.text("notify_url");
    notification.platform_serial = call.platform_serial;
    add_v3_callback(work, std::move(notification), kEchoed, answer, call.merchant);
}

/// source  spec V3 2.6; what the answer and the callback hold is our choice: FIDELITY.md
Result<Reply, Refusal> handle(const Call& call, Work& work) {
    if (call.platform_serial.empty()) {
        return Failure{Refusal{kPlatformSerialMissing,
                               "say in Wechatpay-Serial by which platform key you verify"}};
    }
    if (work.context().platform.find(call.merchant, call.platform_serial) == nullptr) {
        return Failure{Refusal{kPlatformSerialWrong,
                               "Wechatpay-Serial names no platform key in use for this merchant"}};
    }
    Json json{{"echo_message", call.text("echo_message")}};
    if (!call.decrypted.empty()) {
        const auto cipher = call.merchant.public_key->encrypt_oaep(call.decrypted.front().second);
        if (!cipher) {
            return Failure{Refusal{kNotEncrypted,
                                   "the text is too long for the key of the merchant's "
                                   "certificate"}};
        }
        json["encrypted_echo_message"] = base64_encode(
            std::span(reinterpret_cast<const unsigned char*>(cipher->data()), cipher->size()));
    }
    const std::string answer = dump_sorted(json);
    if (!call.text("notify_url").empty()) notify(call, work, answer);
    return Reply{.body = answer};
}

}  // namespace

Endpoint security_echo() {
    return {.method = "POST", .path = "/v3/security/echo", .fields = kFields, .handle = handle};
}

}  // namespace wxpay::sandbox::api_v3
