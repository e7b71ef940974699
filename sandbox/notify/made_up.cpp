#include "sandbox/notify/made_up.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/assert.hpp"
#include "core/codec/base64.hpp"
#include "core/codec/hex.hpp"
#include "core/codec/json.hpp"
#include "core/codec/xml.hpp"
#include "core/crypto/aes.hpp"
#include "core/crypto/digest.hpp"
#include "core/v2/message.hpp"
#include "core/v2/notification.hpp"
#include "core/v2/refund_notification.hpp"

#include "sandbox/ledger/identifiers.hpp"
#include "sandbox/ledger/payment.hpp"
#include "sandbox/ledger/refund.hpp"
#include "sandbox/notify/schedule.hpp"
#include "sandbox/notify/v3_callback.hpp"
#include "sandbox/notify/v3_changes.hpp"

namespace wxpay::sandbox {
namespace {

constexpr Fen kFee{1};

/// What of a refund's callback is outside the cipher text.
constexpr std::array<std::string_view, 7> kOuterNames{
    "return_code", "appid", "mch_id", "nonce_str", "req_info", "sub_appid", "sub_mch_id"};

bool is_outer(std::string_view name) {
    return std::find(kOuterNames.begin(), kOuterNames.end(), name) != kOuterNames.end();
}

using Values = std::vector<std::pair<std::string, std::string>>;

Values values_of(std::string_view xml) {
    const auto message = XmlMessage::parse(xml);
    WXPAY_ASSERT(message.has_value());  // our own
    Values out;
    for (const FieldView& field : message->fields()) out.emplace_back(field.name, field.value);
    return out;
}

void change(Values& values, const std::string& name, const std::optional<std::string>& value) {
    const auto found = std::find_if(values.begin(), values.end(),
                                    [&](const auto& each) { return each.first == name; });
    if (!value) {
        if (found != values.end()) values.erase(found);
    } else if (found != values.end()) {
        found->second = *value;
    } else {
        values.emplace_back(name, *value);
    }
}

/// As render_payment_notification() writes it: amounts stand bare, the rest in CDATA.
bool is_bare(const std::string& name, const std::string& value) {
    return (name == "total_fee" || name == "settlement_total_fee" || name == "coupon_fee") &&
           !value.empty() && value.size() < 18 &&
           value.find_first_not_of("0123456789") == std::string::npos;
}

std::string sign_again(Values values, const Overrides& overrides, const Secret& key) {
    change(values, "sign", std::nullopt);
    for (const auto& [name, value] : overrides) change(values, name, value);
    v2::Message message;
    v2::SignType type = v2::SignType::md5;
    for (const auto& [name, value] : values) {
        if (name == "sign_type") type = v2::parse_sign_type(value).value_or(type);
        if (is_bare(name, value)) {
            message.number(name, std::stoll(value));
        } else {
            message.text(name, value);
        }
    }
    if (!overrides.contains("sign")) message.sign(key, type);
    return message.sort().render();
}

void append(std::string& out, const std::string& name, std::string_view value) {
    out.append("<").append(name).append(">");
    append_cdata(out, value);
    out.append("</").append(name).append(">");
}

std::string encrypt_again(Values outer, const Overrides& overrides, const Secret& key) {
    std::string cipher_key;
    append_hex(cipher_key, md5(key.reveal()), HexCase::lower);
    const auto info = std::find_if(outer.begin(), outer.end(),
                                   [](const auto& each) { return each.first == "req_info"; });
    const auto plain = aes256_ecb_decrypt(cipher_key, *base64_decode(info->second));
    WXPAY_ASSERT(plain.has_value());
    Values inner = values_of(*plain);
    for (const auto& [name, value] : overrides)
        if (!is_outer(name)) change(inner, name, value);
    std::sort(inner.begin(), inner.end());
    std::string root = "<root>\n";
    for (const auto& [name, value] : inner) {
        append(root, name, value);
        root += '\n';
    }
    const std::string cipher = aes256_ecb_encrypt(cipher_key, root + "</root>");
    info->second = base64_encode(
        std::span(reinterpret_cast<const unsigned char*>(cipher.data()), cipher.size()));
    for (const auto& [name, value] : overrides)
        if (is_outer(name)) change(outer, name, value);
    std::string out = "<xml>";
    for (const auto& [name, value] : outer) {
        if (name == "return_code" && value == "SUCCESS") {
            out += "<return_code>SUCCESS</return_code>";
        } else {
            append(out, name, value);
        }
    }
    return out + "</xml>";
}

std::string payment(const Merchant& merchant, const std::string& out_trade_no, Random& random,
                    Instant now) {
    v2::PaymentNotification message;
    message.appid = merchant.appids.empty() ? "" : merchant.appids.front().str();
    message.mch_id = merchant.wire_id();
    if (merchant.provider && !merchant.sub_mch_ids.empty())
        message.sub_mch_id = merchant.sub_mch_ids.front();
    message.nonce_str = next_nonce(random);
    message.openid = kDefaultPayer;
    message.trade_type = wxpay::wire_name(TradeType::jsapi);
    message.bank_type = "OTHERS";
    message.out_trade_no = out_trade_no;
    message.transaction_id = next_transaction_id(random, now).str();
    message.total_fee = kFee;
    message.cash_fee = kFee;
    message.time_end = now;
    return v2::render_payment_notification(message, merchant.api_key, v2::SignType::md5, false);
}

std::string refund(const Merchant& merchant, const std::string& out_trade_no, Random& random,
                   Instant now) {
    v2::RefundNotification message;
    message.appid = merchant.appids.empty() ? "" : merchant.appids.front().str();
    message.mch_id = merchant.wire_id();
    if (merchant.provider && !merchant.sub_mch_ids.empty())
        message.sub_mch_id = merchant.sub_mch_ids.front();
    message.nonce_str = random.hex(32);
    message.transaction_id = next_transaction_id(random, now).str();
    message.out_trade_no = out_trade_no;
    message.refund_id = next_refund_id(random, now);
    message.out_refund_no = out_trade_no + "R";
    message.total_fee = kFee;
    message.refund_fee = kFee;
    message.settlement_total_fee = kFee;
    message.settlement_refund_fee = kFee;
    message.refund_status = "SUCCESS";
    message.success_time = now;
    message.refund_recv_accout = "支付用户零钱";
    message.refund_account = "REFUND_SOURCE_RECHARGE_FUNDS";
    message.refund_request_source = "API";
    return v2::render_refund_notification(message, merchant.api_key);
}

/// Under which order the callback is listed: the overridden one, where that can be an order's.
OutTradeNo listed_number(const Overrides& overrides, const std::string& made_up) {
    if (const auto given = overrides.find("out_trade_no");
        given != overrides.end() && given->second) {
        if (auto number = OutTradeNo::parse(*given->second)) return *std::move(number);
    }
    return OutTradeNo::parse(made_up).value();
}

/// What of a V3 callback is not sealed.
constexpr std::array<std::string_view, 5> kEnvelopeNames{"id", "create_time", "resource_type",
                                                         "event_type", "summary"};

bool is_in_envelope(std::string_view name) {
    return std::find(kEnvelopeNames.begin(), kEnvelopeNames.end(), name) != kEnvelopeNames.end();
}

using Json = nlohmann::ordered_json;

/// The override as a change of `json`: a number where a number stands and the text is one.
Effect::Change change_of(const std::string& name, const std::optional<std::string>& text,
                         const Json& json) {
    Effect::Change change{name, std::monostate{}};
    if (!text) return change;
    change.value = *text;
    std::string pointer = "/" + (name == "total_fee" ? std::string("amount.total") : name);
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    const Json::json_pointer place(pointer);
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
    const bool is_number = problem == std::errc{} && end == text->data() + text->size();
    if (is_number && json.contains(place) && json.at(place).is_number()) change.value = number;
    return change;
}

/// An order of one fen that somebody has paid.
Order paid_order(const Merchant& merchant, const std::string& out_trade_no, Random& random,
                 Instant now) {
    Order order;
    order.mch_id = merchant.mch_id;
    if (!merchant.appids.empty()) order.appid = merchant.appids.front();
    if (merchant.provider && !merchant.sub_mch_ids.empty())
        order.sub_mch_id = merchant.sub_mch_ids.front();
    order.out_trade_no = OutTradeNo::parse(out_trade_no).value();
    order.api = ApiVersion::v3;
    order.state = TradeState::success;
    order.total = kFee;
    order.openid = kDefaultPayer;
    order.transaction_id = next_transaction_id(random, now);
    order.paid_at = now;
    order.bank_type = "OTHERS";
    return order;
}

/// How the made-up refund ends: the event and the members that go with it follow from that.
RefundState refund_state_in(const Overrides& overrides) {
    const auto given = overrides.find("refund_status");
    if (given == overrides.end() || !given->second) return RefundState::success;
    return parse_refund_state(*given->second).value_or(RefundState::success);
}

Refund whole_refund(const Order& order, RefundState state, Random& random, Instant now) {
    Refund refund;
    refund.mch_id = order.mch_id;
    refund.out_refund_no = order.out_trade_no.str() + "R";
    refund.refund_id = next_refund_id(random, now);
    refund.api = ApiVersion::v3;
    refund.state = state;
    refund.total = order.total;
    refund.fee = order.total;
    refund.cash = order.total;
    if (state == RefundState::success) refund.succeeded_at = now;
    return refund;
}

/// No retries: it is one callback, and what came of it is the answer.
Notification once(NotificationKind kind, const Merchant& merchant, const std::string& url,
                  OutTradeNo number) {
    Notification out;
    out.kind = kind;
    out.mch_id = merchant.mch_id;
    out.out_trade_no = std::move(number);
    out.url = url;
    out.state = NotificationState::exhausted;
    out.retries = static_cast<int>(kNotifyWaits.size());
    return out;
}

std::string made_up_number(Random& random) {
    constexpr std::size_t kDigits = 20;
    return "TRIGGER" + random.digits(kDigits);
}

}  // namespace

Notification make_up(NotificationKind kind, const Merchant& merchant, const std::string& url,
                     const Overrides& overrides, Random& random, Instant now) {
    const std::string number = made_up_number(random);
    Notification out = once(kind, merchant, url, listed_number(overrides, number));
    const bool is_payment = kind == NotificationKind::payment;
    out.body =
        is_payment ? payment(merchant, number, random, now) : refund(merchant, number, random, now);
    if (!overrides.empty()) {
        out.body = is_payment ? sign_again(values_of(out.body), overrides, merchant.api_key)
                              : encrypt_again(values_of(out.body), overrides, merchant.api_key);
    }
    return out;
}

Notification make_up_v3(NotificationKind kind, const Merchant& merchant, const std::string& url,
                        const Overrides& overrides, Random& random, Instant now) {
    const std::string number = made_up_number(random);
    Notification out = once(kind, merchant, url, listed_number(overrides, number));
    out.api = ApiVersion::v3;
    const Order order = paid_order(merchant, number, random, now);
    const bool is_payment = kind == NotificationKind::payment;
    const RefundState ends = refund_state_in(overrides);
    Json plain = is_payment ? v3_transaction(order)
                            : v3_refund_result(whole_refund(order, ends, random, now), order);
    std::vector<Effect::Change> changes;
    for (const auto& [name, value] : overrides)
        if (!is_in_envelope(name)) changes.push_back(change_of(name, value, plain));
    apply_v3_changes(changes, plain);
    out.body = v3_envelope(is_payment ? kPaymentSucceeded : refund_event(ends), dump_json(plain),
                           merchant, random, now);
    Json envelope = Json::parse(out.body);
    for (const auto& [name, value] : overrides) {
        if (!is_in_envelope(name)) continue;
        if (value) {
            envelope[name] = *value;
        } else {
            envelope.erase(name);
        }
    }
    out.body = dump_json(envelope);
    return out;
}

}  // namespace wxpay::sandbox
