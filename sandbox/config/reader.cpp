#include "sandbox/config/reader.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/duration.hpp"
#include "core/codec/json.hpp"
#include "core/http/url.hpp"

#include "embedded/kConfigSchema.hpp"
#include "sandbox/acceptance_twin.hpp"
#include "sandbox/certificates/issue.hpp"
#include "sandbox/config/lines.hpp"
#include "sandbox/diagnosis/nearest.hpp"
#include "sandbox/faults/fault_json.hpp"
#include "sandbox/ledger/payment.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox::config {
namespace {

using Json = nlohmann::json;
using Keys = std::span<const std::string_view>;

constexpr std::size_t kTextMax = 1024;
constexpr std::size_t kItemsMax = 100;

constexpr std::array<std::string_view, 8> kTopKeys{
    "$schema", "options", "apps", "merchants", "merchant_range", "schedule", "openids", "faults"};
constexpr std::array<std::string_view, 17> kOptionKeys{
    "http",       "https",      "proxy",         "proxy_pass", "data",           "seed",
    "clock",      "start_time", "wire_clock",    "auto_pay",   "notify_timeout", "allow_notify",
    "public_url", "strict",     "control_token", "log_format", "log_level"};
constexpr std::array<std::string_view, 2> kAppKeys{"appid", "secret"};
constexpr std::array<std::string_view, 19> kMerchantKeys{"mch_id",
                                                         "api_key",
                                                         "api_v3_key",
                                                         "appids",
                                                         "certificate",
                                                         "certificate_file",
                                                         "key",
                                                         "key_file",
                                                         "products",
                                                         "pays_out",
                                                         "top_up",
                                                         "provider",
                                                         "sub_mch_ids",
                                                         "bizpay_url",
                                                         "refund_notify_url",
                                                         "announces_sign_type",
                                                         "verification",
                                                         "certificate_state",
                                                         "notify_sign_type"};
constexpr std::array<std::string_view, 3> kRangeKeys{"from", "to", "appid"};
constexpr std::array<std::string_view, 1> kScheduleKeys{"notify"};
constexpr std::array<std::string_view, 2> kOpenidKeys{"prefix", "outcome"};

Failure<Problem> wrong(std::string path, std::string message) {
    return Failure{Problem{std::move(path), std::move(message)}};
}

Result<void, Problem> check_keys(const Json& json, const std::string& path, Keys known) {
    if (!json.is_object()) return wrong(path, "an object is wanted");
    for (const auto& [key, value] : json.items()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        const std::string_view meant = diagnosis::nearest(key, known);
        return wrong(member_path(path, key),
                     meant.empty() ? fmt::format("unknown key; known: {}", fmt::join(known, ", "))
                                   : fmt::format("unknown key; did you mean '{}'?", meant));
    }
    return {};
}

Result<std::string, Problem> text(const Json& json, const std::string& path, const char* key,
                                  std::size_t bytes_max = kTextMax) {
    const auto found = json.find(key);
    if (found == json.end()) return std::string();
    if (!found->is_string() || found->get_ref<const std::string&>().size() > bytes_max)
        return wrong(member_path(path, key),
                     fmt::format("a text of at most {} bytes is wanted", bytes_max));
    return found->get<std::string>();
}

Result<std::string, Problem> address(const Json& json, const std::string& path, const char* key) {
    WXPAY_TRY(std::string url, text(json, path, key));
    if (!url.empty() && !http::Url::parse(url))
        return wrong(member_path(path, key), "an http or https address is wanted");
    return url;
}

Result<void, Problem> flag(const Json& json, const std::string& path, const char* key,
                           bool& value) {
    const auto found = json.find(key);
    if (found == json.end()) return {};
    if (!found->is_boolean()) return wrong(member_path(path, key), "true or false is wanted");
    value = found->get<bool>();
    return {};
}

/// Empty when absent; else an array, of at most so many.
Result<Json, Problem> items(const Json& json, const std::string& path, const char* key,
                            std::size_t most = kItemsMax) {
    const auto found = json.find(key);
    if (found == json.end()) return Json::array();
    if (!found->is_array() || found->size() > most)
        return wrong(member_path(path, key), fmt::format("an array of at most {} is wanted", most));
    return *found;
}

Result<std::vector<std::string>, Problem> texts(const Json& json, const std::string& path,
                                                const char* key) {
    WXPAY_TRY(const Json all, items(json, path, key));
    std::vector<std::string> out;
    for (const Json& each : all) {
        if (!each.is_string() || each.get_ref<const std::string&>().size() > kTextMax)
            return wrong(fmt::format("{}[{}]", member_path(path, key), out.size()),
                         fmt::format("a text of at most {} bytes is wanted", kTextMax));
        out.push_back(each.get<std::string>());
    }
    return out;
}

template <class Id>
Result<Id, Problem> id(const Json& json, const std::string& path, const char* key,
                       const char* rule) {
    WXPAY_TRY(const std::string given, text(json, path, key));
    auto parsed = Id::parse(given);
    if (!parsed || is_twin(given))
        return wrong(member_path(path, key), std::string(rule) + " is wanted");
    return std::move(*parsed);
}

Result<Secret, Problem> secret(const Json& json, const std::string& path, const char* key) {
    WXPAY_TRY(std::string given, text(json, path, key));
    if (!is_secret_text(given))
        return wrong(member_path(path, key), "32 letters, digits, '-' or '_' are wanted");
    return Secret(std::move(given));
}

/// `key`, or what is in the file that `key`_file names.
Result<std::string, Problem> text_or_file(const Json& json, const std::string& path,
                                          const std::string& key, const ReadFile& read_file) {
    const std::string file_key = key + "_file";
    if (!json.contains(file_key)) return text(json, path, key.c_str(), kPemBytesMax);
    if (json.contains(key)) return wrong(member_path(path, file_key), "either this or " + key);
    if (!read_file)
        return wrong(member_path(path, file_key),
                     "only the configuration names files: send PEM as " + key);
    WXPAY_TRY(const std::string name, text(json, path, file_key.c_str()));
    auto content = read_file(name);
    if (!content) return wrong(member_path(path, file_key), std::move(content.error()));
    return std::move(*content);
}

Result<void, Problem> read_certificate(const Json& json, const std::string& path,
                                       const ReadFile& read_file, Merchant& merchant) {
    WXPAY_TRY(std::string certificate, text_or_file(json, path, "certificate", read_file));
    WXPAY_TRY(std::string key, text_or_file(json, path, "key", read_file));
    if (certificate.empty() && key.empty()) return {};
    if (is_issued_by_tenpay(certificate))
        return wrong(member_path(path, "certificate"),
                     "a real certificate, issued by Tenpay: this tool must not hold production "
                     "credentials");
    Identity identity{std::move(certificate), Secret(std::move(key))};
    if (!belong_together(identity))
        return wrong(member_path(path, "certificate"),
                     "certificate and key, both PEM, do not belong together");
    if (const std::string owner = common_name_of(identity.certificate);
        owner != merchant.mch_id.str())
        return wrong(member_path(path, "certificate"),
                     fmt::format("its subject's CN is '{}', not the mch_id", owner));
    merchant.certificate = std::move(identity);
    return {};
}

bool is_known(const std::vector<WechatApp>& apps, const AppId& appid) {
    return std::any_of(apps.begin(), apps.end(),
                       [&](const WechatApp& app) { return app.appid == appid; });
}

Result<void, Problem> read_appids(const Json& json, const std::string& path,
                                  const std::vector<WechatApp>& apps, Merchant& merchant) {
    WXPAY_TRY(const auto appids, texts(json, path, "appids"));
    for (const std::string& given : appids) {
        const auto appid = AppId::parse(given);
        if (!appid || !is_known(apps, *appid))
            return wrong(fmt::format("{}[{}]", member_path(path, "appids"), merchant.appids.size()),
                         "this appid does not exist here; \"apps\" of the configuration adds one");
        merchant.appids.push_back(*appid);
    }
    if (!json.contains("appids") && !apps.empty()) merchant.appids = {apps.front().appid};
    return {};
}

Result<void, Problem> read_products(const Json& json, const std::string& path, Merchant& merchant) {
    if (!json.contains("products")) return {};
    WXPAY_TRY(const auto products, texts(json, path, "products"));
    merchant.products.clear();
    std::size_t index = 0;
    for (const std::string& word : products) {
        const auto type = parse_trade_type(word);
        if (!type)
            return wrong(fmt::format("{}[{}]", member_path(path, "products"), index),
                         "JSAPI, NATIVE, APP, MWEB or MICROPAY is wanted");
        merchant.products.insert(*type);
        ++index;
    }
    return {};
}

/// How API V3 treats the merchant.
Result<void, Problem> read_v3(const Json& json, const std::string& path, Merchant& merchant) {
    if (json.contains("api_v3_key")) {
        WXPAY_TRY(merchant.api_v3_key, secret(json, path, "api_v3_key"));
    }
    if (json.contains("verification")) {
        WXPAY_TRY(const std::string word, text(json, path, "verification"));
        const auto verification = parse_verification(word);
        if (!verification)
            return wrong(member_path(path, "verification"),
                         "certificate, switching or public_key is wanted");
        merchant.verification = *verification;
    }
    if (json.contains("certificate_state")) {
        WXPAY_TRY(const std::string word, text(json, path, "certificate_state"));
        const auto state = parse_certificate_state(word);
        if (!state)
            return wrong(member_path(path, "certificate_state"),
                         "valid, expired, revoked or replaced is wanted");
        merchant.certificate_state = *state;
    }
    return {};
}

Result<void, Problem> read_options(const Json& json, Contents& contents) {
    const std::string path = "options";
    if (json.is_object() && json.contains("port"))
        return wrong("options.port", R"(unknown key; use "http": "127.0.0.1:PORT")");
    WXPAY_CHECK(check_keys(json, path, kOptionKeys));
    for (const auto& [key, value] : json.items()) {
        std::string name = key;
        std::replace(name.begin(), name.end(), '_', '-');
        auto& values = contents.options[name];
        if (key == "allow_notify") {
            WXPAY_TRY(values, texts(json, path, "allow_notify"));
        } else if (key == "strict" || key == "proxy_pass") {
            bool on = false;
            WXPAY_CHECK(flag(json, path, key.c_str(), on));
            values = {on ? "true" : "false"};
        } else if (key == "seed" && value.is_number_unsigned()) {
            values = {std::to_string(value.get<std::uint64_t>())};
        } else {
            WXPAY_TRY(std::string given, text(json, path, key.c_str()));
            values = {std::move(given)};
        }
    }
    return {};
}

Result<std::vector<WechatApp>, Problem> read_apps(const Json& json) {
    std::vector<WechatApp> apps = demo_directory().apps();
    WXPAY_TRY(const Json given, items(json, "", "apps"));
    for (std::size_t i = 0; i < given.size(); ++i) {
        const std::string path = fmt::format("apps[{}]", i);
        WXPAY_CHECK(check_keys(given[i], path, kAppKeys));
        WXPAY_TRY(const AppId appid,
                  id<AppId>(given[i], path, "appid", "\"wx\" and 16 digits or lower-case letters"));
        WXPAY_TRY(Secret app_secret, secret(given[i], path, "secret"));
        std::erase_if(apps, [&](const WechatApp& app) { return app.appid == appid; });
        apps.push_back({appid, std::move(app_secret)});
    }
    return apps;
}

Result<std::optional<MerchantRange>, Problem> read_range(const Json& json,
                                                         const std::vector<WechatApp>& apps) {
    const auto found = json.find("merchant_range");
    if (found == json.end()) return std::optional<MerchantRange>();
    const std::string path = "merchant_range";
    WXPAY_CHECK(check_keys(*found, path, kRangeKeys));
    MerchantRange range;
    constexpr const char* kRule = "a merchant number of 8 to 10 digits";
    WXPAY_TRY(range.from, id<MchId>(*found, path, "from", kRule));
    WXPAY_TRY(range.to, id<MchId>(*found, path, "to", kRule));
    range.appid = apps.front().appid;
    if (found->contains("appid")) {
        WXPAY_TRY(range.appid, id<AppId>(*found, path, "appid", "an appid"));
        if (!is_known(apps, range.appid))
            return wrong(path + ".appid", "this appid is none of \"apps\"");
    }
    if (range.from.str().size() != range.to.str().size() || range.to.str() < range.from.str() ||
        std::stoull(range.to.str()) - std::stoull(range.from.str()) >= kMerchantVersionsMax)
        return wrong(path + ".to",
                     fmt::format("a number of as many digits as \"from\" is wanted, not "
                                 "before it, and less than {} behind it",
                                 kMerchantVersionsMax));
    return std::optional(std::move(range));
}

Result<void, Problem> read_schedule(const Json& json, Contents& contents) {
    const auto found = json.find("schedule");
    if (found == json.end()) return {};
    WXPAY_CHECK(check_keys(*found, "schedule", kScheduleKeys));
    WXPAY_TRY(const auto waits, texts(*found, "schedule", "notify"));
    std::vector<Millis> out;
    for (const std::string& each : waits) {
        const auto wait = parse_duration(each);
        if (!wait)
            return wrong(fmt::format("schedule.notify[{}]", out.size()),
                         fmt::format("a duration like 15s is wanted ({})", kDurationForm));
        out.push_back(*wait);
    }
    if (found->contains("notify")) contents.notify_waits = std::move(out);
    return {};
}

Result<void, Problem> read_openids(const Json& json, Contents& contents) {
    WXPAY_TRY(const Json given, items(json, "", "openids"));
    for (std::size_t i = 0; i < given.size(); ++i) {
        const std::string path = fmt::format("openids[{}]", i);
        WXPAY_CHECK(check_keys(given[i], path, kOpenidKeys));
        WXPAY_TRY(std::string prefix, text(given[i], path, "prefix"));
        if (!OpenId::parse(prefix))
            return wrong(path + ".prefix",
                         "'o' first, then letters, digits, '_' and '-' are wanted");
        WXPAY_TRY(const std::string word, text(given[i], path, "outcome"));
        const auto outcome = parse_pay_outcome(word);
        if (!outcome)
            return wrong(path + ".outcome",
                         "success, cancel, notenough, payerror or userpaying is wanted");
        contents.openids.push_back({std::move(prefix), *outcome});
    }
    return {};
}

}  // namespace

