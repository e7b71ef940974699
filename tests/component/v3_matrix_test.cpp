// Every field and every documented error of tests/vectors/v3-endpoints.json, against the sandbox.
// What the table has and the sandbox has not yet is listed in kNotYet; it can only shrink.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/codec/base64.hpp"

#include "sandbox/api_v3/endpoints.hpp"
#include "tests/support/v3_caller.hpp"
#include "tests/support/vectors.hpp"

namespace wxpay::test {
namespace {

using Json = nlohmann::json;
namespace api_v3 = sandbox::api_v3;

/// Endpoints of the table that nobody has built.
const std::set<std::string> kNotYet{};

/// "One of them" and "required when" in the table's notes: what a good call has besides.
const std::map<std::string, std::set<std::string>> kBesides{
    {"/v3/pay/partner/transactions/jsapi", {"payer.sp_openid"}},
    {"/v3/refund/domestic/refunds", {"out_trade_no"}},
    {"/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund",
     {"bank_type", "bank_account", "real_name"}},
    {"/v3/profitsharing/return-orders", {"out_order_no"}},
};

std::string last_of(const std::string& name) { return name.substr(name.rfind('.') + 1); }

/// Whether it is a moment in RFC 3339; the table says so of some.
bool is_time(const Json& field) {
    return field.value("note", "") == "RFC3339" || field["name"] == "time_expire";
}

/// Where a body's field stands, in the first item of each list: "/sub_orders/0/mchid".
Json::json_pointer pointer_of(const std::string& name) {
    std::string out = "/";
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name.compare(i, 2, "[]") == 0) {
            out += "/0";
            ++i;
        } else {
            out += name[i] == '.' ? '/' : name[i];
        }
    }
    return Json::json_pointer(out);
}

/// Puts a value at a dotted name, in each item of a list.
void put(Json& parent, const std::string& name, const std::function<Json()>& make) {
    const std::size_t dot = name.find('.');
    std::string part = name.substr(0, dot);
    const bool is_list = part.ends_with("[]");
    if (is_list) part.resize(part.size() - 2);
    if (dot == std::string::npos) {
        parent[part] = make();
        return;
    }
    const std::string rest = name.substr(dot + 1);
    if (!is_list) return put(parent[part], rest, make);
    Json& items = parent[part];
    const std::size_t count = part == "sub_orders" ? 2 : 1;  // a combined order has two at least
    while (items.size() < count) items.push_back(Json::object());
    for (Json& item : items) put(item, rest, make);
}

/// A call before it is sent.
struct Draft {
    Json body = Json::object();
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> path;
};

class V3Matrix : public testing::Test {
  protected:
    static const Json& table() {
        static const Json kTable = Json::parse(read_vector_file("v3-endpoints.json"));
        return kTable;
    }

    static std::string name_of(const Json& endpoint) {
        return endpoint["method"].get<std::string>() + " " + endpoint["path"].get<std::string>();
    }
    static const api_v3::Endpoint* built(const Json& endpoint) {
        for (const api_v3::Endpoint& each : api_v3::endpoints()) {
            if (each.method == endpoint["method"] && each.path == endpoint["path"]) return &each;
        }
        return nullptr;
    }
    static void for_each_built(const std::function<void(const Json&, const api_v3::Endpoint&)>& f) {
        for (const Json& endpoint : table()["endpoints"]) {
            if (const auto* const found = built(endpoint)) f(endpoint, *found);
        }
    }

    static bool is_encrypted(const Json& field) {
        return field.value("note", "").starts_with("RSA-OAEP");
    }

    V3Caller& caller_of(const Json& endpoint) {
        for (const Json& field : endpoint["request"]) {
            const bool is_partners = field["name"] == "sp_mchid" ||
                                     (field["name"] == "sub_mchid" && field["required"] == true);
            if (is_partners) return provider;
        }
        return direct;
    }

