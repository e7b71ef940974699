#include "sandbox/api_v2/not_simulated.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/v2/message.hpp"

#include "sandbox/api_v2/pipeline.hpp"

namespace wxpay::sandbox::api_v2 {
namespace {

struct Family {
    std::string_view prefix;
    std::string_view name;
};

// source  [A] github.com/TheNorthMemory/wechatpay-openapi, docs/v2
constexpr std::array kFamilies{
    Family{"/applyment/", "merchant onboarding"},
    Family{"/cgi-bin/mch/customs/", "customs declaration"},
    Family{"/deposit/", "deposits"},
    Family{"/mmpaymkttransfers/query_coupon_stock", "coupons"},
    Family{"/mmpaymkttransfers/querycouponsinfo", "coupons"},
    Family{"/mmpaymkttransfers/send_coupon", "coupons"},
    Family{"/mmpaymkttransfers/sendgroupredpack", "group red packets"},
    Family{"/mmpaymkttransfers/sendminiprogramhb", "mini-program red packets"},
    Family{"/mmpaymkttransfers/sendworkwxredpack", "WeCom red packets"},
    Family{"/mmpaysptrans/", "payments to bank cards"},
    Family{"/papay/", "contracts"},
    Family{"/pay/combinedorder", "combined orders"},
    Family{"/pay/facepay", "face payment"},
    Family{"/pay/pappayapply", "contracts"},
    Family{"/pay/profitsharing", "profit sharing"},
    Family{"/secapi/mch/", "merchant administration"},
    Family{"/secapi/pay/multiprofitsharing", "profit sharing"},
    Family{"/secapi/pay/profitsharing", "profit sharing"},
    Family{"/transit/", "transit"},
    Family{"/vehicle/", "parking and tolls"},
    Family{"/wxv/", "travel cards"},
};

auto find_family(std::string_view path) {
    return std::find_if(kFamilies.begin(), kFamilies.end(),
                        [path](const Family& family) { return path.starts_with(family.prefix); });
}

}  // namespace

bool is_known_elsewhere(std::string_view path) { return find_family(path) != kFamilies.end(); }

http::Response not_simulated(const http::Request& request, Context& context, Exchange& exchange) {
    exchange.verdict = "refused";
    exchange.error = "sandbox: not simulated";
    exchange.hint = fmt::format("WeChat has this call; the sandbox does not simulate it ({})",
                                find_family(request.path)->name);
    return respond(v2::Message()
                       .text("return_code", "FAIL")
                       .text("return_msg", "sandbox: not simulated")
                       .render(),
                   context);
}

}  // namespace wxpay::sandbox::api_v2
