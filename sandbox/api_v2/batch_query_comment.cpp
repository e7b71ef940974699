// POST /billcommentsp/batchquerycomment: what users wrote about their orders, as text.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"

#include "sandbox/api_v2/payouts.hpp"
#include "sandbox/ledger/comment.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint batch_query_comment();

namespace {

constexpr Words kNoComment{"NO_COMMENT", "没有评论"};
constexpr Words kTooOld{"TIME_EXPIRE", "拉取的时间超过3个月"};
constexpr Words kSignError{"SIGN_ERROR", "签名错误"};

constexpr std::int64_t kPageMax = 200;
constexpr std::chrono::hours kAskable{24 * 92};

constexpr std::array kOnDemand{kSystemError};
constexpr std::array kRephrased{
    Rephrased{kSignWrong, kSignError},
    Rephrased{kParamFormat, kParamError},
    Rephrased{kParamMissing, kParamError},
};

bool is_page_size(std::string_view value) {
    return is_amount(value) && amount_of(value) >= 1 && amount_of(value) <= kPageMax;
}

constexpr std::array kFields{
    FieldRule{"begin_time", Need::required, 19, "yyyyMMddHHmmss", is_compact_time},
    FieldRule{"end_time", Need::required, 19, "yyyyMMddHHmmss", is_compact_time},
    FieldRule{"offset", Need::required, 20, "digits", is_amount},
    FieldRule{"limit", Need::optional, 20, "1 to 200", is_page_size},
};

/// One comment is one line.
std::string line(const Comment& comment) {
    std::string text = comment.text;
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return fmt::format("`{},`{},`{},`{}\n", format_readable_time(comment.at),
                       comment.transaction_id.str(), comment.stars, text);
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const Instant from = *parse_compact_time(call.get("begin_time"));
    const Instant to = *parse_compact_time(call.get("end_time"));
    if (to < from)
        return Failure{Refusal{kParamError, "end_time", "end_time is before begin_time"}};
    if (from < work.context().clock.now() - kAskable)
        return Failure{Refusal{kTooOld, "begin_time", "begin_time is more than 92 days ago"}};
    const std::string_view limit = call.get("limit");
    const std::int64_t count = limit.empty() ? kPageMax : amount_of(limit);
    const std::int64_t offset = amount_of(call.get("offset"));
    const auto found = work.store().comments(call.mch_id(), from, to, offset, count);
    if (found.empty()) {
        return Failure{Refusal{
            kNoComment, {}, "no comment behind this offset; POST /_sandbox/v1/comments adds one"}};
    }
    Reply reply;
    reply.body = fmt::format("{}\n", offset + count);
    for (const Comment& comment : found) reply.body += line(comment);
    return reply;
}

}  // namespace

Endpoint batch_query_comment() {
    return {.path = "/billcommentsp/batchquerycomment",
            .fields = kFields,
            .handle = handle,
            .style = Style::own,
            .needs_certificate = true,
            .only_sign_type = v2::SignType::hmac_sha256,
            .rephrased = kRephrased,
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v2
