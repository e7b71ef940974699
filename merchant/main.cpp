#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "core/base/duration.hpp"
#include "core/base/random.hpp"
#include "core/crypto/rsa.hpp"
#include "core/domain/ids.hpp"
#include "core/http/url.hpp"
#include "core/program/program.hpp"
#include "core/program/say.hpp"

#include "embedded/kDemoCertificate.hpp"
#include "embedded/kDemoKey.hpp"
#include "merchant/config.hpp"
#include "merchant/reconcile/bill_check.hpp"
#include "merchant/server.hpp"

namespace wxpay::merchant {
namespace {

constexpr std::size_t kApiKeyLength = 32;
constexpr std::string_view kDemoMchId = "1900000109";  // the options' defaults are its own
constexpr std::string_view kPublicKeyId = "PUB_KEY_ID_";
constexpr int kExitDifferences = 1;

/// The options as they were typed.
struct Flags {
    std::string listen = "127.0.0.1:12190";
    std::string gateway = "http://127.0.0.1:12180";
    std::string public_url;
    std::string notify_url;
    std::string refund_notify_url;
    std::string ca_file;
    std::string cert_file;
    std::string key_file;
    std::string data;
    std::string api = "v2";
    std::string appid = "wx8888888888888888";
    std::string mch_id{kDemoMchId};
    std::string api_key = "192006250b4c09247ec02edce69f6a2d";
    std::string app_secret = "5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d";
    std::string sign_type = "MD5";
    std::string api_v3_key = "sandbox-api-v3-key-32-bytes-long";
    std::string public_key_file;
    std::string public_key_id;
    std::string platform_cert_file;
    std::string reconcile_after = "30s";
    std::string reconcile_every = "30s";
    std::string ready_file;
    std::string log_level = "info";
    bool quiet = false;
    std::string date;  ///< of the verb reconcile
};

void declare(CLI::App& app, Flags& flags) {
    const auto option = [&](const char* name, const char* type, std::string& value,
                            const char* help) {
        return app.add_option(name, value, help)
            ->type_name(type)
            ->envname(environment_name("WXPAY_MERCHANT_", name));
    };
    option("--listen", "HOST:PORT", flags.listen, "where to listen; port 0: any free one")
        ->capture_default_str();
    option("--gateway", "URL", flags.gateway, "WeChat Pay, or the sandbox")->capture_default_str();
    option("--public-url", "URL", flags.public_url,
           "how WeChat reaches this shop (default: the address it listens on)");
    option("--notify-url", "URL", flags.notify_url,
           "where WeChat calls back (default: public url + /wxpay/notify)");
    option("--refund-notify-url", "URL", flags.refund_notify_url,
           "the same for refunds (default: public url + /wxpay/refund_notify)");
    option("--ca-file", "FILE", flags.ca_file, "PEM roots for an https gateway");
    option("--cert-file", "FILE", flags.cert_file,
           "PEM, the merchant's certificate: V2 shows it at refunds, V3 signs with it (V3's "
           "default: the demo merchant's)");
    option("--key-file", "FILE", flags.key_file, "PEM, the certificate's key");
    option("--data", "DIR", flags.data, "keep the books in DIR/merchant.db (default: in memory)");
    option("--api", "VERSION", flags.api, "version of the WeChat Pay API: v2 or v3")
        ->capture_default_str();
    option("--appid", "APPID", flags.appid, "the app")->capture_default_str();
    option("--mch-id", "MCH_ID", flags.mch_id, "the merchant")->capture_default_str();
    // Others on this machine can read command lines: real secrets belong in the environment.
    option("--api-key", "KEY", flags.api_key,
           "the merchant's API key, better in the environment (default: the demo merchant's)");
    option("--app-secret", "SECRET", flags.app_secret, "the app's secret, likewise");
    option("--sign-type", "TYPE", flags.sign_type, "V2: MD5 or HMAC-SHA256")->capture_default_str();
    option("--api-v3-key", "KEY", flags.api_v3_key,
           "V3: the merchant's APIv3 key, likewise (default: the demo merchant's)");
    option("--public-key-file", "FILE", flags.public_key_file,
           "V3: PEM, the WeChat Pay public key, instead of platform certificates");
    option("--public-key-id", "ID", flags.public_key_id, "V3: its PUB_KEY_ID_...");
    option("--platform-cert-file", "FILE", flags.platform_cert_file,
           "V3: PEM, a platform certificate that is trusted from the start");
    option("--reconcile-after", "DURATION", flags.reconcile_after,
           "ask WeChat about orders that are unpaid for so long")
        ->capture_default_str();
    option("--reconcile-every", "DURATION", flags.reconcile_every, "how often to ask")
        ->capture_default_str();
    option("--ready-file", "FILE", flags.ready_file,
           "JSON with pid and address, written when connections are accepted");
    option("--log-level", "LEVEL", flags.log_level, "debug, info, warn or error")
        ->capture_default_str();
    app.add_flag("--quiet", flags.quiet, "print nothing but errors")
        ->envname(environment_name("WXPAY_MERCHANT_", "--quiet"));
}

void demand(bool is_good, const char* flag, const std::string& value, const char* wanted) {
    if (!is_good) throw UsageError(fmt::format("{} '{}': {} is wanted", flag, value, wanted));
}

void demand_secret(bool is_good, const char* flag, const char* wanted) {
    if (!is_good) throw UsageError(fmt::format("{}: {} is wanted", flag, wanted));
}

void demand_url(const char* flag, const std::string& value) {
    demand(http::Url::parse(value).has_value(), flag, value, "http(s)://host[:port]");
}

Millis duration(const char* flag, const std::string& value, Millis least) {
    const auto parsed = parse_duration(value);
    demand(parsed && *parsed >= least, flag, value, "a duration like 500ms, 5s, 10m or 2h");
    return *parsed;
}

v2::Account account_from(const Flags& flags) {
    demand(flags.api == "v2" || flags.api == "v3", "--api", flags.api, "v2 or v3");
    demand(AppId::parse(flags.appid).has_value(), "--appid", flags.appid,
           "wx and 16 digits or lower-case letters");
    demand(MchId::parse(flags.mch_id).has_value(), "--mch-id", flags.mch_id, "8 to 10 digits");
    const auto is_alphanumeric = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    demand_secret(flags.api_key.size() == kApiKeyLength &&
                      std::all_of(flags.api_key.begin(), flags.api_key.end(), is_alphanumeric),
                  "--api-key", "the merchant's key of 32 letters or digits");
    demand_secret(!flags.app_secret.empty(), "--app-secret", "the app's secret");
    const auto sign_type = v2::parse_sign_type(flags.sign_type);
    demand(sign_type.has_value(), "--sign-type", flags.sign_type, "MD5 or HMAC-SHA256");
    return {flags.appid, flags.mch_id, Secret(flags.api_key), *sign_type, Secret(flags.app_secret)};
}

void demand_readable(const char* flag, const std::string& file) {
    if (!file.empty() && !std::ifstream(file).good())
        throw UsageError(fmt::format("{} '{}': cannot be read", flag, file));
}

std::string contents_of(const char* flag, const std::string& file) {
    demand_readable(flag, file);
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

template <class T>
T demand_read(Result<T> read, const char* flag, const std::string& file, const char* wanted) {
    demand(read.has_value(), flag, file, wanted);
    return *std::move(read);
}

v3::Account v3_account_from(const Flags& flags) {
    const bool is_demo = flags.cert_file.empty();
    if (is_demo && flags.mch_id != kDemoMchId) {
        throw UsageError(
            "--api v3: --cert-file and --key-file are wanted, the merchant's own; wxpay-sandbox "
            "env names those of a merchant of the sandbox");
    }
    demand_secret(flags.api_v3_key.size() == kApiKeyLength, "--api-v3-key",
                  "the merchant's APIv3 key of 32 bytes");
    const std::string pem =
        is_demo ? std::string(kDemoCertificate) : contents_of("--cert-file", flags.cert_file);
    const auto facts =
        demand_read(read_certificate(pem), "--cert-file", flags.cert_file, "a certificate in PEM");
    const auto certified = demand_read(RsaPublicKey::from_pem(pem), "--cert-file", flags.cert_file,
                                       "a certificate of an RSA key");
    const Secret key_pem(is_demo ? std::string(kDemoKey)
                                 : contents_of("--key-file", flags.key_file));
    auto key = demand_read(RsaPrivateKey::from_pem(key_pem), "--key-file", flags.key_file,
                           "an RSA key in PEM");
    demand(key.public_key().pem() == certified.pem(), "--key-file", flags.key_file,
           "the key of the --cert-file");
    return {flags.appid, flags.mch_id, facts.serial_no, std::move(key), Secret(flags.api_v3_key)};
}

/// What is WeChat's, as far as it is known from the start.
v3::PlatformKeys platform_keys_from(const Flags& flags) {
    v3::PlatformKeys keys;
    demand(flags.public_key_file.empty() == flags.public_key_id.empty(), "--public-key-file",
           flags.public_key_file, "--public-key-id with it, or neither of them");
    if (!flags.public_key_file.empty()) {
        demand(flags.public_key_id.starts_with(kPublicKeyId), "--public-key-id",
               flags.public_key_id, "an ID that begins with PUB_KEY_ID_");
        const std::string pem = contents_of("--public-key-file", flags.public_key_file);
        keys.add(flags.public_key_id,
                 demand_read(RsaPublicKey::from_pem(pem), "--public-key-file",
                             flags.public_key_file, "an RSA public key in PEM"));
    }
    if (!flags.platform_cert_file.empty()) {
        const char* const wanted = "a certificate of an RSA key, in PEM";
        const std::string pem = contents_of("--platform-cert-file", flags.platform_cert_file);
        const auto facts = demand_read(read_certificate(pem), "--platform-cert-file",
                                       flags.platform_cert_file, wanted);
        keys.add(facts.serial_no, demand_read(RsaPublicKey::from_pem(pem), "--platform-cert-file",
                                              flags.platform_cert_file, wanted));
    }
    return keys;
}

/// Who we are, and the way to WeChat.
Config client_config_from(const Flags& flags) {
    Config config;
    demand_url("--gateway", flags.gateway);
    demand_readable("--ca-file", flags.ca_file);
    demand_readable("--cert-file", flags.cert_file);
    demand_readable("--key-file", flags.key_file);
    demand(flags.cert_file.empty() == flags.key_file.empty(), "--cert-file", flags.cert_file,
           "--key-file with it, or neither of them");
    config.gateway = flags.gateway;
    config.ca_file = flags.ca_file;
    if (!flags.data.empty()) config.data = flags.data;
    config.account = account_from(flags);
    if (flags.api == "v3") {
        config.v3 = V3Setup{v3_account_from(flags), platform_keys_from(flags)};
    } else {
        config.certificate_file = flags.cert_file;
        config.key_file = flags.key_file;
    }
    return config;
}

Config config_from(const Flags& flags) {
    Config config = client_config_from(flags);
    std::tie(config.host, config.port) = parse_listen_address("--listen", flags.listen);
    if (!flags.public_url.empty()) demand_url("--public-url", flags.public_url);
    if (!flags.notify_url.empty()) demand_url("--notify-url", flags.notify_url);
    if (!flags.refund_notify_url.empty())
        demand_url("--refund-notify-url", flags.refund_notify_url);
    const bool is_any = config.host == "0.0.0.0" || config.host == "::";
    if (is_any && flags.public_url.empty() && flags.notify_url.empty()) {
        throw UsageError(fmt::format(
            "--listen {}: WeChat cannot call every address back; name one with --public-url",
            flags.listen));
    }
    config.public_url = flags.public_url;
    while (config.public_url.ends_with('/')) config.public_url.pop_back();
    config.notify_url = flags.notify_url;
    config.refund_notify_url = flags.refund_notify_url;
    config.reconcile_after = duration("--reconcile-after", flags.reconcile_after, Millis{0});
    config.reconcile_every = duration("--reconcile-every", flags.reconcile_every, Millis{1});
    return config;
}

std::shared_ptr<spdlog::logger> logger_from(const Flags& flags) {
    const auto level = spdlog::level::from_str(flags.log_level);
    demand(level != spdlog::level::off, "--log-level", flags.log_level,
           "debug, info, warn or error");
    auto logger = std::make_shared<spdlog::logger>(
        "wxpay-merchant", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    logger->set_pattern("%H:%M:%S.%e %^%l%$ %v");
    logger->set_level(flags.quiet ? spdlog::level::err : level);
    return logger;
}

Report report_to(const std::shared_ptr<spdlog::logger>& logger) {
    return [logger](Severity severity, const std::string& line) {
        switch (severity) {
            case Severity::info:
                return logger->info(line);
            case Severity::warning:
                return logger->warn(line);
            case Severity::error:
                return logger->error(line);
        }
    };
}

void greet(const Server& server, const Flags& flags) {
    say("wxpay-merchant {} listens on {}\n"
        "  merchant   mch_id {}, appid {}, API {}, signs with {}\n"
        "  gateway    {}\n"
        "  callbacks  {}\n"
        "  books      {}\n"
        "Try: curl {}/api/products\n",
        WXPAY_VERSION, server.base_url(), flags.mch_id, flags.appid, flags.api,
        flags.api == "v3" ? "RSA" : flags.sign_type, flags.gateway, server.notify_url(),
        flags.data.empty() ? "in memory, gone when this process ends" : flags.data,
        server.base_url());
}

int run(const Flags& flags) {
    Config config = config_from(flags);
    config.report = report_to(logger_from(flags));

    const StopSignal stop_signal;
    if (!flags.ready_file.empty()) ReadyFile::forget_the_dead(flags.ready_file);
    Server server(std::move(config));
    if (const auto started = server.start(); !started) {
        throw UsageError(
            fmt::format("--listen {}: {}; choose another address, or port 0 for any free one",
                        flags.listen, started.error().detail));
    }
    std::optional<ReadyFile> ready_file;
    if (!flags.ready_file.empty())
        ready_file.emplace(flags.ready_file,
                           std::map<std::string, std::string>{{"http", server.base_url()}});
    if (!flags.quiet) greet(server, flags);
    stop_signal.wait();
    server.stop();
    return 0;
}

/// Holds a day's bill against the books. The lines go to stdout, for people and scripts.
int reconcile_day(const Flags& flags) {
    const auto day = parse_day(flags.date);
    demand(day.has_value(), "--date", flags.date, "yyyy-MM-dd or yyyyMMdd");
    const Config config = client_config_from(flags);
    demand(config.data && std::filesystem::exists(*config.data / "merchant.db"), "--data",
           flags.data, "the directory of the shop's books");
    const auto books = open_books(config);
    const auto transport = connect(config);
    SecureRandom random;
    const SystemClock clock;
    const auto wechat = open_gateway(config, *transport, random, clock);
    const auto check = check_day(*day, *wechat, *books);
    if (!check) throw std::runtime_error(fmt::format("no bill: {}", check.error().detail));
    for (const std::string& line : check->differences) fmt::print("{}\n", line);
    if (!flags.quiet || !check->differences.empty()) fmt::print("{}\n", check->summary(*day));
    return check->differences.empty() ? 0 : kExitDifferences;
}

int main_of(int argc, char** argv) {
    CLI::App app{"A small shop that does its side of WeChat Pay properly.", "wxpay-merchant"};
    app.set_version_flag("--version", "wxpay-merchant " WXPAY_VERSION);
    Flags flags;
    declare(app, flags);
    // Every option of the shop may stand behind the verb too.
    CLI::App* const reconcile =
        app.add_subcommand("reconcile", "compare a day's bill with the books, and exit")
            ->fallthrough();
    reconcile->add_option("--date", flags.date, "the day, UTC+8: yyyy-MM-dd or yyyyMMdd")
        ->type_name("DAY")
        ->required();
    try {
        app.parse(argc, argv);
        return *reconcile ? reconcile_day(flags) : run(flags);
    } catch (const CLI::Success& wanted) {
        return app.exit(wanted);
    } catch (const CLI::ParseError& problem) {
        say("wxpay-merchant: {}; see wxpay-merchant --help\n", problem.what());
    } catch (const std::exception& problem) {
        say("wxpay-merchant: {}\n", problem.what());
    }
    return kExitUsage;
}

}  // namespace
}  // namespace wxpay::merchant

int main(int argc, char** argv) { return wxpay::merchant::main_of(argc, argv); }
