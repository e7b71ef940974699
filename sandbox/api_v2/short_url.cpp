// POST /tools/shorturl: a short form of a Native payment's long link, which makes simpler QR codes.
#include <array>

#include "core/http/message.hpp"

#include "sandbox/api_v2/pipeline.hpp"
#include "sandbox/notify/product_scan.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint short_url();

namespace {

/// As it is, or percent-encoded for transport.
bool is_long_url(std::string_view value) {
    return value.starts_with(kLongUrlStart) ||
           http::percent_decode(value).starts_with(kLongUrlStart);
}

constexpr std::array kFields{
    FieldRule{"long_url", Need::required, 512, "weixin://wxpay/bizpayurl?...", is_long_url,
              kParamError},
};

constexpr std::array kOnDemand{kSystemError};

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    constexpr std::size_t kCodeSize = 7;
    std::string long_url = call.text("long_url");
    if (!long_url.starts_with(kLongUrlStart)) long_url = http::percent_decode(long_url);
    const std::string code =
        work.store().shorten(long_url, work.context().random.alphanumeric(kCodeSize));
    Reply reply;
    reply.business.text("short_url", std::string(kShortUrlStart) + code);
    return reply;
}

}  // namespace

Endpoint short_url() {
    return {.path = "/tools/shorturl",
            .fields = kFields,
            .handle = handle,
            .names_sub_merchant = false,
            .encoded_field = "long_url",
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v2
