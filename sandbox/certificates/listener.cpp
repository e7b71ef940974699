#include "sandbox/certificates/listener.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "sandbox/certificates/private_files.hpp"
#include "sandbox/notify/target_policy.hpp"

namespace wxpay::sandbox {
namespace {

using std::chrono::hours;

constexpr hours kDay{24};
constexpr hours kBackdated = kDay;  // clocks differ, in containers above all
constexpr hours kAuthorityLife = 3650 * kDay;
constexpr hours kLeafLife = 397 * kDay;  // what browsers take at most
constexpr hours kRemadeBefore = 30 * kDay;
constexpr const char* kAuthorityFile = "authority.pem";
constexpr const char* kShownFile = "listener.pem";
constexpr std::string_view kAuthorityName = "wxpay-sandbox CA ";
constexpr std::size_t kTagDigits = 8;

constexpr std::string_view kKeyBegins = "-----BEGIN PRIVATE KEY-----";

/// What the authority may vouch for.
HostNames permitted() {
    return {listener_names().dns,
            {"127.0.0.0/255.0.0.0", "0:0:0:0:0:0:0:1/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF"}};
}

/// Certificate and key lie in one file, so that they are always of one making. Nothing when it is
/// missing or damaged.
std::optional<Identity> load(const std::filesystem::path& path) {
    const auto text = read_private_file(path);
    if (!text) return std::nullopt;
    const auto key = text->find(kKeyBegins);
    if (key == std::string::npos) return std::nullopt;
    Identity identity{text->substr(0, key), Secret(text->substr(key))};
    if (!belong_together(identity)) return std::nullopt;
    return identity;
}

void save(const std::filesystem::path& path, const Identity& identity) {
    write_private_file(path, identity.certificate + std::string(identity.key.reveal()));
}

Identity make_authority(Instant now, Random& random) {
    // Each has a name of its own: a client that trusts an older one must not take it for this one.
    return make_authority(fmt::format("{}{}", kAuthorityName, random.hex(kTagDigits)), permitted(),
                          {now - kBackdated, now + kAuthorityLife}, random);
}

Identity issue_leaf(const Identity& authority, Instant now, Random& random) {
    return issue(authority, "wxpay-sandbox", listener_names(), {now - kBackdated, now + kLeafLife},
                 random);
}

}  // namespace

const std::vector<std::string>& played_names() {
    static const std::vector<std::string> names{
        "api.mch.weixin.qq.com",   "api2.mch.weixin.qq.com",
        "apihk.mch.weixin.qq.com", "apius.mch.weixin.qq.com",
        "fraud.mch.weixin.qq.com", "api.wechatpay.cn",
        "api2.wechatpay.cn",       "api.weixin.qq.com",
        "payapp.weixin.qq.com",    "wx.tenpay.com"};
    return names;
}

bool is_played(const std::string& host) {
    const auto& names = played_names();
    return std::find(names.begin(), names.end(), TargetPolicy::normalized(host)) != names.end();
}

const HostNames& listener_names() {
    static const HostNames names = [] {
        HostNames out{played_names(), {"127.0.0.1", "::1"}};
        out.dns.emplace_back("localhost");
        return out;
    }();
    return names;
}

bool is_listener_authority(std::string_view common_name) {
    return common_name.starts_with(kAuthorityName);
}

ListenerIdentity load_or_make_listener(const std::filesystem::path& directory, Instant now,
                                       Random& random) {
    make_private_directory(directory);
    const DirectoryLock lock(directory);
    const auto is_good = [&](const Identity& authority, const Identity& leaf) {
        return vouches_for(authority.certificate, leaf.certificate, listener_names(),
                           now + kRemadeBefore);
    };
    if (const auto authority = load(directory / kAuthorityFile)) {
        if (auto leaf = load(directory / kShownFile); leaf && is_good(*authority, *leaf))
            return {authority->certificate, *std::move(leaf)};
        // Not good either when the authority itself ends soon, or was made for fewer hosts.
        if (Identity leaf = issue_leaf(*authority, now, random); is_good(*authority, leaf)) {
            save(directory / kShownFile, leaf);
            return {authority->certificate, std::move(leaf)};
        }
    }
    const Identity authority = make_authority(now, random);
    Identity leaf = issue_leaf(authority, now, random);
    save(directory / kAuthorityFile, authority);
    save(directory / kShownFile, leaf);
    return {authority.certificate, std::move(leaf)};
}

}  // namespace wxpay::sandbox
