#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "core/crypto/openssl.hpp"

#include "sandbox/certificates/files.hpp"
#include "sandbox/certificates/issue.hpp"
#include "sandbox/certificates/listener.hpp"
#include "sandbox/certificates/merchants.hpp"
#include "sandbox/certificates/platform_files.hpp"
#include "sandbox/certificates/private_files.hpp"
#include "sandbox/certificates/trust_files.hpp"
#include "sandbox/platform/platform.hpp"
#include "sandbox/server.hpp"
#include "tests/support/process.hpp"

namespace wxpay::sandbox {
namespace {

using namespace std::chrono_literals;
using namespace openssl;
using test::TemporaryDirectory;

constexpr Instant kNow{std::chrono::seconds(1'717'214'400)};  // 2024-06-01
constexpr std::chrono::hours kDay{24};
const Validity kThisMonth{kNow - kDay, kNow + 30 * kDay};

SecureRandom& dice() {
    static SecureRandom random;
    return random;
}

ListenerIdentity load(const std::filesystem::path& directory, Instant now = kNow) {
    return load_or_make_listener(directory, now, dice());
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

unsigned mode_of(const std::filesystem::path& path) {
    struct stat found {};
    EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 07777U;
}

CertificatePtr read(const std::string& pem) {
    const BioPtr text = reading(pem);
    return CertificatePtr(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
}

/// The authority of a listener, with its key: what whoever stole the directory has.
Identity stolen_authority(const std::filesystem::path& directory) {
    const std::string text = text_of(directory / "authority.pem");
    const auto key = text.find("-----BEGIN PRIVATE KEY");
    return {text.substr(0, key), Secret(text.substr(key))};
}

/// Environment variables as they were, afterwards.
class Variable {
  public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* const before = std::getenv(name)) before_ = before;
        set(value);
    }
    ~Variable() { set(before_ ? before_->c_str() : nullptr); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    void set(const char* value) const {
        if (value == nullptr) {
            ::unsetenv(name_);
        } else {
            ::setenv(name_, value, 1);
        }
    }
    const char* name_;
    std::optional<std::string> before_;
};

TEST(Listener, IsGoodForWeChatsHostsAndThisMachine) {
    const TemporaryDirectory place;
    const auto made = load(place / "tls");
    const HostNames names{
        {"api.mch.weixin.qq.com", "api2.mch.weixin.qq.com", "apihk.mch.weixin.qq.com",
         "apius.mch.weixin.qq.com", "fraud.mch.weixin.qq.com", "api.wechatpay.cn",
         "api2.wechatpay.cn", "api.weixin.qq.com", "payapp.weixin.qq.com", "wx.tenpay.com",
         "localhost"},
        {"127.0.0.1", "::1"}};
    EXPECT_TRUE(vouches_for(made.authority, made.shown.certificate, names, kNow));
    EXPECT_FALSE(vouches_for(made.authority, made.shown.certificate, {{"example.com"}, {}}, kNow));
    EXPECT_TRUE(belong_together(made.shown));
}

TEST(Listener, HasAnAuthorityThatNobodyNeedBelieveAboutOtherNames) {
    const TemporaryDirectory place;
    load(place / "tls");
    const Identity authority = stolen_authority(place / "tls");
    const std::pair<HostNames, bool> cases[] = {
        {{{"localhost"}, {}}, true},
        {{{"api.mch.weixin.qq.com"}, {}}, true},
        {{{}, {"127.0.0.53"}}, true},
        {{{"example.com"}, {}}, false},
        {{{"mch.weixin.qq.com"}, {}}, false},
        {{{"weixin.qq.com"}, {}}, false},
        {{{"localhost", "example.com"}, {}}, false},
        {{{"localhost.example.com"}, {}}, false},
        {{{}, {"8.8.8.8"}}, false},
        {{{}, {"::2"}}, false},
    };
    for (const auto& [names, believed] : cases) {
        const Identity leaf = issue(authority, "x", names, kThisMonth, dice());
        EXPECT_EQ(vouches_for(authority.certificate, leaf.certificate, names, kNow), believed)
            << (names.dns.empty() ? names.ip[0] : names.dns.back());
    }
    const CertificatePtr certificate = read(authority.certificate);
    const int at = X509_get_ext_by_NID(certificate.get(), NID_name_constraints, -1);
    ASSERT_GE(at, 0);
    EXPECT_EQ(X509_EXTENSION_get_critical(X509_get_ext(certificate.get(), at)), 1);
}

TEST(Listener, ShowsAnEcdsaKeyOnP256) {
    const TemporaryDirectory place;
    const auto made = load(place / "tls");
    for (const std::string& pem : {made.shown.certificate, made.authority}) {
        const CertificatePtr certificate = read(pem);
        const EVP_PKEY* const key = X509_get0_pubkey(certificate.get());
        std::array<char, 32> curve{};
        EXPECT_EQ(EVP_PKEY_get_base_id(key), EVP_PKEY_EC);
        EXPECT_EQ(EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr), 1);
        EXPECT_STREQ(curve.data(), "prime256v1");
    }
}

TEST(Listener, IsForItsOwnerOnly) {
    const TemporaryDirectory place;
    std::filesystem::create_directory(place / "tls");
    std::filesystem::permissions(place / "tls", std::filesystem::perms::all);
    load(place / "tls");
    EXPECT_EQ(mode_of(place / "tls"), 0700U);
    for (const char* name : {"authority.pem", "listener.pem", "lock"})
        EXPECT_EQ(mode_of(place / "tls" / name), 0600U) << name;
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(place / "tls"), {}), 3);
}

TEST(Listener, IsTheSameAtTheNextStart) {
    const TemporaryDirectory place;
    const auto first = load(place / "tls");
    const auto second = load(place / "tls", kNow + 300 * kDay);
    EXPECT_EQ(second.authority, first.authority);
    EXPECT_EQ(second.shown.certificate, first.shown.certificate);
    EXPECT_EQ(second.shown.key.reveal(), first.shown.key.reveal());
}

TEST(Listener, IsRemadeBeforeItExpiresUnderTheSameAuthority) {
    const TemporaryDirectory place;
    const auto first = load(place / "tls");
    const auto later = kNow + 380 * kDay;
    const auto second = load(place / "tls", later);
    EXPECT_EQ(second.authority, first.authority);
    EXPECT_NE(second.shown.certificate, first.shown.certificate);
    EXPECT_TRUE(vouches_for(second.authority, second.shown.certificate, listener_names(),
                            later + 390 * kDay));
}

TEST(Listener, GetsANewAuthorityBeforeTheOldOneExpires) {
    const TemporaryDirectory place;
    const auto first = load(place / "tls");
    const auto later = kNow + 3630 * kDay;
    const auto second = load(place / "tls", later);
    EXPECT_NE(second.authority, first.authority);
    EXPECT_TRUE(vouches_for(second.authority, second.shown.certificate, listener_names(),
                            later + 390 * kDay));
}

TEST(Listener, IsRemadeWhenAFileIsDamaged) {
    for (const std::string name : {"authority.pem", "listener.pem"}) {
        for (const std::size_t kept : {0U, 100U, 900U}) {
            const TemporaryDirectory place;
            load(place / "tls");
            const auto path = place / "tls" / name;
            const std::string damaged = text_of(path).substr(0, kept);
            std::ofstream(path, std::ios::binary | std::ios::trunc) << damaged;
            const auto made = load(place / "tls");
            EXPECT_TRUE(belong_together(made.shown));
            EXPECT_TRUE(
                vouches_for(made.authority, made.shown.certificate, listener_names(), kNow));
        }
    }
}

TEST(Listener, IsOneForAllWhoStartAtOnce) {
    const TemporaryDirectory place;
    std::vector<ListenerIdentity> made(8);
    std::vector<std::thread> threads;
    for (auto& each : made) threads.emplace_back([&] { each = load(place / "tls"); });
    for (auto& thread : threads) thread.join();
    for (const auto& each : made) {
        EXPECT_EQ(each.authority, made[0].authority);
        EXPECT_EQ(each.shown.certificate, made[0].shown.certificate);
    }
}

TEST(Listener, RefusesADirectoryThatIsNone) {
    const TemporaryDirectory place;
    std::ofstream(place / "file") << "x";
    std::filesystem::create_directory(place / "real");
    std::filesystem::create_directory_symlink(place / "real", place / "link");
    for (const auto& path : {place / "file", place / "file" / "tls", place / "link"})
        EXPECT_THROW(load(path), std::runtime_error) << path;
}

TEST(Merchants, HaveShippedCertificatesOfTheMerchantsAuthority) {
    const CertificatePtr authority = read(merchants_authority());
    ASSERT_TRUE(authority);
    for (const std::string mch_id : {"1900000109", "1900000110", "1900000111"}) {
        const auto identity = shipped_certificate(mch_id);
        ASSERT_TRUE(identity) << mch_id;
        EXPECT_TRUE(identity->certificate.starts_with("-----BEGIN CERTIFICATE-----"));
        EXPECT_TRUE(identity->key.reveal().starts_with("-----BEGIN PRIVATE KEY-----"));
        EXPECT_TRUE(belong_together(*identity));
        const CertificatePtr certificate = read(identity->certificate);
        EXPECT_EQ(common_name(*certificate), mch_id);
        EXPECT_EQ(X509_verify(certificate.get(), X509_get0_pubkey(authority.get())), 1);
        std::time_t in_2053 = 2'650'000'000;
        EXPECT_EQ(X509_cmp_time(X509_get0_notAfter(certificate.get()), &in_2053), 1);
    }
    EXPECT_EQ(serial_number(shipped_certificate("1900000109")->certificate),
              "6B9BB5C5144A82C6548A0DE780A3291E013DF80B");
    EXPECT_FALSE(shipped_certificate("1900000112"));
}

TEST(CertificateFiles, AreWhatWeChatLetsAMerchantDownload) {
    const TemporaryDirectory place;
    const auto files = write_certificate_files(place / "certs", "the CA", demo_directory());
    EXPECT_EQ(files.ca, place / "certs" / "ca.pem");
    EXPECT_EQ(text_of(files.ca), "the CA");
    EXPECT_EQ(mode_of(place / "certs"), 0700U);
    const auto& demo = files.merchants.at("1900000109");
    const Identity shipped = *shipped_certificate("1900000109");
    EXPECT_EQ(demo.certificate, place / "certs" / "apiclient_cert.pem");
    EXPECT_EQ(demo.key, place / "certs" / "apiclient_key.pem");
    EXPECT_EQ(demo.p12, place / "certs" / "apiclient_cert.p12");
    EXPECT_EQ(demo.serial, serial_number(shipped.certificate));
    EXPECT_EQ(text_of(demo.certificate), shipped.certificate);
    EXPECT_EQ(text_of(demo.key), shipped.key.reveal());
    for (const auto& path : {files.ca, demo.certificate, demo.key, demo.p12})
        EXPECT_EQ(mode_of(path), 0600U) << path;
    EXPECT_EQ(files.merchants.at("1900000111").key,
              place / "certs" / "1900000111" / "apiclient_key.pem");
}

TEST(CertificateFiles, HaveThePlatformsBesideThem) {
    const TemporaryDirectory place;
    const auto files = write_certificate_files(place / "certs", "", demo_directory());
    EXPECT_FALSE(std::filesystem::exists(files.ca));  // no TLS listener, nobody to trust
    const Platform platform;
    write_platform_files(files, platform);
    const PlatformFiles paths = platform_files(files);
    EXPECT_EQ(paths.certificate, place / "certs" / "platform_cert.pem");
    EXPECT_EQ(paths.public_key, place / "certs" / "wechatpay_public_key.pem");
    EXPECT_EQ(serial_number(text_of(paths.certificate)), platform.first().serial);
    EXPECT_TRUE(text_of(paths.public_key).starts_with("-----BEGIN PUBLIC KEY-----"));
    EXPECT_TRUE(RsaPublicKey::from_pem(text_of(paths.public_key)));
}

TEST(CertificateFiles, AreNoReasonNotToStart) {
    const TemporaryDirectory cache;
    Config config;
    config.writes_certificates = true;
    {
        const Variable home("XDG_CACHE_HOME", cache.path().c_str());
        const Server server(config);
        ASSERT_TRUE(server.certificate_files());
        EXPECT_TRUE(
            std::filesystem::exists(platform_files(*server.certificate_files()).certificate));
    }
    std::ofstream(cache / "file") << "x";
    const Variable home("XDG_CACHE_HOME", (cache / "file").c_str());
    EXPECT_FALSE(Server(config).certificate_files());
    config.writes_certificates = false;
    EXPECT_FALSE(Server(config).certificate_files());
}

TEST(CertificateFiles, HaveAP12ThatOpensEverywhereWithTheMchId) {
    const Identity shipped = *shipped_certificate("1900000109");
    const std::string bytes = make_p12(shipped, "1900000109");
    const BioPtr text = reading(bytes);
    const Pkcs12Ptr p12(d2i_PKCS12_bio(text.get(), nullptr));
    ASSERT_TRUE(p12);
    EXPECT_EQ(PKCS12_verify_mac(p12.get(), "1900000110", -1), 0);
    EVP_PKEY* key = nullptr;
    X509* certificate = nullptr;
    ASSERT_EQ(PKCS12_parse(p12.get(), "1900000109", &key, &certificate, nullptr), 1);
    const KeyPtr own_key(key);
    const CertificatePtr own_certificate(certificate);
    EXPECT_EQ(X509_cmp(certificate, read(shipped.certificate).get()), 0);
    EXPECT_EQ(X509_check_private_key(certificate, key), 1);

    const X509_ALGOR* mac = nullptr;
    PKCS12_get0_mac(nullptr, &mac, nullptr, nullptr, p12.get());
    const ASN1_OBJECT* algorithm = nullptr;
    X509_ALGOR_get0(&algorithm, nullptr, nullptr, mac);
    EXPECT_EQ(OBJ_obj2nid(algorithm), NID_sha1);
    // The object identifier of pbeWithSHAAnd3-KeyTripleDES-CBC, once for each of the two.
    const std::string oid = "\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03";
    const auto first = bytes.find(oid);
    ASSERT_NE(first, std::string::npos);
    EXPECT_NE(bytes.find(oid, first + 1), std::string::npos);
}

TEST(UserCacheDirectory, FollowsTheXdgRules) {
    const Variable home("HOME", "/home/someone");
    {
        const Variable cache("XDG_CACHE_HOME", "/var/somewhere");
        EXPECT_EQ(user_cache_directory(), "/var/somewhere/wxpay-sandbox");
    }
    for (const char* useless : {static_cast<const char*>(nullptr), "", "relative"}) {
        const Variable cache("XDG_CACHE_HOME", useless);
        EXPECT_EQ(user_cache_directory(), "/home/someone/.cache/wxpay-sandbox");
        const Variable nobody("HOME", nullptr);
        EXPECT_THROW(user_cache_directory(), std::runtime_error);
    }
}

/// The trust store as OpenSSL reads it: the subjects' CNs.
std::vector<std::string> names_in_store(const std::filesystem::path& path) {
    const std::string bytes = text_of(path);
    const BioPtr in = reading(bytes);
    const Pkcs12Ptr store(d2i_PKCS12_bio(in.get(), nullptr));
    EVP_PKEY* key = nullptr;
    X509* own = nullptr;
    STACK_OF(X509)* found = nullptr;
    EXPECT_EQ(PKCS12_parse(store.get(), kTrustStorePassword, &key, &own, &found), 1);
    EXPECT_EQ(key, nullptr);
    const CertificatesPtr all(found);
    std::vector<std::string> names;
    for (int i = 0; i < sk_X509_num(all.get()); ++i)
        names.push_back(common_name(*sk_X509_value(all.get(), i)));
    std::sort(names.begin(), names.end());
    return names;
}

struct Trusting {
    Identity ours = make_authority("wxpay-sandbox CA ours", {}, kThisMonth, dice());
    Identity theirs = make_authority("Theirs", {}, kThisMonth, dice());
    Identity users = make_authority("User's", {}, kThisMonth, dice());
    TemporaryDirectory directory;