Result<Merchant, Problem> read_merchant(const Json& json, const std::string& path,
                                        const std::vector<WechatApp>& apps,
                                        const ReadFile& read_file) {
    WXPAY_CHECK(check_keys(json, path, kMerchantKeys));
    Merchant merchant;
    WXPAY_TRY(merchant.mch_id,
              id<MchId>(json, path, "mch_id", "a merchant number of 8 to 10 digits"));
    WXPAY_TRY(merchant.api_key, secret(json, path, "api_key"));
    WXPAY_CHECK(read_v3(json, path, merchant));
    WXPAY_CHECK(read_appids(json, path, apps, merchant));
    WXPAY_CHECK(read_certificate(json, path, read_file, merchant));
    WXPAY_CHECK(read_products(json, path, merchant));
    WXPAY_CHECK(flag(json, path, "pays_out", merchant.pays_out));
    WXPAY_CHECK(flag(json, path, "provider", merchant.provider));
    WXPAY_CHECK(flag(json, path, "announces_sign_type", merchant.announces_sign_type));
    if (const auto word = json.find("notify_sign_type"); word != json.end()) {
        if (*word != "send" && *word != "omit")
            return wrong(member_path(path, "notify_sign_type"), "send or omit is wanted");
        merchant.announces_sign_type = *word == "send";
    }
    if (const auto top_up = json.find("top_up"); top_up != json.end()) {
        constexpr std::int64_t kTopUpMax = 1'000'000'000'000;
        if (!top_up->is_number_integer() || top_up->get<std::int64_t>() < 0 ||
            top_up->get<std::int64_t>() > kTopUpMax)
            return wrong(member_path(path, "top_up"),
                         fmt::format("fen from 0 to {} are wanted", kTopUpMax));
        merchant.top_up = Fen{top_up->get<std::int64_t>()};
    }
    WXPAY_TRY(merchant.sub_mch_ids, texts(json, path, "sub_mch_ids"));
    for (std::size_t i = 0; i < merchant.sub_mch_ids.size(); ++i) {
        if (!MchId::parse(merchant.sub_mch_ids[i]))
            return wrong(fmt::format("{}[{}]", member_path(path, "sub_mch_ids"), i),
                         "a merchant number of 8 to 10 digits is wanted");
    }
    WXPAY_TRY(merchant.bizpay_url, address(json, path, "bizpay_url"));
    WXPAY_TRY(merchant.refund_notify_url, address(json, path, "refund_notify_url"));
    return merchant;
}

