#include "sandbox/api_v3/rules.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"
#include "core/codec/pieces.hpp"
#include "core/codec/utf8.hpp"

namespace wxpay::sandbox::api_v3 {
namespace {

using Json = nlohmann::json;

/// source  [A] the names on pay.weixin.qq.com's pages; v3-endpoints.json, label_cn
constexpr std::array<std::pair<std::string_view, std::string_view>, 26> kLabels{
    {{"appid", "公众号ID"},
     {"mchid", "直连商户号"},
     {"sp_appid", "服务商应用ID"},
     {"sp_mchid", "服务商户号"},
     {"sub_appid", "子商户应用ID"},
     {"sub_mchid", "子商户号/二级商户号"},
     {"description", "商品描述"},
     {"out_trade_no", "商户订单号"},
     {"time_expire", "交易结束时间"},
     {"attach", "附加数据"},
     {"notify_url", "通知地址"},
     {"goods_tag", "订单优惠标记"},
     {"amount", "订单金额"},
     {"amount.total", "总金额"},
     {"amount.currency", "货币类型"},
     {"payer", "支付者"},
     {"payer.openid", "用户标识"},
     {"scene_info", "场景信息"},
     {"scene_info.payer_client_ip", "用户终端IP"},
     {"scene_info.h5_info", "H5场景信息"},
     {"scene_info.h5_info.type", "场景类型"},
     {"out_refund_no", "商户退款单号"},
     {"transaction_id", "微信支付订单号"},
     {"reason", "退款原因"},
     {"amount.refund", "退款金额"},
     {"bill_date", "账单日期"}}};

std::string_view place_of(In in) {
    switch (in) {
        case In::query:
            return "query";
        case In::path:
            return "uri_template";
        case In::body:
            break;
    }
    return "body";
}

/// A place in the body, as a chain on the stack: most calls are right, and no name of a place is
/// ever wanted.
struct Step {
    const Step* above;  ///< null: the root
    std::string_view name;
    std::size_t index = 0;  ///< counts where the name is empty: an item of a list

    std::string pointer() const {  // NOLINT(misc-no-recursion): as deep as rules are
        std::string out = above != nullptr ? above->pointer() : std::string();
        return out.append("/").append(name.empty() ? std::to_string(index) : std::string(name));
    }
};

/// One value of the call, and where it stands: "/body/sub_orders/0/mchid".
struct Place {
    const Step& step;
    const Json* value;  ///< null: not there, though its parent is