    /// A value that the field takes.
    Json sample(const Json& endpoint, const Json& field) {
        const std::string name = last_of(field["name"]);
        const std::string type = field["type"];
        if (type == "integer") {
            if (name == "total") return 888;
            if (name == "refund" || name == "total_num") return 1;
            return name == "limit" ? 20 : 100;
        }
        if (type == "boolean") return true;
        if (type == "object") return Json::object();
        if (type == "array") return Json::array();
        if (is_encrypted(field)) {
            const auto cipher =
                sandbox.platform.public_key().key.public_key().encrypt_oaep("secret").value();
            return base64_encode(
                {reinterpret_cast<const unsigned char*>(cipher.data()), cipher.size()});
        }
        if (field.contains("enum")) return field["enum"][0];
        if (is_time(field) || name.ends_with("_time")) return "2024-06-02T12:00:00+08:00";
        if (name.ends_with("appid")) return AppHarness::kAppId;
        if (name == "sub_mchid") return "1900000200";
        if (name.ends_with("mchid")) return caller_of(endpoint).mch_id;
        if (name.ends_with("openid")) return AppHarness::kOpenId;
        if (name == "notify_url") return "http://127.0.0.1:9190/notify";
        if (name == "bill_date") return "2024-05-31";
        if (name.ends_with("client_ip")) return "14.23.150.211";
        if (name == "transaction_id") return "4200002288202406010123456789";
        if (name == "auth_code") return "134579720130501234";
        if (name == "account") return "1900000200";
        if (name == "transfer_scene_id") return "1000";
        return "Matrix" + std::to_string(++made_);
    }

    /// A good call with all that is required; with `also` and what it stands in, when given.
    Draft draft(const Json& endpoint, const std::string& also = {}) {
        Draft out;
        const auto besides = kBesides.find(endpoint["path"]);
        std::set<std::string> there;
        for (const Json& field : endpoint["request"]) {
            const std::string name = field["name"];
            if (field["in"] == "header") continue;
            std::string parent = name.substr(0, std::max<std::size_t>(name.rfind('.'), 0));
            if (name.find('.') == std::string::npos) parent.clear();
            if (parent.ends_with("[]")) parent.resize(parent.size() - 2);
            const bool is_above =
                also == name || also.starts_with(name + ".") || also.starts_with(name + "[]");
            const bool is_beside = besides != kBesides.end() && besides->second.contains(name);
            const bool has_parent = parent.empty() || there.contains(parent);
            if (!is_above && (!has_parent || (field["required"] != true && !is_beside))) continue;
            there.insert(name);
            if (field["in"] == "body") {
                put(out.body, name, [&] { return sample(endpoint, field); });
            } else {
                const Json value = sample(endpoint, field);
                (field["in"] == "query" ? out.query : out.path)[name] =
                    value.is_string() ? value.get<std::string>() : value.dump();
            }
        }
        return out;
    }

    http::Request request(const Json& endpoint, const Draft& draft) {
        std::string target = endpoint["path"];
        for (const auto& [name, value] : draft.path) {
            const std::string variable = "{" + name + "}";
            target.replace(target.find(variable), variable.size(), http::percent_encode(value));
        }
        char before = '?';
        for (const auto& [name, value] : draft.query) {
            target += before + name + "=" + http::percent_encode(value);
            before = '&';
        }
        V3Caller& caller = caller_of(endpoint);
        caller.platform_serial = sandbox.platform.public_key().serial;
        const bool has_body = endpoint["method"] != "GET" && !draft.body.empty();
        return caller.request(endpoint["method"], target, has_body ? draft.body.dump() : "");
    }

    V3Answer send(const Json& endpoint, const http::Request& request) {
        ++calls_;
        V3Answer answer = caller_of(endpoint).send(request);
        const std::string number = answer.number();
        if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos)
            complain(endpoint, "Request-ID", "its tail is no number: " + number);
        return answer;
    }
    V3Answer send(const Json& endpoint, const Draft& draft) {
        return send(endpoint, request(endpoint, draft));
    }

    void complain(const Json& endpoint, const std::string& field, const std::string& what) {
        wrong_.push_back(name_of(endpoint) + " " + field + ": " + what);
    }

    std::vector<std::string> last_notes() const {
        const auto last = sandbox.exchanges.list(1, [](const auto&) { return true; });
        return last.empty() ? std::vector<std::string>{} : last[0]->notes;
    }

    AppHarness sandbox;
    V3Caller direct{sandbox};
    V3Caller provider{sandbox, "1900000111"};
    std::vector<std::string> wrong_;
    int made_ = 0;
    int calls_ = 0;
};

TEST_F(V3Matrix, NamesWhatIsNotBuilt) {
    std::set<std::string> known;
    for (const Json& endpoint : table()["endpoints"]) {
        const std::string name = name_of(endpoint);
        known.insert(name);
        EXPECT_NE(kNotYet.contains(name), built(endpoint) != nullptr)
            << (kNotYet.contains(name) ? "built: take it out of kNotYet: "
                                       : "the sandbox has lost an endpoint: ")
            << name;
    }
    for (const std::string& name : kNotYet) EXPECT_TRUE(known.contains(name)) << name;
    std::printf("matrix: %zu of %zu endpoints built\n", known.size() - kNotYet.size(),
                known.size());
}

