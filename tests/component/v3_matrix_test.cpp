// Every field and every documented error of tests/vectors/v3-endpoints.json, against the sandbox.
// What the table has and the sandbox has not yet is listed in kNotYet; it can only shrink.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <tuple>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/codec/base64.hpp"
#include "core/codec/beijing_time.hpp"

#include "sandbox/api_v3/endpoints.hpp"
#include "sandbox/ledger/funds.hpp"
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
        if (name == "auth_code") return fmt::format("1345{:010}1234", ++made_);  // good once
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
        if (!request.headers.find("Wechatpay-Negative-Test"))
            earned_.insert({name_of(endpoint), answer.status, answer.code(), answer.message()});
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

    // --- Calls that succeed, and what they are about. ---

    static const Json& named(const std::string& name) {
        for (const Json& endpoint : table()["endpoints"])
            if (name_of(endpoint) == name) return endpoint;
        throw std::invalid_argument(name);
    }
    /// Sends a call that must succeed.
    V3Answer succeed(const std::string& name, const Draft& draft) {
        V3Answer answer = send(named(name), draft);
        EXPECT_EQ(answer.status, named(name)["success_http"]) << name << answer.response.body;
        return answer;
    }
    static std::string orders_of(bool is_partners) {
        return is_partners ? "/v3/pay/partner/transactions" : "/v3/pay/transactions";
    }
    std::string ordered(bool is_partners, const Json& changes = Json::object()) {
        const std::string name = "POST " + orders_of(is_partners) + "/jsapi";
        Draft order = draft(named(name));
        order.body.merge_patch(changes);
        succeed(name, order);
        return order.body["out_trade_no"];
    }
    std::string scanned(bool is_partners, const std::string& last = "1234") {
        const Json& endpoint = named("POST " + orders_of(is_partners) + "/codepay");
        Draft payment = draft(endpoint);
        auto& code = payment.body["payer"]["auth_code"].get_ref<std::string&>();
        code.replace(code.size() - last.size(), last.size(), last);
        send(endpoint, payment);
        return payment.body["out_trade_no"];
    }
    /// Its transaction_id.
    std::string pay(const std::string& number, bool is_partners = false) {
        const std::string& mch_id = is_partners ? provider.mch_id : direct.mch_id;
        const auto paid =
            sandbox.control("POST", "/_sandbox/v1/orders/" + mch_id + ":" + number + "/pay");
        EXPECT_EQ(paid.status, 200) << paid.body;
        return paid.body.value("transaction_id", "");
    }
    std::string today() const { return format_rfc3339_seconds(sandbox.clock.now()).substr(0, 10); }
    /// A day of which there is a bill.
    std::string billed_day() {
        std::string day = today();
        pay(ordered(false));
        sandbox.advance(std::chrono::hours(48));
        return day;
    }
    static std::string token_in(const Json& bill) {
        const std::string url = bill["download_url"];
        return url.substr(url.find("token=") + 6);
    }
    /// The transaction_id of an order that can be shared by now.
    std::string shareable() {
        std::string id = pay(ordered(false, {{"settle_info", {{"profit_sharing", true}}}}));
        succeed("POST /v3/profitsharing/receivers/add",
                draft(named("POST /v3/profitsharing/receivers/add")));
        sandbox.advance(std::chrono::minutes(1));
        return id;
    }
    /// A request that has gone through.
    Draft shared() {
        const std::string name = "POST /v3/profitsharing/orders";
        Draft request = good(named(name));
        succeed(name, request);
        sandbox.run_due();
        return request;
    }
    static Json parts_of(const Draft& combination) {
        Json parts = Json::array();
        for (const Json& part : combination.body["sub_orders"])
            parts.push_back({{"mchid", part["mchid"]}, {"out_trade_no", part["out_trade_no"]}});
        return parts;
    }

    /// A call that succeeds: what it is about is made before.
    Draft good(const Json& endpoint) {
        const std::string path = endpoint["path"];
        Draft out = draft(endpoint);
        if (path.find("/pay/") != std::string::npos) make_order(path, out);
        if (path.find("/refund/") != std::string::npos) make_refund(path, out);
        if (path.find("bill/") != std::string::npos) out.query["bill_date"] = billed_day();
        if (path == "/v3/billdownload/file") {
            const std::string bill = "GET /v3/bill/tradebill";
            out.query["token"] = token_in(succeed(bill, good(named(bill))).body);
        }
        if (path.find("combine-transactions/out-trade-no") != std::string::npos) {
            const Draft combination = draft(named("POST /v3/combine-transactions/native"));
            succeed("POST /v3/combine-transactions/native", combination);
            out.path["combine_out_trade_no"] = combination.body["combine_out_trade_no"];
            if (endpoint["method"] == "POST") out.body["sub_orders"] = parts_of(combination);
        }
        if (out.path.contains("out_bill_no") || out.path.contains("transfer_bill_no")) {
            const std::string bills = "POST /v3/fund-app/mch-transfer/transfer-bills";
            const Json made = succeed(bills, draft(named(bills))).body;
            for (auto& [name, value] : out.path) value = made[name];
        }
        if (out.path.contains("out_batch_no")) {
            const std::string batches = "POST /v3/transfer/batches";
            out.path["out_batch_no"] = succeed(batches, draft(named(batches))).body["out_batch_no"];
        }
        if (path.find("profitsharing") != std::string::npos) make_sharing(path, out);
        return out;
    }

    AppHarness sandbox;
    V3Caller direct{sandbox};
    V3Caller provider{sandbox, "1900000111"};
    std::vector<std::string> wrong_;
    /// Endpoint, status, code and message of what came without being asked for by header.
    std::set<std::tuple<std::string, int, std::string, std::string>> earned_;
    int made_ = 0;
    int calls_ = 0;

  private:
    void make_order(const std::string& path, Draft& out) {
        const bool is_partners = path.starts_with(orders_of(true));
        if (path.find("/reverse") != std::string::npos) {
            out.path["out_trade_no"] = scanned(is_partners);
        } else if (out.path.contains("out_trade_no")) {
            out.path["out_trade_no"] = ordered(is_partners);
        } else if (out.path.contains("transaction_id")) {
            out.path["transaction_id"] = pay(ordered(is_partners), is_partners);
        }
    }
    void make_refund(const std::string& path, Draft& out) {
        const std::string number = ordered(false);
        pay(number);
        const std::string name = "POST /v3/refund/domestic/refunds";
        if (path == "/v3/refund/domestic/refunds") {
            out.body["out_trade_no"] = number;
            return;
        }
        sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/refund-outcome",
                        {{"outcome", "abnormal"}});
        Draft refund = draft(named(name));
        refund.body["out_trade_no"] = number;
        const Json made = succeed(name, refund).body;
        sandbox.run_due();
        for (auto& [variable, value] : out.path) value = made[variable];
        if (out.body.contains("out_refund_no")) out.body["out_refund_no"] = made["out_refund_no"];
    }
    void make_sharing(const std::string& path, Draft& out) {
        if (path == "/v3/profitsharing/orders" || path.ends_with("/unfreeze")) {
            out.body["transaction_id"] = shareable();
        } else if (path.ends_with("/amounts")) {
            out.path["transaction_id"] = shareable();
        } else if (path.ends_with("/orders/{out_order_no}")) {
            const Draft request = shared();
            out.path["out_order_no"] = request.body["out_order_no"];
            out.query["transaction_id"] = request.body["transaction_id"];
        } else if (path == "/v3/profitsharing/return-orders") {
            const Draft request = shared();
            out.body["out_order_no"] = request.body["out_order_no"];
            out.body["return_mchid"] = request.body["receivers"][0]["account"];
        } else if (path.ends_with("/{out_return_no}")) {
            const std::string name = "POST /v3/profitsharing/return-orders";
            const Draft back = good(named(name));
            succeed(name, back);
            out.path["out_return_no"] = back.body["out_return_no"];
            out.query["out_order_no"] = back.body["out_order_no"];
        }
    }
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
        if (is_about_it(answer) || is_unknown(answer) || answer.status >= 500)
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
        const bool is_exact =
            is_address() || (field_.contains("pattern") && name_.find("url") == std::string::npos);
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
        if (is_address()) {
            refused("no address", "14.23.150", wants("字符串必须是合法的IPv4或IPv6地址"),
                    "14.23.150");
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
    bool is_address() const { return last_of(name_) == "payer_client_ip"; }
    std::string of_length(std::size_t length) const {
        if (is_address()) {  // the longest there is
            std::string out = "0000:0000:0000:0000:0000:ffff:192.168.100.228";
            out.resize(length, '0');
            return out;
        }
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

TEST_F(V3Matrix, GivesEachDocumentedErrorOnDemand) {
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
    std::printf("matrix: %d rows of errors asked for, not given: %zu\n", rows, unreached.size());
    for (const std::string& row : unreached) ADD_FAILURE() << row;
    for (const std::string& each : wrong_) ADD_FAILURE() << each;
}

/// Endpoints that never succeed here.
const std::set<std::string> kNeverGood{
    "GET /v3/profitsharing/bills",  // the sandbox makes none: FIDELITY.md "V3 profit sharing"
};

/// What the answer lacks of a documented member, or has of another type; empty: nothing.
std::string missing_in(const Json& parent, std::string_view name, const Json& field) {
    const std::string_view part = name.substr(0, name.find('.'));
    const bool is_last = part.size() == name.size();
    const bool is_items = part.ends_with("[]");
    const std::string bare(is_items ? part.substr(0, part.size() - 2) : part);
    if (!parent.contains(bare)) return is_last && field["required"] == true ? bare : "";
    const Json& value = parent[bare];
    if (is_last) {
        const std::string type = field["type"];
        const bool is_right = type == "string"    ? value.is_string()
                              : type == "integer" ? value.is_number_integer()
                              : type == "boolean" ? value.is_boolean()
                              : type == "array"   ? value.is_array()
                                                  : value.is_object();
        return is_right ? "" : bare + " of another type";
    }
    const std::string_view rest = name.substr(part.size() + 1);
    if (!is_items) return missing_in(value, rest, field);
    for (const Json& item : value) {
        if (std::string lack = missing_in(item, rest, field); !lack.empty()) return lack;
    }
    return "";
}

TEST_F(V3Matrix, AnswersAGoodCallAsTheTableSays) {
    for_each_built([&](const Json& endpoint, const api_v3::Endpoint&) {
        if (kNeverGood.contains(name_of(endpoint))) return;
        const V3Answer answer = send(endpoint, good(endpoint));
        if (answer.status != endpoint["success_http"])
            return complain(endpoint, std::to_string(answer.status), answer.response.body);
        if (answer.is_signed != endpoint.value("response_signed", true))
            complain(endpoint, "signature", answer.is_signed ? "unwanted" : "wrong or missing");
        if (answer.number() != "0") complain(endpoint, "Request-ID", answer.number());
        for (const Json& field : endpoint.value("response", Json::array())) {
            const std::string name = field["name"];
            const std::string lack =
                answer.body.is_object() ? missing_in(answer.body, name, field) : name;
            if (!lack.empty()) complain(endpoint, name, lack + " in " + answer.response.body);
        }
    });
    for (const std::string& each : wrong_) ADD_FAILURE() << each;
}

/// Errors that no call earns here, by code or by the words that the table quotes: the names of
/// endpoints that document them, or how the names of several begin, up to a '/' or "". They come by
/// Wechatpay-Negative-Test or a fault only.
const std::map<std::string, std::vector<std::string>> kOnDemandOnly{
    {"ACCOUNT_ERROR", {""}},
    {"ALREADY_EXISTS", {""}},
    {"APPID_MCHID_NOT_MATCH",
     {"POST /v3/combine-transactions/out-trade-no/",
      "POST /v3/pay/partner/transactions/out-trade-no/{out_trade_no}/close",
      "POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close"}},
    {"BANK_ERROR",
     {"GET /v3/", "POST /v3/combine-transactions/", "POST /v3/pay/partner/transactions/app",
      "POST /v3/pay/partner/transactions/h5", "POST /v3/pay/partner/transactions/jsapi",
      "POST /v3/pay/partner/transactions/native", "POST /v3/pay/partner/transactions/out-trade-no/",
      "POST /v3/pay/transactions/app", "POST /v3/pay/transactions/h5",
      "POST /v3/pay/transactions/jsapi", "POST /v3/pay/transactions/native",
      "POST /v3/pay/transactions/out-trade-no/"}},
    {"BIZ_ERR_NEED_RETRY", {""}},
    {"FREQUENCY_LIMITED", {""}},
    {"请求重入时，参数与首次请求时不一致",
     {"POST /v3/combine-transactions/out-trade-no/",
      "POST /v3/pay/partner/transactions/out-trade-no/{out_trade_no}/reverse",
      "POST /v3/pay/transactions/out-trade-no/{out_trade_no}/reverse"}},
    {"INVALID_TRANSACTIONID", {""}},
    {"MCH_NOT_EXISTS",
     {"GET /v3/", "POST /v3/combine-transactions/out-trade-no/", "POST /v3/pay/",
      "POST /v3/refund/"}},
    {"NOT_ENOUGH",
     {"GET /v3/", "POST /v3/combine-transactions/",
      "POST /v3/fund-app/mch-transfer/transfer-bills/", "POST /v3/pay/partner/transactions/app",
      "POST /v3/pay/partner/transactions/h5", "POST /v3/pay/partner/transactions/jsapi",
      "POST /v3/pay/partner/transactions/native",
      "POST /v3/pay/partner/transactions/out-trade-no/{out_trade_no}/close",
      "POST /v3/pay/transactions/app", "POST /v3/pay/transactions/h5",
      "POST /v3/pay/transactions/jsapi", "POST /v3/pay/transactions/native",
      "POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close",
      "POST /v3/profitsharing/orders/", "POST /v3/profitsharing/receivers/",
      "POST /v3/profitsharing/return-orders", "POST /v3/refund/domestic/refunds/"}},
    {"NOT_FOUND", {"POST /v3/fund-app/mch-transfer/transfer-bills", "POST /v3/transfer/"}},
    {"NO_AUTH",
     {"GET /v3/bill/fundflowbill", "GET /v3/fund-app/", "GET /v3/pay/",
      "GET /v3/profitsharing/merchant-configs/", "GET /v3/transfer/",
      "POST /v3/combine-transactions/out-trade-no/",
      "POST /v3/fund-app/mch-transfer/transfer-bills/",
      "POST /v3/pay/partner/transactions/out-trade-no/",
      "POST /v3/pay/transactions/out-trade-no/"}},
    {"OPENID_MISMATCH",
     {"GET /v3/", "POST /v3/combine-transactions/app", "POST /v3/combine-transactions/h5",
      "POST /v3/combine-transactions/native", "POST /v3/combine-transactions/out-trade-no/",
      "POST /v3/pay/partner/transactions/app", "POST /v3/pay/partner/transactions/codepay",
      "POST /v3/pay/partner/transactions/h5", "POST /v3/pay/partner/transactions/native",
      "POST /v3/pay/partner/transactions/out-trade-no/", "POST /v3/pay/transactions/app",
      "POST /v3/pay/transactions/codepay", "POST /v3/pay/transactions/h5",
      "POST /v3/pay/transactions/native", "POST /v3/pay/transactions/out-trade-no/"}},
    {"该订单已支付",
     {"POST /v3/pay/partner/transactions/out-trade-no/{out_trade_no}/reverse",
      "POST /v3/pay/transactions/out-trade-no/{out_trade_no}/reverse"}},
    {"ORDER_CLOSED",
     {"POST /v3/combine-transactions/out-trade-no/",
      "POST /v3/pay/partner/transactions/out-trade-no/{out_trade_no}/close",
      "POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close"}},
    {"ORDER_NOT_EXIST",
     {"POST /v3/combine-transactions/app", "POST /v3/combine-transactions/h5",
      "POST /v3/combine-transactions/jsapi", "POST /v3/combine-transactions/native",
      "POST /v3/pay/partner/transactions/app", "POST /v3/pay/partner/transactions/codepay",
      "POST /v3/pay/partner/transactions/h5", "POST /v3/pay/partner/transactions/jsapi",
      "POST /v3/pay/partner/transactions/native", "POST /v3/pay/transactions/app",
      "POST /v3/pay/transactions/codepay", "POST /v3/pay/transactions/h5",
      "POST /v3/pay/transactions/jsapi", "POST /v3/pay/transactions/native"}},
    {"商户订单号重复",
     {"POST /v3/combine-transactions/out-trade-no/",
      "POST /v3/pay/partner/transactions/out-trade-no/",
      "POST /v3/pay/transactions/out-trade-no/"}},
    {"REQUEST_BLOCKED", {""}},
    {"RESOURCE_NOT_EXISTS",
     {"GET /v3/profitsharing/merchant-configs/", "POST /v3/profitsharing/receivers/"}},
    {"RULE_LIMIT",
     {"GET /v3/", "POST /v3/combine-transactions/", "POST /v3/pay/",
      "POST /v3/profitsharing/orders/", "POST /v3/profitsharing/receivers/",
      "POST /v3/profitsharing/return-orders"}},
    {"SERVICE_UNAVAILABLE", {""}},
    {"STATEMENT_CREATING", {"GET /v3/profitsharing/"}},
    {"SYSTEM_ERROR", {""}},
    {"TRADE_ERROR",
     {"GET /v3/", "POST /v3/combine-transactions/", "POST /v3/pay/partner/transactions/app",
      "POST /v3/pay/partner/transactions/h5", "POST /v3/pay/partner/transactions/jsapi",
      "POST /v3/pay/partner/transactions/native", "POST /v3/pay/transactions/app",
      "POST /v3/pay/transactions/h5", "POST /v3/pay/transactions/jsapi",
      "POST /v3/pay/transactions/native"}},
    {"USER_ACCOUNT_ABNORMAL", {""}},
};

/// Whether an entry of kOnDemandOnly is about this endpoint.
bool speaks_of(const std::string& entry, const std::string& name) {
    return entry == name || ((entry.empty() || entry.back() == '/') && name.starts_with(entry));
}

class V3Earned : public V3Matrix {
  protected:
    static bool is_prepay(const Json& endpoint) {
        const std::string path = endpoint["path"];
        return path.ends_with("/jsapi") || path.ends_with("/app") || path.ends_with("/h5") ||
               path.ends_with("/native");
    }
    static bool is_combined(const Json& endpoint) {
        return endpoint["path"].get<std::string>().find("combine") != std::string::npos;
    }

    void earn_what_any_call_can() {
        for_each_built([&](const Json& endpoint, const api_v3::Endpoint&) {
            const http::Request whole = request(endpoint, draft(endpoint));
            for (const char* const left_out : {"Accept", "Authorization"}) {
                http::Request without = whole;
                without.headers = {};
                for (const auto& [name, value] : whole.headers)
                    if (!http::equals_ignoring_case(name, left_out))
                        without.headers.add(name, value);
                send(endpoint, without);
            }
            Draft unknown = draft(endpoint);
            unknown.query["no_such_field"] = "1";
            send(endpoint, unknown);
            for (const Json& field : endpoint["request"]) {
                const std::string name = field["name"];
                if (name != "appid" && name != "sp_appid" && name != "combine_appid") continue;
                Draft other_app = draft(endpoint, name);
                other_app.body[name] = "wx1111111111111111";
                send(endpoint, other_app);
            }
            sandbox.settings.strict = true;
            send(endpoint, draft(endpoint));  // about what never was
            sandbox.settings.strict = false;
            for (const Json& field : endpoint["request"]) {
                if (field["name"] != "sub_mchid" || field["required"] == true) continue;
                Draft not_mine = draft(endpoint);
                if (field["in"] == "body") not_mine.body["sub_mchid"] = "1900000200";
                if (field["in"] == "query") not_mine.query["sub_mchid"] = "1900000200";
                send(endpoint, not_mine);
            }
        });
    }

    void earn_by_orders() {
        http::Request login;
        login.path = "/sns/jscode2session";
        login.query =
            "appid=wx1111111111111111&secret=0b1c2d3e4f5061728394a5b6c7d8e9f0&"
            "js_code=oOfAnotherApp000000000000000&grant_type=authorization_code";
        sandbox.call(login);
        for_each_built([&](const Json& endpoint, const api_v3::Endpoint&) {
            if (!is_prepay(endpoint)) return;
            const bool is_partners = &caller_of(endpoint) == &provider;
            const std::string number_name =
                is_combined(endpoint) ? "combine_out_trade_no" : "out_trade_no";
            Draft order = draft(endpoint);
            send(endpoint, order);
            Draft other = order;
            (is_combined(endpoint) ? other.body["sub_orders"][0] : other.body)["description"] = "x";
            send(endpoint, other);
            const std::string path = endpoint["path"];
            const std::string before = path.substr(0, path.rfind('/'));
            const Json& product =
                named("POST " + before + (path.ends_with("/native") ? "/app" : "/native"));
            Draft second = draft(product);
            send(product, second);
            Draft taken = draft(endpoint);
            taken.body[number_name] = second.body[number_name];
            send(endpoint, taken);
            pay(order.body[number_name], is_partners);
            send(endpoint, order);
            Draft closed = draft(endpoint);
            send(endpoint, closed);
            const Json& closing =
                named("POST " + before + "/out-trade-no/{" + number_name + "}/close");
            const auto close = [&](const Draft& which) {
                Draft call = draft(closing);
                call.path[number_name] = which.body[number_name];
                if (is_combined(endpoint)) call.body["sub_orders"] = parts_of(which);
                send(closing, call);
            };
            close(closed);
            send(endpoint, closed);
            close(order);  // which is paid
            for (const char* const user :
                 {"/payer/openid", "/payer/sp_openid", "/combine_payer_info/openid"}) {
                Draft stranger = draft(endpoint);
                if (!stranger.body.contains(Json::json_pointer(user))) continue;
                stranger.body[Json::json_pointer(user)] = "oOfAnotherApp000000000000000";
                send(endpoint, stranger);
            }
            if (is_combined(endpoint)) {
                Draft nobody = draft(endpoint);
                nobody.body["sub_orders"][0]["mchid"] = "1900000999";
                send(endpoint, nobody);
            }
        });
    }

    void earn_by_code_payments() {
        for (const bool is_partners : {false, true}) {
            const std::string orders = orders_of(is_partners);
            const Json& codepay = named("POST " + orders + "/codepay");
            const Json& reverse = named("POST " + orders + "/out-trade-no/{out_trade_no}/reverse");
            const Json& close = named("POST " + orders + "/out-trade-no/{out_trade_no}/close");
            const auto about = [&](const Json& endpoint, const std::string& number) {
                Draft call = draft(endpoint);
                call.path["out_trade_no"] = number;
                send(endpoint, call);
            };
            const auto scan_for = [&](const std::string& number) {
                Draft call = draft(codepay);
                call.body["out_trade_no"] = number;
                send(codepay, call);
            };
            for (const char* const last : {"9003", "9004", "9006", "9999"})
                scanned(is_partners, last);
            Draft typed = draft(codepay);
            typed.body["payer"]["auth_code"] = "1";
            send(codepay, typed);
            const std::string slow = scanned(is_partners, "9001");
            about(close, slow);
            const std::string given_up = scanned(is_partners, "9002");
            sandbox.advance(std::chrono::seconds(10));
            about(close, given_up);
            Draft same = draft(codepay);
            send(codepay, same);
            const std::string paid = same.body["out_trade_no"];
            scan_for(paid);  // with another description
            same.body["payer"]["auth_code"] = fmt::format("1345{:010}1234", ++made_);
            send(codepay, same);  // paid
            about(reverse, paid);
            send(codepay, same);  // reversed
            const std::string number = ordered(is_partners);
            scan_for(number);
            about(reverse, number);
            const std::string unpaid = scanned(is_partners, "9003");
            Draft tried = draft(codepay);
            auto& code = tried.body["payer"]["auth_code"].get_ref<std::string&>();
            code.replace(code.size() - 4, 4, "9002");
            send(codepay, tried);
            sandbox.advance(std::chrono::seconds(10));
            send(codepay, tried);  // given up
            sandbox.advance(std::chrono::hours(24 * 8));
            about(reverse, unpaid);  // closed by itself
            Draft late = draft(codepay);
            late.body["payer"]["auth_code"] = fmt::format("1345{:010}9003", ++made_);
            send(codepay, late);
            sandbox.advance(std::chrono::hours(24 * 8));
            send(codepay, late);  // closed by itself
        }
    }

    void earn_by_bills_and_transfers() {
        for (const char* const bill : {"GET /v3/bill/tradebill", "GET /v3/bill/fundflowbill"}) {
            Draft wanted = draft(named(bill));
            wanted.query["bill_date"] = today();
            send(named(bill), wanted);  // too early at all
            sandbox.advance(std::chrono::hours(14));
            send(named(bill), wanted);  // the next day, before 10:00
            wanted.query["bill_date"] = "2024-05-31";
            send(named(bill), wanted);  // nothing happened then
            sandbox.advance(std::chrono::hours(10));
        }
        Draft file = good(named("GET /v3/billdownload/file"));
        V3Caller other(sandbox, "1900000110");
        const V3Answer refused = other.get("/v3/billdownload/file?token=" + file.query.at("token"));
        earned_.insert(
            {"GET /v3/billdownload/file", refused.status, refused.code(), refused.message()});
        Draft too_much = draft(named("POST /v3/fund-app/mch-transfer/transfer-bills"));
        too_much.body["transfer_amount"] = 1'000'000'000'000;
        send(named("POST /v3/fund-app/mch-transfer/transfer-bills"), too_much);
        Draft batch = draft(named("POST /v3/transfer/batches"));
        batch.body["total_amount"] = 1'000'000'000'000;
        batch.body["transfer_detail_list"][0]["transfer_amount"] = 1'000'000'000'000;
        send(named("POST /v3/transfer/batches"), batch);
    }

    void earn_by_sharing() {
        const Json& sharing = named("POST /v3/profitsharing/orders");
        Draft request = good(sharing);
        request.body["receivers"][0]["amount"] = 889;
        send(sharing, request);
        request.body["receivers"][0]["amount"] = 1;
        request.body["unfreeze_unsplit"] = false;
        for (int n = 0; n <= 50; ++n) {
            request.body["out_order_no"] = fmt::format("Share{}", n);
            send(sharing, request);
        }
    }

    /// Nothing is switched on any more, and then the accounts are empty.
    void earn_by_merchants_that_may_not() {
        const auto change = [&](const auto& how) {
            for (const char* const mch_id : {"1900000109", "1900000111"}) {
                sandbox::Merchant merchant = *sandbox.directory.find_merchant(mch_id);
                how(merchant);
                sandbox.directory.add(std::move(merchant));
            }
        };
        const std::string paid = ordered(false);
        pay(paid);
        std::vector<std::pair<bool, std::string>> scans;
        for (const bool is_partners : {false, true})
            scans.emplace_back(is_partners, scanned(is_partners));
        change([](sandbox::Merchant& merchant) {
            merchant.products.clear();
            merchant.pays_out = false;
        });
        for_each_built([&](const Json& endpoint, const api_v3::Endpoint&) {
            send(endpoint, draft(endpoint));
        });
        change([](sandbox::Merchant& merchant) {
            merchant.products = sandbox::Merchant().products;
            merchant.pays_out = true;
            merchant.verification = sandbox::Verification::public_key;
        });
        send(named("GET /v3/certificates"), Draft());
        drain();
        Draft refund = draft(named("POST /v3/refund/domestic/refunds"));
        refund.body["out_trade_no"] = paid;
        refund.body["amount"]["refund"] = 888;
        send(named("POST /v3/refund/domestic/refunds"), refund);
        for (const auto& [is_partners, number] : scans) {
            const Json& reverse =
                named("POST " + orders_of(is_partners) + "/out-trade-no/{out_trade_no}/reverse");
            Draft call = draft(reverse);
            call.path["out_trade_no"] = number;
            send(reverse, call);
        }
    }
    /// Takes all but one fen from the accounts.
    void drain() {
        sandbox::Work work(sandbox.context);
        for (const char* const mch_id : {"1900000109", "1900000111"}) {
            const auto& merchant = *sandbox.directory.find_merchant(mch_id);
            const Fen left{sandbox::balance(work, merchant).count() - 1};
            sandbox::book(work, merchant, sandbox::FundKind::payout, Fen{-left.count()}, "1", "1",
                          "");
        }
        work.commit();
    }
};

TEST_F(V3Earned, EachDocumentedErrorUnlessOnlyDemandBringsIt) {
    earn_what_any_call_can();
    earn_by_orders();
    earn_by_code_payments();
    earn_by_bills_and_transfers();
    earn_by_sharing();
    earn_by_merchants_that_may_not();
    int rows = 0;
    int on_demand = 0;
    std::set<std::pair<std::string, std::string>> unused;
    for (const auto& [code, entries] : kOnDemandOnly)
        for (const std::string& entry : entries) unused.emplace(code, entry);
    for_each_built([&](const Json& endpoint, const api_v3::Endpoint&) {
        const std::string name = name_of(endpoint);
        for (const Json& row : endpoint["errors"]) {
            ++rows;
            const std::string code = row["code"];
            const std::string message = message_in(row["when"]);
            const bool is_earned =
                std::any_of(earned_.begin(), earned_.end(), [&](const auto& each) {
                    const auto& [of, http, its_code, text] = each;
                    return of == name && http == row["http"] && its_code == code &&
                           (message.empty() || text == message);
                });
            bool is_listed = false;
            if (const auto listed = kOnDemandOnly.find(message.empty() ? code : message);
                listed != kOnDemandOnly.end()) {
                for (const std::string& entry : listed->second) {
                    if (!speaks_of(entry, name)) continue;
                    is_listed = true;
                    unused.erase({listed->first, entry});
                }
            }
            if (is_listed) ++on_demand;
            if (is_earned == is_listed)
                complain(endpoint, code,
                         is_earned ? "is earned: take it out of kOnDemandOnly" : "is not earned");
        }
    });
    std::printf("matrix: %d rows of errors, %d of them on demand only\n", rows, on_demand);
    for (const auto& [code, name] : unused)
        ADD_FAILURE() << "kOnDemandOnly has " << code << " " << name << ", the table has not";
    for (const std::string& each : wrong_) ADD_FAILURE() << each;
}

}  // namespace
}  // namespace wxpay::test
