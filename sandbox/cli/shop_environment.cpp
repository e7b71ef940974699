#include "sandbox/cli/shop_environment.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/pieces.hpp"
#include "core/http/message.hpp"
#include "core/http/url.hpp"

#include "sandbox/certificates/listener.hpp"
#include "sandbox/certificates/trust_files.hpp"
#include "sandbox/cli/servers_merchant.hpp"
#include "sandbox/notify/target_policy.hpp"

namespace wxpay::sandbox::cli {
namespace {

/// As it is, or nothing.
std::string text_in(const nlohmann::json& object, const char* member) {
    return object.value(member, "");
}

class Writer {
  public:
    Writer(const Lookup& caller, ShopEnvironment& out) : caller_(caller), out_(out) {}

    /// Left out when there is no such thing; but taken away when the caller has one of ours from
    /// another server, which must not be taken for this one's.
    void add(const std::string& name, const std::string& value) {
        const bool is_left_over = name.starts_with("WXPAY_SANDBOX_") && !caller_(name).empty();
        if (!value.empty() || is_left_over) add_or_clear(name, value);
    }
    /// Taken away when there is no such thing, whatever we know of the caller: what is printed may
    /// be added to what was printed for another merchant.
    void add_or_clear(const std::string& name, const std::string& value) {
        if (value.empty()) {
            out_.removed.push_back(name);
        } else {
            out_.variables.emplace_back(name, value);
        }
    }
    /// Empty, so that clients do without.
    void clear(const std::string& name) { out_.variables.emplace_back(name, ""); }
    void add(const std::string& name, const nlohmann::json& in, const char* member) {
        add(name, text_in(in, member));
    }
    /// Both spellings that clients look for.
    void add_both(const std::string& upper, const std::string& lower, const std::string& value) {
        add(upper, value);
        add(lower, value);
    }
    std::string callers(const std::string& name) const { return caller_(name); }
    void warn(std::string line) { out_.warnings.push_back(std::move(line)); }
    void trusts(std::initializer_list<const char*> clients) {
        out_.clients.insert(out_.clients.end(), clients.begin(), clients.end());
    }

  private:
    const Lookup& caller_;
    ShopEnvironment& out_;
};

/// The merchant's own, which nothing of another merchant may stand in for, and a line about what it
/// has but nobody is told.
void add_merchant(const nlohmann::json& environment, const nlohmann::json& told, Writer& out) {
    const ServersMerchant merchant = servers_merchant(told);
    out.add_or_clear("WXPAY_SANDBOX_APPID", merchant.appid);
    out.add("WXPAY_SANDBOX_MCH_ID", merchant.mch_id);
    out.add_or_clear("WXPAY_SANDBOX_API_KEY", std::string(merchant.api_key.reveal()));
    out.add_or_clear("WXPAY_SANDBOX_API_V3_KEY", std::string(merchant.api_v3_key.reveal()));
    nlohmann::json files = nlohmann::json::object();
    for (const auto& each : environment.value("merchants", nlohmann::json::array()))
        if (text_in(each, "mch_id") == merchant.mch_id) files = each;
    out.add_or_clear("WXPAY_SANDBOX_CERT", text_in(files, "certificate"));
    out.add_or_clear("WXPAY_SANDBOX_KEY", text_in(files, "key"));
    out.add_or_clear("WXPAY_SANDBOX_P12", text_in(files, "p12"));
    out.add_or_clear("WXPAY_SANDBOX_CERT_SERIAL", text_in(files, "serial"));
    if (merchant.api_key.empty()) {
        out.warn(
            fmt::format("WXPAY_SANDBOX_API_KEY{} not set: {}",
                        merchant.api_v3_key.empty() ? " and WXPAY_SANDBOX_API_V3_KEY are" : " is",
                        merchant.why_no_keys()));
    }
}

void add_own(const RunningServer& server, const nlohmann::json& environment,
             const nlohmann::json& merchant, Writer& out) {
    const auto trust = environment.value("trust", nlohmann::json::object());
    out.add("WXPAY_SANDBOX_URL", server.url);
    out.add("WXPAY_SANDBOX_HTTPS_URL", environment, "https");
    out.add("WXPAY_SANDBOX_PROXY_URL", environment, "proxy");
    out.add("WXPAY_SANDBOX_CONTROL_TOKEN", server.control_token);
    out.add("WXPAY_SANDBOX_CA", environment, "ca");
    out.add("WXPAY_SANDBOX_CA_BUNDLE", trust, "bundle");
    out.add("WXPAY_SANDBOX_TRUSTSTORE", trust, "java_store");
    add_merchant(environment, merchant, out);
    const auto platform = environment.value("platform", nlohmann::json::object());
    out.add("WXPAY_SANDBOX_PLATFORM_CERT", platform, "certificate");
    out.add("WXPAY_SANDBOX_PLATFORM_SERIAL", platform, "serial");
    out.add("WXPAY_SANDBOX_PUBLIC_KEY", platform, "public_key");
    out.add("WXPAY_SANDBOX_PUBLIC_KEY_ID", platform, "public_key_id");
}

/// Whether a client that has this entry in NO_PROXY would go to the real WeChat.
bool keeps_wechat_from_proxy(std::string_view written) {
    if (written == "*") return true;
    while (written.starts_with('*') || written.starts_with('.')) written.remove_prefix(1);
    const std::string entry =
        TargetPolicy::normalized(std::string(written.substr(0, written.find(':'))));
    if (entry.empty()) return false;
    if (TargetPolicy::is_wechat(entry)) return true;
    const auto& hosts = played_names();
    return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
        return host.size() > entry.size() && host.ends_with(entry) &&
               host[host.size() - entry.size() - 1] == '.';
    });
}