    std::filesystem::path put(const std::string& name, const std::string& text) const {
        std::ofstream(directory / name) << text;
        return directory / name;
    }
    TrustFiles write(const OtherRoots& others) const {
        return write_trust_files(directory / "certs", ours.certificate, others);
    }
};

TEST(TrustFiles, NameEachRootOnce) {
    const Trusting trusting;
    const Identity older = make_authority("wxpay-sandbox CA older", {}, kThisMonth, dice());
    make_private_directory(trusting.directory / "certs");
    const auto system = trusting.put("system", "# comment\n" + trusting.theirs.certificate +
                                                   "rubbish\n" + trusting.users.certificate);
    const auto own = trusting.put(
        "own", trusting.users.certificate + older.certificate + trusting.ours.certificate);
    const TrustFiles files = trusting.write({system, {own}});
    const std::string bundle = text_of(files.bundle);
    EXPECT_EQ(bundle.substr(bundle.find('\n') + 1),
              trusting.ours.certificate + trusting.theirs.certificate + trusting.users.certificate);
    EXPECT_EQ(names_in_store(files.java_store),
              (std::vector<std::string>{"Theirs", "User's", "wxpay-sandbox CA ours"}));
    const std::string quoted = "'" + files.bundle.string() + "'\n";
    EXPECT_EQ(text_of(files.php / "wxpay-sandbox.ini"),
              "curl.cainfo=" + quoted + "openssl.cafile=" + quoted);
    EXPECT_EQ(files.own_roots, std::vector{own});
    for (const auto& path : {files.bundle, files.java_store}) EXPECT_EQ(mode_of(path), 0600U);
}

TEST(TrustFiles, StayUntilTheRootsChange) {
    const Trusting trusting;
    make_private_directory(trusting.directory / "certs");
    const auto system = trusting.put("system", trusting.theirs.certificate);
    const auto inode = [](const std::filesystem::path& path) {
        struct stat found {};
        EXPECT_EQ(::stat(path.c_str(), &found), 0);
        return found.st_ino;
    };
    const TrustFiles first = trusting.write({system, {}});
    // Held open, so that no other file gets its number.
    const std::ifstream held(first.java_store);
    const auto before = inode(first.java_store);
    EXPECT_EQ(inode(trusting.write({system, {}}).java_store), before);
    trusting.put("system", trusting.theirs.certificate + trusting.users.certificate);
    EXPECT_NE(inode(trusting.write({system, {}}).java_store), before);
    EXPECT_EQ(names_in_store(first.java_store).size(), 3U);
    std::filesystem::remove(first.php / "wxpay-sandbox.ini");
    trusting.write({system, {}});
    EXPECT_TRUE(std::filesystem::exists(first.php / "wxpay-sandbox.ini"));
}

TEST(TrustFiles, OfAnotherUsersRootsLieElsewhere) {
    const Trusting trusting;
    make_private_directory(trusting.directory / "certs");
    const auto own = trusting.put("own", trusting.users.certificate);
    const TrustFiles plain = trusting.write({});
    EXPECT_NE(trusting.write({{}, {own}}).bundle, plain.bundle);
    EXPECT_EQ(names_in_store(plain.java_store).size(), 1U);
    const TrustFiles missing = trusting.write({trusting.directory / "no", {own, "/nowhere"}});
    EXPECT_EQ(missing.own_roots, std::vector{own});
}

TEST(TrustFiles, CanBeReadByPhpWhereverTheyLie) {
    const Trusting trusting;
    const auto odd = trusting.directory / "it's \"here\"";
    make_private_directory(odd);
    const TrustFiles files = write_trust_files(odd, trusting.ours.certificate, {});
    const std::string ini = text_of(files.php / "wxpay-sandbox.ini");
    EXPECT_NE(ini.find("/it's \\\"here\\\"/trust/ca-bundle.pem\"\n"), std::string::npos) << ini;
}

}  // namespace
}  // namespace wxpay::sandbox