/// One field of one endpoint, and what is tried with it.
class FieldCases {
  public:
    using Send = std::function<V3Answer(const Draft&)>;
    using Complain = std::function<void(const std::string& what)>;

    FieldCases(const Json& field, const api_v3::FieldRule& rule, Draft good, Send send,
               Complain complain)
        : field_(field),
          name_(field["name"]),
          in_(field["in"] == "path" ? "uri_template" : field["in"].get<std::string>()),
          pointer_("/" + in_ + (in_ == "body" ? pointer_of(name_).to_string() : "/" + name_)),
          label_(api_v3::label_of(rule)),
          good_(std::move(good)),
          send_(std::move(send)),
          complain_(std::move(complain)) {}

    bool is_about_it(const V3Answer& answer) const {
        return answer.code() == "PARAM_ERROR" &&
               answer.response.body.find("\xE2\x80\x9C" + pointer_ + "\xE2\x80\x9D") !=
                   std::string::npos;
    }
    bool is_unknown(const V3Answer& answer) const {
        return answer.response.body.find("未在API文档中定义") != std::string::npos;
    }

    V3Answer with(const std::optional<Json>& value) const {
        Draft draft = good_;
        if (in_ != "body") {
            auto& texts = in_ == "query" ? draft.query : draft.path;
            if (!value) {
                texts.erase(name_);
            } else {
                texts[name_] = value->is_string() ? value->get<std::string>() : value->dump();
            }
        } else if (value) {
            draft.body[pointer_of(name_)] = *value;
        } else {
            const auto at = pointer_of(name_);
            draft.body[at.parent_pointer()].erase(at.back());
        }
        return send_(draft);
    }

    void accepted(const char* what, const std::optional<Json>& value) const {
        const V3Answer answer = with(value);
        if (is_about_it(answer) || is_unknown(answer))
            complain_(std::string(what) + " is refused: " + answer.response.body);
    }
    void refused(const char* what, const std::optional<Json>& value, const std::string& message,
                 const Json& detail_value) const {
        const V3Answer answer = with(value);
        const Json wanted{{"code", "PARAM_ERROR"},
                          {"detail", {{"location", in_}, {"value", detail_value}}},
                          {"message", message}};
        if (answer.status != 400 || answer.response.body != wanted.dump()) {
            complain_(fmt::format("{}: HTTP {} {}\n    wanted {}", what, answer.status,
                                  answer.response.body, wanted.dump()));
        } else if (!answer.is_signed) {
            complain_(std::string(what) + ": the answer is not signed");
        }
    }

    // The templates of spec V3 1.6.
    std::string wants(std::string_view rest) const {
        return fmt::format("输入源“{}”映射到值字段“{}”字符串规则校验失败，{}", pointer_, label_,
                           rest);
    }
    void presence() const {
        accepted("the field", good_value());
        if (in_ == "uri_template") return;
        if (field_["required"] == true) {
            refused("absent", std::nullopt,
                    fmt::format("输入源“{}”映射到字段“{}”必填性规则校验失败，此字段为必填项",
                                pointer_, label_),
                    "");
        }
        if (in_ == "body" && field_["required"] == false && !is_needed_at_times())
            accepted("null", Json());
        if (field_["type"] != "string") return;
        const int least = field_.value("min_len", 1);
        if (field_["required"] == true) {
            refused("empty", "", wants(fmt::format("字符数 0，小于最小值 {}", least)), 0);
        } else if (!is_needed_at_times()) {
            accepted("empty", "");
        }
    }
    void type() const {
        const std::string type = field_["type"];
        if (in_ != "body" && type == "string") return;
        const std::map<std::string, std::string> words{{"integer", "合法的 64 位有符号整数"},
                                                       {"string", "合法的字符串"},
                                                       {"boolean", "合法的布尔值"},
                                                       {"object", "合法的对象"},
                                                       {"array", "合法的数组"}};
        const std::string message =
            fmt::format("无法将{}输入源“{}”映射到目标字段“{}”中，此字段需要一个{}",
                        in_ == "body" ? " JSON " : "", pointer_, label_, words.at(type));
        const Json wrong = type == "string" ? Json(12) : Json("abc");
        refused("another type", wrong, message, wrong);
        if (type == "integer" && in_ == "body") refused("0.01", 0.01, message, 0.01);
    }
    void length(const std::function<std::vector<std::string>()>& notes) const {
        if (field_["type"] != "string" || field_["max_len"].is_null() || field_.contains("enum") ||
            is_time(field_) || name_ == "bill_date" ||
            field_.value("note", "").starts_with("RSA-OAEP"))
            return;
        const std::size_t most = field_["max_len"];
        accepted("at its limit", of_length(most));
        const bool is_exact = field_.contains("pattern") && name_.find("url") == std::string::npos;
        if (field_["max_len_src"] == "doc") {
            refused("one past its limit", of_length(most + 1),
                    wants(fmt::format("字节数 {}，大于最大值 {}", most + 1, most)), most + 1);
        } else if (!is_exact) {  // an expression with the limit in it refuses it all the same
            accepted("one past a recalled limit", of_length(most + 1));
            const auto all = notes();
            const bool is_noted = std::any_of(all.begin(), all.end(), [&](const auto& note) {
                return note.find(pointer_ + " has") != std::string::npos;
            });
            if (!is_noted) complain_("one past a recalled limit: not noted");
        }
    }
    void form() const {
        if (field_.contains("pattern")) {
            const std::string broken = "!!!!!!";
            refused("of a wrong form", broken,
                    wants(fmt::format("字符串必须匹配正则表达式“{}”",
                                      field_["pattern"].get<std::string>())),
                    broken);
        }
        if (field_.contains("enum")) {
            std::string words;
            for (const Json& each : field_["enum"])
                words += (words.empty() ? "" : "|") + each.get<std::string>();
            refused("another word", "no_such",
                    wants(fmt::format("字符串必须匹配正则表达式“^({})$”", words)), "no_such");
            for (const Json& each : field_["enum"]) accepted("a word", each);
        }
        if (is_time(field_)) {
            refused("a time of V2", "20240602120000",
                    wants("字符串必须是符合 RFC3339 日期时间格式"), "20240602120000");
        }
        if (field_.contains("min")) {
            const std::int64_t least = field_["min"];
            refused("below its least", least - 1,
                    fmt::format("输入源“{}”映射到数值字段“{}”规则校验失败，值低于最小值 {}",
                                pointer_, label_, least),
                    least - 1);
            accepted("its least", least);
        }
    }