namespace {

Result<void, Problem> read_faults(const Json& json, Contents& contents) {
    WXPAY_TRY(const Json given, items(json, "", "faults", kFaultsMax));
    for (std::size_t i = 0; i < given.size(); ++i) {
        auto fault = fault_from_json(given[i]);
        if (!fault) {
            const std::string path = fmt::format("faults[{}]", i);
            const std::string& field = fault.error().field;
            return wrong(field.empty() ? path : member_path(path, field), fault.error().detail);
        }
        contents.faults.push_back(std::move(*fault));
    }
    return {};
}

Result<Contents, Problem> read_contents(const Json& json, const ReadFile& read_file) {
    WXPAY_CHECK(check_keys(json, "", kTopKeys));
    WXPAY_TRY(std::vector<WechatApp> apps, read_apps(json));
    WXPAY_TRY(std::optional<MerchantRange> range, read_range(json, apps));
    std::vector<Merchant> merchants;
    const Directory demos = demo_directory();  // outlives the pointers that it hands out
    for (const Merchant* const demo : demos.merchants()) merchants.push_back(*demo);
    Contents contents{{}, {}, Directory(apps, std::move(merchants), std::move(range)), {}, {}, {}};
    WXPAY_TRY(const Json given, items(json, "", "merchants", kListMax));
    for (std::size_t i = 0; i < given.size(); ++i) {
        WXPAY_TRY(Merchant merchant,
                  read_merchant(given[i], fmt::format("merchants[{}]", i), apps, read_file));
        merchant.origin = MerchantOrigin::config;
        contents.directory.add(std::move(merchant));
    }
    if (const auto options = json.find("options"); options != json.end())
        WXPAY_CHECK(read_options(*options, contents));
    WXPAY_CHECK(read_schedule(json, contents));
    WXPAY_CHECK(read_openids(json, contents));
    WXPAY_CHECK(read_faults(json, contents));
    return contents;
}

}  // namespace