/// Clients part the list at commas, some at blanks too.
std::vector<std::string_view> entries_of(std::string_view list) {
    constexpr std::string_view kBetween = ", \t\r\n";
    std::vector<std::string_view> out;
    for (std::size_t from = 0; (from = list.find_first_not_of(kBetween, from)) < list.size();) {
        const std::size_t end = std::min(list.find_first_of(kBetween, from), list.size());
        out.push_back(list.substr(from, end - from));
        from = end;
    }
    return out;
}

/// The caller's list, and this machine. Entries that lead past the proxy to WeChat go.
std::string without_proxy(std::string_view callers, bool has_proxy, Writer& out) {
    std::vector<std::string_view> all;
    for (const std::string_view entry : entries_of(callers)) {
        if (std::find(all.begin(), all.end(), entry) != all.end()) continue;
        if (has_proxy && keeps_wechat_from_proxy(entry)) {
            out.warn(fmt::format("NO_PROXY has '{}', which would lead to the real WeChat: left out",
                                 entry));
            continue;
        }
        all.push_back(entry);
    }
    for (const std::string_view here : {"localhost", "127.0.0.1", "::1"})
        if (std::find(all.begin(), all.end(), here) == all.end()) all.push_back(here);
    return fmt::format("{}", fmt::join(all, ","));
}

void add_proxy(const nlohmann::json& environment, Writer& out) {
    const std::string proxy = text_in(environment, "proxy");
    for (const char* const name : {"HTTPS_PROXY", "https_proxy"}) {
        const std::string callers = out.callers(name);
        if (proxy.empty() || callers.empty() || callers == proxy ||
            callers == out.callers("WXPAY_SANDBOX_PROXY_URL"))
            continue;
        out.warn(fmt::format("{} was another proxy, which nothing goes through now", name));
        break;
    }
    if (const std::string old = out.callers("WXPAY_SANDBOX_PROXY_URL");
        proxy.empty() && !old.empty()) {
        for (const char* const name : kProxyVariables)
            if (out.callers(name) == old) out.clear(name);
    }
    for (const char* const name : kProxyVariables) out.add(name, proxy);
    const std::string upper = out.callers("NO_PROXY");
    const std::string lower = out.callers("no_proxy");
    const std::string& callers = upper.empty() ? lower : upper;
    const std::string both = lower.empty() || lower == callers ? callers : callers + "," + lower;
    out.add_both("NO_PROXY", "no_proxy", without_proxy(both, !proxy.empty(), out));
    if (!proxy.empty()) out.add("NODE_USE_ENV_PROXY", "1");
}

/// One option in JAVA_TOOL_OPTIONS: Java knows quotes there, but no backslash.
std::string java_option(const char* name, const std::string& value) {
    std::string option = fmt::format("-D{}={}", name, value);
    if (option.find_first_of(" \t'\"") == std::string::npos) return option;
    std::string out;
    for (const char c : option) {
        if (c == '\'') {
            out += "\"'\"";
        } else if (c == ' ' || c == '\t' || c == '"') {
            out.append("'").append(1, c).append("'");
        } else {
            out += c;
        }
    }
    return out;
}