    std::string pointer() const { return step.pointer(); }
};

enum class Which { missing, present };

/// Calls `check` with each value that a rule is about until it refuses one: with none when their
/// parent is not there, with several in a list.
template <class Check>
std::optional<Refusal> visit(const Json& parent, const Step& above, std::string_view name,
                             Which which, const Check& check) {
    if (!parent.is_object()) return std::nullopt;  // the parent's own rule says so
    const std::string_view part = name.substr(0, name.find('.'));
    const bool is_last = part.size() == name.size();
    const bool goes_into_items = part.ends_with("[]") && !is_last;
    const std::string_view bare = part.ends_with("[]") ? part.substr(0, part.size() - 2) : part;
    const auto found = parent.find(bare);
    const Json* const value = found == parent.end() ? nullptr : &*found;
    const Step here{&above, bare};
    if (is_last) {
        if ((value == nullptr) != (which == Which::missing)) return std::nullopt;
        return check(Place{here, value});
    }
    if (value == nullptr) return std::nullopt;
    const std::string_view rest = name.substr(part.size() + 1);
    if (!goes_into_items) return visit(*value, here, rest, which, check);
    if (!value->is_array()) return std::nullopt;
    for (std::size_t i = 0; i < value->size(); ++i) {
        const Step of_item{&here, {}, i};
        std::optional<Refusal> refusal;
        if ((*value)[i].is_object()) {
            refusal = visit((*value)[i], of_item, rest, which, check);
        } else if (which == Which::missing) {
            // no rule speaks of items themselves: what they must have is missing
            refusal = check(Place{Step{&of_item, rest.substr(0, rest.find('.'))}, nullptr});
        }
        if (refusal) return refusal;
    }
    return std::nullopt;
}

constexpr Step kBody{nullptr, "body"};

/// A refusal whose words name the place.
Refusal refuse(const FieldRule& rule, std::string pointer, const Words& words, std::string_view how,
               std::string detail_value, std::string hint) {
    Refusal refusal{words, std::move(hint)};
    refusal.message = fmt::format("输入源“{}”映射到{}", pointer, how);
    refusal.detail = fmt::format(R"({{"location":"{}","value":{}}})", place_of(rule.in),
                                 std::move(detail_value));
    refusal.field = std::move(pointer);
    return refusal;
}

/// source  [B] for integers: github.com/TheNorthMemory/wechatpay-axios-plugin/issues/38; the other
/// types by analogy, our choice
Refusal refuse_type(const FieldRule& rule, const Place& place) {
    std::string_view wanted;
    switch (rule.type) {
        case Type::integer:
            wanted = "合法的 64 位有符号整数";
            break;
        case Type::boolean:
            wanted = "合法的布尔值";
            break;
        case Type::object:
            wanted = "合法的对象";
            break;
        case Type::list:
            wanted = "合法的数组";
            break;
        case Type::text:
            wanted = "合法的字符串";
            break;
    }
    Refusal refusal{kParamError};
    const char* const source = rule.in == In::body ? "JSON 输入源" : "输入源";
    refusal.message = fmt::format("无法将{}{}“{}”映射到目标字段“{}”中，此字段需要一个{}",
                                  rule.in == In::body ? " " : "", source, place.pointer(),
                                  label_of(rule), wanted);
    refusal.detail = fmt::format(R"({{"location":"{}","value":{}}})", place_of(rule.in),
                                 dump_json(*place.value));
    refusal.field = place.pointer();
    if (rule.type == Type::integer && place.value->is_number_float()) {
        refusal.hint =
            fmt::format("{} is a whole number of fen: 0.01 yuan is 1, and no decimal point is sent",
                        place.pointer());
    } else if (rule.type == Type::integer && place.value->is_string()) {
        refusal.hint = fmt::format("{} is a JSON number, not a text in quotes", place.pointer());
    } else {
        refusal.hint = fmt::format("{} has the wrong JSON type", place.pointer());
    }
    return refusal;
}

bool has_type(const Json& value, Type type) {
    switch (type) {
        case Type::text:
            return value.is_string();
        case Type::integer:
            return value.is_number_integer() &&
                   (!value.is_number_unsigned() ||
                    value.get<std::uint64_t>() <=
                        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
        case Type::boolean:
            return value.is_boolean();
        case Type::object:
            return value.is_object();
        case Type::list:
            return value.is_array();
    }
    return false;
}

std::string alternatives(std::span<const std::string_view> words) {
    return fmt::format("^({})$", fmt::join(words, "|"));
}

bool is_ip_address(const std::string& text) {
    in6_addr ignored{};
    return inet_pton(AF_INET, text.c_str(), &ignored) == 1 ||
           inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

std::optional<Refusal> check_text(const FieldRule& rule, const Place& place, bool strict,
                                  std::vector<std::string>& notes) {
    const auto& text = place.value->get_ref<const std::string&>();
    const auto refuse_text = [&](std::string_view rest, std::string value, std::string hint) {
        return refuse(rule, place.pointer(), kParamError,
                      fmt::format("值字段“{}”字符串规则校验失败，{}", label_of(rule), rest),
                      std::move(value), std::move(hint));
    };
    const std::size_t characters = utf8_length(text);
    if (characters < rule.characters_min && (rule.need == Need::required || !text.empty())) {
        return refuse_text(
            fmt::format("字符数 {}，小于最小值 {}", characters, rule.characters_min),
            std::to_string(characters),
            fmt::format("{} is shorter than {}", place.pointer(), rule.characters_min));
    }
    if (text.empty()) return std::nullopt;
    // source  [A] RULES: characters of up to three bytes; the answer is our choice
    if (std::any_of(text.begin(), text.end(),
                    [](char c) { return static_cast<unsigned char>(c) >= 0xF0; })) {
        return refuse_text(
            "含有不支持的4字节字符", dump_json(*place.value),
            fmt::format("{} has a character of four bytes (emoji)", place.pointer()));
    }
    if (rule.bytes_max != 0 && text.size() > rule.bytes_max) {
        const bool few_characters = rule.counts_characters && characters <= rule.bytes_max;
        if (few_characters || (rule.limit == Limit::recalled && !strict)) {
            notes.push_back(fmt::format("{} has {} bytes, more than {}; WeChat may refuse that",
                                        place.pointer(), text.size(), rule.bytes_max));
        } else {
            return refuse_text(fmt::format("字节数 {}，大于最大值 {}", text.size(), rule.bytes_max),
                               std::to_string(text.size()),
                               fmt::format("{} has {} bytes, {} at most", place.pointer(),
                                           text.size(), rule.bytes_max));
        }
    }
    if (rule.pattern != nullptr && !rule.pattern->accepts(text)) {
        return refuse_text(
            fmt::format("字符串必须匹配正则表达式“{}”", rule.pattern->expression),
            dump_json(*place.value),
            fmt::format("{} has characters or a form that WeChat does not take", place.pointer()));
    }
    if (!rule.one_of.empty() &&
        std::find(rule.one_of.begin(), rule.one_of.end(), text) == rule.one_of.end()) {
        return refuse_text(
            fmt::format("字符串必须匹配正则表达式“{}”", alternatives(rule.one_of)),
            dump_json(*place.value),
            fmt::format("{} is one of: {}", place.pointer(), fmt::join(rule.one_of, ", ")));
    }
    if (rule.is_time && !parse_rfc3339(text)) {
        return refuse_text("字符串必须是符合 RFC3339 日期时间格式", dump_json(*place.value),
                           fmt::format("{} is RFC 3339: 2024-06-01T12:00:00+08:00 (V2's "
                                       "yyyyMMddHHmmss is not)",
                                       place.pointer()));
    }
    // source  [A] RULES: Z or +08:00; that others are taken is our choice
    if (rule.is_time && !text.ends_with('Z') && !text.ends_with('z') && !text.ends_with("+08:00")) {
        notes.push_back(fmt::format(
            "{} has a zone other than Z and +08:00, which WeChat may refuse", place.pointer()));
    }
    if (rule.is_ip_address && !is_ip_address(text)) {
        return refuse_text(
            "字符串必须是合法的IPv4或IPv6地址", dump_json(*place.value),
            fmt::format("{} is an IPv4 or IPv6 address, without a port", place.pointer()));
    }
    return std::nullopt;
}

std::optional<Refusal> check_integer(const FieldRule& rule, const Place& place) {
    const auto number = place.value->get<std::int64_t>();
    const auto refuse_number = [&](std::string_view rest, std::int64_t limit) {
        return refuse(rule, place.pointer(), kOutOfRange,
                      fmt::format("数值字段“{}”规则校验失败，{} {}", label_of(rule), rest, limit),
                      std::to_string(number),
                      fmt::format("{} is {}; the limit is {}", place.pointer(), number, limit));
    };
    if (number < rule.least) return refuse_number("值低于最小值", rule.least);
    if (number > rule.most) return refuse_number("值高于最大值", rule.most);
    return std::nullopt;
}

std::optional<Refusal> check_value(const FieldRule& rule, const Place& place, bool strict,
                                   std::vector<std::string>& notes) {
    if (!has_type(*place.value, rule.type)) return refuse_type(rule, place);
    if (rule.type == Type::text) return check_text(rule, place, strict, notes);
    if (rule.type == Type::integer) return check_integer(rule, place);
    return std::nullopt;
}

/// A text of query or path as the JSON that its type asks for; the text itself when it is none.
Json typed(const std::string& text, Type type) {
    if (type == Type::integer) {
        std::int64_t number = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (problem == std::errc{} && end == text.data() + text.size()) return number;
    }
    if (type == Type::boolean && (text == "true" || text == "false")) return text == "true";
    return text;
}

const std::string* find_text(const Fields::Texts& texts, std::string_view name) {
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [name](const auto& each) { return each.first == name; });
    return found == texts.end() ? nullptr : &found->second;
}

template <class Check>
std::optional<Refusal> for_each_place(const Fields& fields, const FieldRule& rule, Which which,
                                      const Check& check) {
    if (rule.in == In::body) return visit(fields.body, kBody, rule.name, which, check);
    const std::string* const text =
        find_text(rule.in == In::query ? fields.query : fields.path, rule.name);
    if ((text == nullptr) != (which == Which::missing)) return std::nullopt;
    const Json value = text == nullptr ? Json() : typed(*text, rule.type);
    const Step root{nullptr, place_of(rule.in)};
    return check(Place{Step{&root, rule.name}, text == nullptr ? nullptr : &value});
}

/// The members of `json` that no rule knows. `above` is the dotted name of what they are members
/// of, as rules spell it. An object of which no rule names a member may hold anything.
void find_unknown(const Json& json, const std::string& above, const Step& place,
                  std::span<const FieldRule> rules, Json& out) {
    if (!json.is_object()) return;
    const bool is_described =
        above.empty() || std::any_of(rules.begin(), rules.end(), [&](const FieldRule& rule) {
            return rule.in == In::body && rule.name.size() > above.size() &&
                   rule.name[above.size()] == '.' && rule.name.starts_with(above);
        });
    if (!is_described) return;
    for (const auto& [name, value] : json.items()) {
        const std::string dotted = above.empty() ? name : above + "." + name;
        const Step at{&place, name};
        const bool is_known = std::any_of(rules.begin(), rules.end(), [&](const FieldRule& rule) {
            return rule.in == In::body && rule.name == dotted;
        });
        if (!is_known) {
            out.push_back(at.pointer());
        } else if (value.is_array()) {
            for (std::size_t i = 0; i < value.size(); ++i)
                find_unknown(value[i], dotted + "[]", Step{&at, {}, i}, rules, out);
        } else {
            find_unknown(value, dotted, at, rules, out);
        }
    }
}

bool is_of(std::string_view text, std::string_view others) {
    return std::all_of(text.begin(), text.end(), [others](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               others.find(c) != std::string_view::npos;
    });
}

}  // namespace

Refusal missing(const FieldRule& rule, std::string pointer) {
    Words words = kParamError;
    words.number = rule.number_when_missing;
    std::string hint = fmt::format("{} is missing", pointer);
    return refuse(rule, std::move(pointer), words,
                  fmt::format("字段“{}”必填性规则校验失败，此字段为必填项", label_of(rule)),
                  R"("")", std::move(hint));
}

std::string_view label_of(const FieldRule& rule) {
    if (!rule.label.empty()) return rule.label;
    for (const auto& [name, label] : kLabels) {
        if (name == rule.name) return label;
    }
    const std::size_t dot = rule.name.rfind('.');
    const std::string_view last =
        dot == std::string_view::npos ? rule.name : rule.name.substr(dot + 1);
    for (const auto& [name, label] : kLabels) {
        if (name == last) return label;
    }
    return last;
}

const Json* Fields::find(std::string_view name) const {
    const Json* at = &body;
    for (const std::string_view part : pieces_of(name, '.')) {
        if (!at->is_object()) return nullptr;
        const auto found = at->find(part);
        if (found == at->end()) return nullptr;
        at = &*found;
    }
    return at;
}

std::vector<std::pair<std::string, std::string>> texts_at(const Fields& fields,
                                                          const FieldRule& rule) {
    std::vector<std::pair<std::string, std::string>> out;
    visit(fields.body, kBody, rule.name, Which::present,
          [&](const Place& place) -> std::optional<Refusal> {
              if (place.value->is_string())
                  out.emplace_back(place.pointer(), place.value->get<std::string>());
              return std::nullopt;
          });
    return out;
}

std::optional<Refusal> check_fields(const Fields& fields, std::span<const FieldRule> rules,
                                    bool strict, std::vector<std::string>& notes) {
    for (const FieldRule& rule : rules) {
        if (rule.need != Need::required) continue;
        auto refusal = for_each_place(fields, rule, Which::missing, [&](const Place& place) {
            return std::optional<Refusal>(missing(rule, place.pointer()));
        });
        if (refusal) return refusal;
    }
    for (const FieldRule& rule : rules) {
        auto refusal = for_each_place(fields, rule, Which::present, [&](const Place& place) {
            return check_value(rule, place, strict, notes);
        });
        if (refusal) return refusal;
    }
    Json unknown = Json::array();
    find_unknown(fields.body, "", kBody, rules, unknown);
    for (const auto& parameter : fields.query) {
        const std::string& name = parameter.first;
        const bool is_known = std::any_of(rules.begin(), rules.end(), [&](const FieldRule& rule) {
            return rule.in == In::query && rule.name == name;
        });
        if (!is_known) unknown.push_back("/query/" + name);
    }
    if (unknown.empty()) return std::nullopt;
    Refusal refusal{kUnknownParameter};
    refusal.hint = fmt::format("not in the documentation: {}",
                               fmt::join(unknown.get<std::vector<std::string>>(), ", "));
    refusal.detail = fmt::format(R"({{"location":null,"value":{}}})", dump_json(unknown));
    refusal.field = unknown.front().get<std::string>();
    return refusal;
}

bool remove_nulls(Json& json) {
    bool any = false;
    if (json.is_object()) {
        for (auto each = json.begin(); each != json.end();) {
            if (each->is_null()) {
                each = json.erase(each);
                any = true;
            } else {
                any = remove_nulls(*each) || any;
                ++each;
            }
        }
    } else if (json.is_array()) {
        for (Json& item : json) any = remove_nulls(item) || any;
    }
    return any;
}

bool is_v3_out_trade_no(std::string_view value) {
    return value.size() >= 6 && value.size() <= 32 && is_of(value, "_-|*");
}

bool is_v3_goods_id(std::string_view value) {
    return !value.empty() && value.size() <= 32 && is_of(value, "_-");
}

bool is_v3_combine_no(std::string_view value) {
    return value.size() <= 32 && is_v3_out_refund_no(value);
}

bool is_v3_out_refund_no(std::string_view value) {
    return !value.empty() && value.size() <= 64 && is_of(value, "_-|*@");
}

bool is_v3_transfer_no(std::string_view value) {
    return !value.empty() && value.size() <= 32 && is_of(value, "");
}

/// The expression by hand: scheme, perhaps a user, a host, perhaps a port of 2 to 5 digits, a path
/// without query, fragment, blanks and brackets.
bool is_v3_notify_url(std::string_view value) {
    if (!value.starts_with("http")) return false;
    value.remove_prefix(value.starts_with("https") ? 5 : 4);
    if (!value.starts_with("://")) return false;
    value.remove_prefix(3);
    if (value.find_first_of(" \t\r\n\v\f?#[]") != std::string_view::npos) return false;
    std::string_view host = value.substr(0, value.find('/'));
    if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
        if (at == 0 || host.find('@') != at) return false;
        host.remove_prefix(at + 1);
    }
    const std::size_t colon = host.find(':');
    if (colon == std::string_view::npos) return !host.empty();
    const std::string_view port = host.substr(colon + 1);
    return colon > 0 && port.size() >= 2 && port.size() <= 5 &&
           port.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_date(std::string_view value) {
    return value.size() == 10 && value[4] == '-' && value[7] == '-' &&
           parse_rfc3339(std::string(value) + "T00:00:00+08:00").has_value();
}

}  // namespace wxpay::sandbox::api_v3
