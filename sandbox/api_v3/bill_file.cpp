// GET /v3/billdownload/file: the other end of a bill's link. The call is signed, its answer is not.
#include <array>

#include "core/codec/gzip.hpp"

#include "sandbox/api_v3/bills.hpp"
#include "sandbox/api_v3/order_fields.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint bill_file();

namespace {

constexpr std::array<std::string_view, 1> kGzip{"gzip"};
constexpr std::array kFields{in_query(required("token", 0)),
                             in_query(one_of(optional("tartype", 0), kGzip))};

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    WXPAY_TRY(std::string text, redeem(call, call.query("token"), work));
    Reply reply;
    reply.is_file = true;
    const bool is_packed = call.query("tartype") == "gzip";
    reply.content_type = is_packed ? "application/x-gzip" : "text/plain; charset=utf-8";
    reply.body = is_packed ? gzip(text) : std::move(text);
    return reply;
}

}  // namespace

Endpoint bill_file() {
    return {.method = "GET", .path = "/v3/billdownload/file", .fields = kFields, .handle = handle};
}

}  // namespace wxpay::sandbox::api_v3
