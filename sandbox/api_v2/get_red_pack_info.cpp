// POST /mmpaymkttransfers/gethbinfo: what became of a red packet.
#include <array>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"

#include "sandbox/api_v2/payouts.hpp"
#include "sandbox/ledger/payout.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint get_red_pack_info();

namespace {

constexpr Words kNotFound{"NOT_FOUND", "指定单号数据不存在"};

constexpr std::array kFields{
    FieldRule{"mch_billno", Need::required, 28, "1 to 28 letters and digits", is_payout_number},
    FieldRule{"bill_type", Need::required, 32, "MCHT",
              [](std::string_view value) { return value == "MCHT"; }},
};

/// Who took how much and when: the only nested element of this API.
std::string recipients(const Payout& payout) {
    return fmt::format(
        "<hblist><hbinfo><openid><![CDATA[{}]]></openid>\n<amount>{}</amount>\n"
        "<rcv_time><![CDATA[{}]]></rcv_time>\n</hbinfo>\n</hblist>\n",
        payout.openid, payout.amount.count(), format_readable_time(*payout.ended_at));
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const auto payout =
        work.store().find_payout(PayoutKind::red_packet, call.mch_id(), call.text("mch_billno"));
    if (!payout) {
        return Failure{Refusal{kNotFound, "mch_billno",
                               "this merchant has sent no red packet of that number"}};
    }
    v2::Message out;
    out.text("return_code", "SUCCESS")
        .text("return_msg", "获取成功")
        .text("result_code", "SUCCESS")
        .text("mch_billno", payout->number)
        .text("mch_id", call.merchant.wire_id())
        .text("detail_id", payout->detail_id)
        .text("status", wire_name(payout->state))
        .text("send_type", "API")
        .text("hb_type", "NORMAL")
        .number("total_num", 1)
        .number("total_amount", payout->amount.count())
        .text("send_time", format_readable_time(payout->created_at));
    if (payout->state == PayoutState::returned) {
        out.text("refund_time", format_readable_time(*payout->ended_at))
            .number("refund_amount", payout->amount.count());
    }
    out.text("wishing", payout->wishing)
        .text("remark", payout->desc)
        .text("act_name", payout->activity);
    Reply reply;
    reply.body = out.render();
    if (payout->state == PayoutState::received) {
        constexpr std::string_view kEnd = "</xml>";
        reply.body.insert(reply.body.size() - kEnd.size(), recipients(*payout));
    }
    return reply;
}

}  // namespace

Endpoint get_red_pack_info() {
    return {.path = "/mmpaymkttransfers/gethbinfo",
            .fields = kFields,
            .handle = handle,
            .style = Style::own,
            .needs_certificate = true,
            .only_sign_type = v2::SignType::md5,
            .refuse = refuse_twice};
}

}  // namespace wxpay::sandbox::api_v2
