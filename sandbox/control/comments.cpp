// A user comments on a paid order.
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"

#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/ledger/comment.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTextMax = 1024;

Result<Comment, Problem> comment_from(const Call& call) {
    WXPAY_TRY(const nlohmann::json body,
              call.body({"mch_id", "transaction_id", "stars", "text", "at"}));
    Comment comment;
    WXPAY_TRY(const std::string mch_id, text_member(body, "mch_id", kWordMax));
    WXPAY_TRY(const std::string transaction_id, text_member(body, "transaction_id", kWordMax));
    WXPAY_TRY(comment.text, text_member(body, "text", kTextMax));
    WXPAY_TRY(const std::string at, text_member(body, "at", kWordMax));
    const auto merchant = MchId::parse(mch_id);
    if (!merchant) return Failure{bad_request("mch_id is 8 to 10 digits", "mch_id")};
    comment.mch_id = *merchant;
    const auto transaction = TransactionId::parse(transaction_id);
    if (!transaction)
        return Failure{bad_request("transaction_id is 28 to 32 digits", "transaction_id")};
    comment.transaction_id = *transaction;
    if (const auto stars = body.find("stars"); stars != body.end()) {
        if (!stars->is_number_integer() || *stars < 1 || *stars > 5)
            return Failure{bad_request("stars is a number from 1 to 5", "stars")};
        comment.stars = stars->get<int>();
    }
    comment.at = call.context.clock.now();
    if (!at.empty()) {
        const auto parsed = parse_rfc3339(at);
        if (!parsed) return Failure{bad_request("at is an RFC 3339 time with offset", "at")};
        comment.at = *parsed;
    }
    return comment;
}

Result<http::Answer, Problem> add(const Call& call) {
    WXPAY_TRY(Comment comment, comment_from(call));
    const auto transaction = call.context.store.begin();
    transaction->insert_comment(comment);
    transaction->commit();
    return json_response(dump(Json{{"mch_id", comment.mch_id.str()},
                                   {"transaction_id", comment.transaction_id.str()},
                                   {"stars", comment.stars},
                                   {"text", comment.text},
                                   {"at", format_rfc3339(comment.at)}}));
}

constexpr Route kRoutes[] = {
    {.method = "POST",
     .pattern = "/_sandbox/v1/comments",
     .handle = add,
     .summary = "A user comments on a paid order",
     .answer = "Comment",
     .body = "CommentRequest"},
};

}  // namespace

std::span<const Route> comment_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
