// GET /_sandbox/openapi.json against the routes, and against what they answer.
#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "sandbox/control/routes.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using Json = nlohmann::json;

std::string lower(std::string_view method) {
    std::string out(method);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    return out;
}

class OpenApi : public testing::Test {
  protected:
    /// The schema that a "$ref" leads to, or the schema itself.
    const Json& resolved(const Json& schema) const {
        if (!schema.contains("$ref")) return schema;
        const std::string path = schema["$ref"].get<std::string>().substr(1);
        EXPECT_TRUE(document.contains(Json::json_pointer(path))) << path;
        return document.at(Json::json_pointer(path));
    }
    /// Members that the schema does not know, and required ones that are not there.
    void expect_fits(const Json& value, const Json& given, const std::string& where) const {
        const Json& schema = resolved(given);
        if (schema.contains("enum")) {
            EXPECT_NE(std::find(schema["enum"].begin(), schema["enum"].end(), value),
                      schema["enum"].end())
                << where << ": " << value;
        }
        if (value.is_array()) {
            ASSERT_TRUE(schema.contains("items")) << where;
            for (const Json& each : value) expect_fits(each, schema["items"], where + "[]");
        }
        if (!value.is_object()) return;
        for (const Json& required : schema.value("required", Json::array()))
            EXPECT_TRUE(value.contains(required.get<std::string>())) << where << ": " << required;
        if (!schema.contains("properties")) return;
        for (const auto& [name, member] : value.items()) {
            ASSERT_TRUE(schema["properties"].contains(name)) << where << "." << name;
            expect_fits(member, schema["properties"][name], where + "." + name);
        }
    }
    Json answer_schema(const std::string& path, const std::string& method) const {
        return document["paths"][path][method]["responses"]["200"]["content"]["application/json"]
                       ["schema"];
    }

    AppHarness sandbox;
    const Json document = sandbox.control("GET", "/_sandbox/openapi.json").body;
};

TEST_F(OpenApi, HasTheRoutesAndNoOthers) {
    std::set<std::string> served;
    for (const auto& route : sandbox::control::routes()) {
        served.insert(lower(route.method) + " " + std::string(route.pattern));
        EXPECT_FALSE(route.summary.empty()) << route.pattern;
    }
    std::set<std::string> described;
    for (const auto& [path, methods] : document["paths"].items())
        for (const auto& [method, operation] : methods.items())
            described.insert(method + " " + path);
    EXPECT_EQ(described, served);
}

TEST_F(OpenApi, LeadsNowhereThatIsNotThere) {
    std::function<void(const Json&)> walk = [&](const Json& json) {
        if (json.is_object() && json.contains("$ref")) resolved(json);
        if (json.is_structured())
            for (const Json& each : json) walk(each);
    };
    walk(document);
    EXPECT_EQ(document["openapi"], "3.1.0");
    EXPECT_FALSE(document["info"]["version"].get<std::string>().empty());
}

TEST_F(OpenApi, KnowsTheMembersThatEachCallTakes) {
    for (const auto& route : sandbox::control::routes()) {
        if (route.body.empty()) continue;
        std::string path(route.pattern);
        if (const auto at = path.find("/{id}"); at != std::string::npos) {
            sandbox.v2("/pay/unifiedorder", AppHarness::order("O1"));
            path.replace(at, 5, "/1900000109:O1");
        }
        const auto refused_as_unknown = [&](const std::string& member) {
            const auto answer =
                sandbox.control(std::string(route.method), path, {{member, Json()}});
            return answer.status == 400 && answer.body["error"]["field"] == member &&
                   answer.body["error"]["message"].get<std::string>().starts_with("unknown");
        };
        EXPECT_TRUE(refused_as_unknown("no_such_member")) << path;
        const Json& schema = document["components"]["schemas"][std::string(route.body)];
        for (const auto& [name, member] : schema["properties"].items())
            EXPECT_FALSE(refused_as_unknown(name)) << path << ": " << name;
    }
}

TEST_F(OpenApi, DescribesWhatIsAnswered) {
    sandbox.v2("/pay/unifiedorder", AppHarness::order("O1", {{"notify_url",
                                                              "http://127.0.0.1:9"
                                                              "/n"}}));
    sandbox.v2("/pay/unifiedorder", AppHarness::order("O2"));
    sandbox.post("/pay/unifiedorder", "<xml/>");
    const auto check = [&](const std::string& method, const std::string& pattern,
                           const std::string& target, const Json& body = nullptr) {
        const auto answer = sandbox.control(method, target, body);
        ASSERT_EQ(answer.status, 200) << target << answer.body;
        expect_fits(answer.body, answer_schema("/_sandbox" + pattern, lower(method)), pattern);
    };
    check("GET", "/health", "/_sandbox/health");
    check("POST", "/v1/orders/{id}/pay", "/_sandbox/v1/orders/1900000109:O1/pay",
          {{"coupons", {{{"id", "1"}, {"type", "CASH"}, {"fee", 8}}}}});
    sandbox.run_due();
    sandbox.v2("/secapi/pay/refund", {{"out_trade_no", "O1"},
                                      {"out_refund_no", "R1"},
                                      {"total_fee", "888"},
                                      {"refund_fee", "8"}});
    sandbox.run_due();
    check("GET", "/v1/orders", "/_sandbox/v1/orders?limit=1");
    check("GET", "/v1/orders/{id}", "/_sandbox/v1/orders/1900000109:O1");
    check("GET", "/v1/refunds/{id}", "/_sandbox/v1/refunds/1900000109:R1");
    check("GET", "/v1/notifications", "/_sandbox/v1/notifications");
    check("GET", "/v1/exchanges", "/_sandbox/v1/exchanges");
    for (const char* const id : {"1", "3", "c1"})
        check("GET", "/v1/exchanges/{id}", "/_sandbox/v1/exchanges/" + std::string(id));
    check("GET", "/v1/report", "/_sandbox/v1/report");
    check("GET", "/v1/clock", "/_sandbox/v1/clock");
    check("POST", "/v1/faults", "/_sandbox/v1/faults",
          {{"on", "notify"}, {"do", {{"delay", "1s"}, {"duplicate", 2}}}});
    check("GET", "/v1/faults", "/_sandbox/v1/faults");
    check("DELETE", "/v1/faults", "/_sandbox/v1/faults");
    check("GET", "/v1/merchants", "/_sandbox/v1/merchants");
    check("GET", "/v1/environment", "/_sandbox/v1/environment");
    check("GET", "/v1/platform", "/_sandbox/v1/platform");
    check("POST", "/v1/platform", "/_sandbox/v1/platform", {{"second_published", true}});
    check("POST", "/v1/reset", "/_sandbox/v1/reset");
}

TEST_F(OpenApi, SaysTheParametersThatEachCallTakes) {
    for (const auto& route : sandbox::control::routes()) {
        if (route.method != "GET" || route.pattern.find('{') != std::string_view::npos) continue;
        const auto refused =
            sandbox.control("GET", std::string(route.pattern) + "?no_such_parameter=1");
        EXPECT_EQ(refused.status, 400) << route.pattern;
        EXPECT_EQ(refused.body["error"]["field"], "no_such_parameter") << route.pattern;
    }
}

}  // namespace
}  // namespace wxpay::test
