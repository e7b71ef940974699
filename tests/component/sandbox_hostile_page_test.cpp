// What any web page can try: it reaches loopback, and by rebinding its own name it passes for the
// same origin. The list of calls is the router's own, so a new one is tried without a word here.
#include <gtest/gtest.h>

#include "sandbox/control/routes.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using Json = nlohmann::json;

constexpr const char* kMethods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

http::Request request(const std::string& method, std::string_view pattern,
                      const std::vector<std::pair<std::string, std::string>>& headers) {
    http::Request request;
    request.method = method;
    request.path.clear();
    while (!pattern.empty()) {  // "{…}" becomes an order that is there
        const auto open = pattern.find('{');
        request.path += pattern.substr(0, open);
        if (open == std::string_view::npos) break;
        request.path += "1900000109:H1";
        pattern.remove_prefix(pattern.find('}') + 1);
    }
    for (const auto& [name, value] : headers) request.headers.add(name, value);
    return request;
}

/// The code of each refusal; empty when the call went through.
std::string refusal(AppHarness& sandbox, const http::Request& request) {
    const http::Response response = sandbox.call(request);
    if (response.status != 403 && response.status != 401) return {};
    EXPECT_TRUE(response.headers.get("Access-Control-Allow-Origin").empty()) << request.path;
    return Json::parse(response.body)["error"]["code"];
}

void expect_refused(AppHarness& sandbox,
                    const std::vector<std::pair<std::string, std::string>>& headers,
                    const std::string& code) {
    ASSERT_FALSE(sandbox::control::routes().empty());
    for (const auto& route : sandbox::control::routes()) {
        for (const char* const method : kMethods) {
            EXPECT_EQ(refusal(sandbox, request(method, route.pattern, headers)), code)
                << method << ' ' << route.pattern << ", " << headers.back().second;
        }
    }
}

TEST(HostilePage, OfAnotherOriginIsRefusedOnEveryControlCall) {
    AppHarness sandbox;
    sandbox.v2("/pay/unifiedorder", AppHarness::order("H1"));
    for (const char* const origin :
         {"https://evil.example", "http://127.0.0.1", "http://127.0.0.1:8080", "null", "",
          "http://localhost:12180", "http://127.0.0.1:12180.evil.example",
          "file://127.0.0.1:12180"}) {
        expect_refused(sandbox, {{"Host", "127.0.0.1:12180"}, {"Origin", origin}},
                       "foreign_origin");
    }
    const auto order = sandbox.control("GET", "/_sandbox/v1/orders/1900000109:H1");
    EXPECT_EQ(order.body["state"], "NOTPAY") << "nothing has been done";
}

TEST(HostilePage, ThatReboundItsNameIsRefusedOnEveryControlCall) {
    AppHarness sandbox;
    for (const char* const host :
         {"evil.example", "evil.example:12180", "127.0.0.1.evil.example:12180",
          "localhost.evil.example", "notlocalhost", "0.0.0.0:12180", "api.mch.weixin.qq.com"}) {
        expect_refused(sandbox, {{"Host", host}}, "foreign_host");
        const std::string own = "http://" + std::string(host);
        expect_refused(sandbox, {{"Origin", own}, {"Host", host}}, "foreign_host");
    }
}

TEST(HostilePage, WithATokenServerIsRefusedByItsOriginAndForWantOfTheToken) {
    sandbox::Settings settings;
    settings.control_token = "right";
    AppHarness sandbox(settings);
    expect_refused(sandbox,
                   {{"Host", "127.0.0.1:12180"},
                    {"Authorization", "Bearer right"},
                    {"Origin", "https://evil.example"}},
                   "foreign_origin");
    for (const auto& route : sandbox::control::routes()) {
        const bool is_probe =
            route.pattern == "/_sandbox/health" || route.pattern == "/_sandbox/readyz";
        for (const char* const given : {"", "Bearer ", "Bearer wrong", "right", "Basic right"}) {
            const auto call = request(std::string(route.method), route.pattern,
                                      {{"Host", "127.0.0.1:12180"}, {"Authorization", given}});
            EXPECT_EQ(refusal(sandbox, call), is_probe ? "" : "token_required")
                << route.pattern << ", " << given;
        }
    }
}

TEST(HostilePage, DoesNotKeepTheServersOwnPagesOut) {
    AppHarness sandbox;
    for (const char* const host : {"127.0.0.1:12180", "localhost:12180", "[::1]:12180"}) {
        const auto call = request("GET", "/_sandbox/v1/orders",
                                  {{"Host", host}, {"Origin", "http://" + std::string(host)}});
        EXPECT_EQ(sandbox.call(call).status, 200) << host;
    }
}

}  // namespace
}  // namespace wxpay::test