  private:
    /// Optional by the table, but one of two or needed with another one.
    bool is_needed_at_times() const {
        const std::string note = field_.value("note", "");
        return note.starts_with("one of ") || note.find("required ") != std::string::npos;
    }
    Json good_value() const {
        if (in_ == "body") return good_.body[pointer_of(name_)];
        return (in_ == "query" ? good_.query : good_.path).at(name_);
    }
    std::string of_length(std::size_t length) const {
        const std::string start =
            name_.find("notify_url") != std::string::npos ? "http://127.0.0.1/" : "";
        return start + std::string(length - start.size(), '1');
    }

    const Json& field_;
    const std::string name_;
    const std::string in_;
    const std::string pointer_;
    const std::string label_;
    const Draft good_;
    const Send send_;
    const Complain complain_;
};

/// Fields with a form of their own, which other messages or codes answer.
bool has_own_words(const std::string& name) { return name == "payer.auth_code"; }

TEST_F(V3Matrix, EachFieldIsHeldToItsRule) {
    const Json& labels = table()["label_cn"];
    for_each_built([&](const Json& endpoint, const api_v3::Endpoint& code) {
        for (const Json& field : endpoint["request"]) {
            if (field["in"] == "header") continue;
            const std::string name = field["name"];
            const auto rule =
                std::find_if(code.fields.begin(), code.fields.end(), [&](const auto& each) {
                    const auto in = field["in"] == "body"    ? api_v3::In::body
                                    : field["in"] == "query" ? api_v3::In::query
                                                             : api_v3::In::path;
                    return each.name == name && each.in == in;
                });
            if (rule == code.fields.end()) {
                complain(endpoint, name, "no rule for it");
                continue;
            }
            if (labels.contains(name) && api_v3::label_of(*rule) != labels[name])
                complain(endpoint, name, "is not called " + labels[name].get<std::string>());
            if (has_own_words(name)) continue;
            const FieldCases cases(
                field, *rule, draft(endpoint, name),
                [&](const Draft& draft) { return send(endpoint, draft); },
                [&](const std::string& what) { complain(endpoint, name, what); });
            cases.presence();
            cases.type();
            cases.length([this] { return last_notes(); });
            cases.form();
        }
    });
    std::printf("matrix: %d calls about fields, %zu wrong\n", calls_, wrong_.size());
    for (const std::string& each : wrong_) ADD_FAILURE() << each;
    EXPECT_GT(calls_, 1500);
}

