// POST /payitil/report: SDKs tell how their calls went. A right signature is all that it takes.
// source  [A] the PHP SDK waits one second for it and sends execute_time_ for execute_time; the
// Java SDK reports elsewhere, lines of CSV to /wxpay/report/default
#include <array>

#include "sandbox/api_v2/direct.hpp"
#include "sandbox/api_v2/pipeline.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint report();
DirectCall default_report();

namespace {

constexpr FieldRule informal(std::string_view name, std::size_t length_max) {
    return {name, Need::optional, length_max, "any text", nullptr, kParamFormat, Length::advisory};
}

constexpr std::array kFields{
    informal("device_info", 32),   informal("interface_url", 127), informal("execute_time", 10),
    informal("execute_time_", 10), informal("return_code", 16),    informal("return_msg", 128),
    informal("result_code", 16),   informal("err_code", 32),       informal("err_code_des", 128),
    informal("out_trade_no", 32),  informal("user_ip", 16),        informal("time", 14),
    informal("trades", 1024),
};

Result<Reply, Refusal> handle(const Call& /*call*/, Work& /*work*/) {
    Reply reply;
    reply.body = v2::Message()
                     .text("return_code", "SUCCESS")
                     .text("return_msg", "OK")
                     .text("result_code", "SUCCESS")
                     .render();
    return reply;
}

http::Response accept(const http::Request& /*request*/, Context& context, Exchange& exchange) {
    exchange.verdict = "ok";
    return respond({}, context);
}

}  // namespace

Endpoint report() {
    return {.path = "/payitil/report", .fields = kFields, .handle = handle, .style = Style::own};
}

DirectCall default_report() { return {"POST", "/wxpay/report/default", accept}; }

}  // namespace wxpay::sandbox::api_v2