void add_java(const nlohmann::json& environment, Writer& out) {
    std::vector<std::string> options;
    const auto add = [&](const char* name, const std::string& value) {
        options.push_back(java_option(name, value));
    };
    if (const auto proxy = http::Url::parse(text_in(environment, "proxy"))) {
        for (const char* const scheme : {"https", "http"}) {
            add(fmt::format("{}.proxyHost", scheme).c_str(), proxy->host);
            add(fmt::format("{}.proxyPort", scheme).c_str(), std::to_string(proxy->port));
        }
        add("http.nonProxyHosts", "localhost|127.*|[::1]");
    }
    const auto trust = environment.value("trust", nlohmann::json::object());
    if (const std::string store = text_in(trust, "java_store"); !store.empty()) {
        add("javax.net.ssl.trustStore", store);
        add("javax.net.ssl.trustStoreType", "PKCS12");
        add("javax.net.ssl.trustStorePassword", text_in(trust, "java_store_password"));
    }
    if (options.empty()) return;
    const std::string ours = fmt::format("{}", fmt::join(options, " "));
    const std::string callers = out.callers("JAVA_TOOL_OPTIONS");
    if (callers.find("-Djavax.net.ssl.trustStore=") != std::string::npos &&
        callers.find("truststore.p12") == std::string::npos &&
        ours.find("-Djavax.net.ssl.trustStore=") != std::string::npos) {
        out.warn("JAVA_TOOL_OPTIONS has a trust store of its own, which Java does not look at now");
    }
    // The caller's may hold ours already, from an `env` before.
    out.add("JAVA_TOOL_OPTIONS", callers.empty()           ? ours
                                 : callers.ends_with(ours) ? callers
                                                           : callers + " " + ours);
}

/// Most of Node's clients know no proxy: a script that it loads first leads them.
void add_node(const std::string& script, Writer& out) {
    if (script.empty()) return;
    std::string quoted;
    for (const char c : script) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    const bool is_plain = script.find_first_of(" \t\"\\") == std::string::npos;
    const std::string ours =
        is_plain ? "--require=" + script : fmt::format("--require=\"{}\"", quoted);
    const std::string callers = out.callers("NODE_OPTIONS");
    out.add("NODE_OPTIONS", callers.empty()                           ? ours
                            : callers.find(ours) != std::string::npos ? callers
                                                                      : callers + " " + ours);
}

void add_trust(const nlohmann::json& environment, Writer& out) {
    const auto trust = environment.find("trust");
    if (trust == environment.end()) return;
    const std::string ca = text_in(environment, "ca");
    const std::string bundle = text_in(*trust, "bundle");
    const auto own = trust->value("own_roots", std::vector<std::string>{});
    if (system_roots().empty() && own.empty()) {
        out.warn(
            "this system has no list of authorities: clients trust the sandbox, and nobody else");
    }
    const auto add = [&](const char* name, const std::string& value) {
        out.add(name, value);
        // A server whose caller was another one knows nothing of this one's files.
        const std::string callers = out.callers(name);
        const bool is_in = callers.empty() || callers == ca || callers == bundle ||
                           callers == system_roots() ||
                           std::find(own.begin(), own.end(), callers) != own.end();
        if (!is_in) {
            out.warn(
                fmt::format("{} was '{}', which the server did not find in its own "
                            "environment: start it with that variable to keep these roots",
                            name, callers));
        }
    };
    // Node adds these to its own; others replace theirs.
    add("NODE_EXTRA_CA_CERTS", own.empty() ? ca : bundle);
    add("SSL_CERT_FILE", bundle);
    add("CURL_CA_BUNDLE", bundle);
    add("REQUESTS_CA_BUNDLE", bundle);
    out.trusts({"curl", "go", "java", "node"});
    add_node(text_in(*trust, "node"), out);
    const std::string php = text_in(*trust, "php");
    if (php.find(':') == std::string::npos) {
        const std::string callers = out.callers("PHP_INI_SCAN_DIR");
        const auto directories = pieces_of(callers, ':');
        const bool is_there =
            std::find(directories.begin(), directories.end(), php) != directories.end();
        // Empty stands for the directory that is compiled in.
        out.add("PHP_INI_SCAN_DIR", is_there ? callers : callers + ":" + php);
        out.trusts({"php"});
    } else {
        out.warn(fmt::format("PHP cannot be told of '{}': it has a colon", php));
    }
    out.trusts({"python", "ruby"});
}

}  // namespace

std::string environment_variable(const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? "" : value;
}

Result<ShopEnvironment> shop_environment(const RunningServer& server, const std::string& mch_id,
                                         const Lookup& caller) {
    WXPAY_TRY(const nlohmann::json environment, server.get("/_sandbox/v1/environment"));
    WXPAY_TRY(const nlohmann::json merchant,
              server.get("/_sandbox/v1/merchants/" + http::percent_encode(mch_id)));
    ShopEnvironment shop;
    Writer out(caller, shop);
    add_own(server, environment, merchant, out);
    add_proxy(environment, out);
    add_trust(environment, out);
    add_java(environment, out);
    return shop;
}

}  // namespace wxpay::sandbox::cli