TEST_F(V3Matrix, NoEndpointTakesWhatItDoesNotKnow) {
    const auto expect = [&](const Json& endpoint, const Draft& draft, const std::string& pointer) {
        const V3Answer answer = send(endpoint, draft);
        const std::string wanted = R"({"code":"PARAM_ERROR","detail":{"location":null,"value":[")" +
                                   pointer +
                                   R"("]},"message":"请求中含有未在API文档中定义的参数"})";
        if (answer.response.body != wanted || answer.number() != "270924358")
            complain(endpoint, pointer, answer.response.body + " " + answer.number());
    };
    for_each_built([&](const Json& endpoint, const api_v3::Endpoint&) {
        Draft query = draft(endpoint);
        query.query["no_such_field"] = "1";
        expect(endpoint, query, "/query/no_such_field");
        if (endpoint["method"] == "GET") return;
        Draft body = draft(endpoint);
        if (!body.body.empty()) {
            body.body["no_such_field"] = 1;
            expect(endpoint, body, "/body/no_such_field");
        }
        std::set<std::string> parents;
        for (const Json& field : endpoint["request"]) {
            const std::string name = field["name"];
            const std::size_t dot = name.rfind('.');
            if (field["in"] == "body" && dot != std::string::npos)
                parents.insert(name.substr(0, dot));
        }
        for (const std::string& parent : parents) {
            std::string child = parent;
            for (const Json& field : endpoint["request"]) {
                const std::string name = field["name"];
                if (name.starts_with(parent + ".")) child = name;
            }
            Draft nested = draft(endpoint, child);
            const auto at = pointer_of(parent) / "no_such_field";
            nested.body[at] = 1;
            expect(endpoint, nested, "/body" + at.to_string());
        }
    });
    for (const std::string& each : wrong_) ADD_FAILURE() << each;
}

TEST_F(V3Matrix, EachHeaderIsAskedFor) {
    for_each_built([&](const Json& endpoint, const api_v3::Endpoint&) {
        const auto without = [&](const char* name) {
            const http::Request whole = request(endpoint, draft(endpoint));
            http::Request out = whole;
            out.headers = {};
            for (const auto& [each, value] : whole.headers) {
                if (!http::equals_ignoring_case(each, name)) out.headers.add(each, value);
            }
            return send(endpoint, out);
        };
        for (const char* const name : {"User-Agent", "Accept"}) {
            const V3Answer answer = without(name);
            EXPECT_EQ(answer.status, 400) << name_of(endpoint);
            EXPECT_EQ(answer.response.body,
                      R"({"code":"INVALID_REQUEST","message":"Http头缺少Accept或User-Agent"})")
                << name_of(endpoint) << " without " << name;
        }
        const V3Answer answer = without("Authorization");
        EXPECT_EQ(answer.status, 401);
        EXPECT_FALSE(answer.is_signed);
        EXPECT_EQ(answer.response.body, R"({"code":"SIGN_ERROR","message":"Http头Authorization)"
                                        R"(值格式错误，请参考《微信支付商户REST API签名规则》"})")
            << name_of(endpoint);
    });
    for (const std::string& each : wrong_) ADD_FAILURE() << each;
}

/// The words that a row quotes: "…: message 该订单已支付 (…)".
std::string message_in(const std::string& when) {
    constexpr std::string_view kBefore = ": message ";
    const std::size_t at = when.find(kBefore);
    if (at == std::string::npos) return {};
    const std::size_t from = at + kBefore.size();
    return when.substr(from, when.find(' ', from) - from);
}

TEST_F(V3Matrix, EachDocumentedErrorIsEarnedOrGivenOnDemand) {
    int rows = 0;
    std::vector<std::string> unreached;
    for_each_built([&](const Json& endpoint, const api_v3::Endpoint&) {
        for (const Json& row : endpoint["errors"]) {
            ++rows;
            const std::string code = row["code"];
            const std::string when = row["when"];
            const std::string message = message_in(when);
            http::Request asked = request(endpoint, draft(endpoint));
            asked.headers.add("Wechatpay-Negative-Test", message.empty() ? code : message);
            const V3Answer answer = send(endpoint, asked);
            const bool is_right =
                answer.status == row["http"] && answer.code() == code &&
                (message.empty() ? !answer.message().empty() : answer.message() == message) &&
                answer.message().find("sandbox:") == std::string::npos &&
                answer.is_signed == (answer.status != 401);
            if (is_right) continue;
            unreached.push_back(fmt::format(
                "{}: {} {} ({}): HTTP {} {}{}", name_of(endpoint), row["http"].get<int>(), code,
                when, answer.status, answer.response.body, answer.is_signed ? ", signed" : ""));
        }
    });
    std::printf("matrix: %d rows of errors, without a test: %zu\n", rows, unreached.size());
    for (const std::string& row : unreached) ADD_FAILURE() << row;
    for (const std::string& each : wrong_) ADD_FAILURE() << each;
}

}  // namespace
}  // namespace wxpay::test