Result<Contents, std::string> parse(std::string_view text, const ReadFile& read_file) {
    if (is_json_deeper(text))
        return Failure{fmt::format("1: deeper than {} levels", kJsonDepthMax)};
    Json json;
    try {
        json = Json::parse(text);
    } catch (const Json::parse_error& problem) {
        const auto before = text.substr(0, problem.byte);
        return Failure{
            fmt::format("{}: not JSON", 1 + std::count(before.begin(), before.end(), '\n'))};
    }
    auto contents = read_contents(json, read_file);
    const auto lines = lines_of(text);
    if (contents) {
        for (const auto& [name, values] : contents->options) {
            std::string path = "options." + name;
            std::replace(path.begin(), path.end(), '-', '_');
            contents->places[name] = fmt::format("{}: {}", lines.at(path), path);
        }
        return std::move(*contents);
    }
    const Problem& problem = contents.error();
    std::string path = problem.path;  // of a key that is missing, the line of what should hold it
    while (!lines.contains(path)) {
        const auto end = path.find_last_of(".[");
        path.resize(end == std::string::npos ? 0 : end);
    }
    return Failure{fmt::format("{}: {}{}{}", lines.at(path), problem.path,
                               problem.path.empty() ? "" : ": ", problem.message)};
}

std::map<std::string, std::vector<std::string_view>> known_keys() {
    const auto list = [](Keys keys) { return std::vector(keys.begin(), keys.end()); };
    return {{"", list(kTopKeys)},
            {"options", list(kOptionKeys)},
            {"apps[]", list(kAppKeys)},
            {"merchants[]", list(kMerchantKeys)},
            {"merchant_range", list(kRangeKeys)},
            {"schedule", list(kScheduleKeys)},
            {"openids[]", list(kOpenidKeys)}};
}

std::string_view schema() { return kConfigSchema; }

}  // namespace wxpay::sandbox::config
