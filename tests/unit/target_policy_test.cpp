#include "sandbox/notify/target_policy.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace wxpay::sandbox {
namespace {

bool is_one_ascii_line(const std::string& text) {
    return !text.empty() && text.size() < 1024 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

TEST(TargetPolicy, AllowsLoopbackPrivateAndContainerAddresses) {
    const TargetPolicy policy;
    for (const char* address : {"127.0.0.1", "127.255.255.255", "::1", "10.0.0.0", "10.255.255.255",
                                "172.16.0.0", "172.31.255.255", "192.168.0.1", "192.168.255.255",
                                "100.64.0.0", "100.127.255.255", "fc00::", "fdff:ffff::1"}) {
        EXPECT_TRUE(policy.allows("merchant.test", address)) << address;
        EXPECT_EQ(policy.why_not("merchant.test", address), "") << address;
    }
}

TEST(TargetPolicy, RefusesTheAddressesJustOutsideThoseRanges) {
    const TargetPolicy policy;
    for (const char* address :
         {"126.255.255.255", "128.0.0.0", "::2", "9.255.255.255", "11.0.0.0", "172.15.255.255",
          "172.32.0.0", "192.167.255.255", "192.169.0.0", "100.63.255.255", "100.128.0.0",
          "fbff::1", "fe00::1", "8.8.8.8", "2001:4860:4860::8888"}) {
        EXPECT_FALSE(policy.allows("merchant.test", address)) << address;
    }
}

TEST(TargetPolicy, NamesTheWayOut) {
    const std::string why = TargetPolicy().why_not("shop.example", "203.0.113.9");
    EXPECT_TRUE(is_one_ascii_line(why)) << why;
    EXPECT_NE(why.find("203.0.113.9"), std::string::npos) << why;
    EXPECT_NE(why.find("--allow-notify shop.example"), std::string::npos) << why;
}

TEST(TargetPolicy, ANamedHostMayBeAtAnyPublicAddress) {
    const TargetPolicy policy({"Shop.Example."});
    EXPECT_TRUE(policy.allows("shop.example", "203.0.113.9"));
    EXPECT_TRUE(policy.allows("SHOP.example.", "2001:db8::9"));
    EXPECT_FALSE(policy.allows("other.example", "203.0.113.9"));
    EXPECT_FALSE(policy.allows("www.shop.example", "203.0.113.9"));
}

TEST(TargetPolicy, ANamedAddressIsAllowedForEveryName) {
    const TargetPolicy policy({"203.0.113.9", "[2001:DB8:0::9]"});
    EXPECT_TRUE(policy.allows("203.0.113.9", "203.0.113.9"));
    EXPECT_TRUE(policy.allows("shop.example", "203.0.113.9"));
    EXPECT_TRUE(policy.allows("shop.example", "::ffff:203.0.113.9"));
    EXPECT_TRUE(policy.allows("shop.example", "2001:db8::9"));
    EXPECT_FALSE(policy.allows("shop.example", "203.0.113.10"));
}

TEST(TargetPolicy, NeverAllowsMetadataLinkLocalMulticastOrUnspecifiedAddresses) {
    for (const char* address :
         {"169.254.169.254", "169.254.0.0", "fe80::1", "febf::1", "fe80::1%eth0", "0.0.0.0",
          "0.255.255.255", "::", "224.0.0.1", "239.255.255.255", "ff02::1", "255.255.255.255",
          "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"}) {
        const TargetPolicy policy({"metadata.test", address});
        EXPECT_FALSE(policy.allows("metadata.test", address)) << address;
        EXPECT_FALSE(policy.allows(address, address)) << address;
        const std::string why = policy.why_not("metadata.test", address);
        EXPECT_TRUE(is_one_ascii_line(why)) << why;
        EXPECT_EQ(why.find("--allow-notify"), std::string::npos) << why;
    }
}

TEST(TargetPolicy, SeesTheIPv4AddressInsideAnIPv6One) {
    const TargetPolicy policy({"named.test"});
    EXPECT_TRUE(policy.allows("merchant.test", "::ffff:127.0.0.1"));
    EXPECT_TRUE(policy.allows("merchant.test", "::ffff:c0a8:1"));
    EXPECT_FALSE(policy.allows("merchant.test", "::ffff:8.8.8.8"));
    EXPECT_FALSE(policy.allows("named.test", "::ffff:169.254.169.254"));
    EXPECT_FALSE(policy.allows("named.test", "64:ff9b::a9fe:a9fe"));
    EXPECT_TRUE(policy.allows("named.test", "64:ff9b::203.0.113.9"));
}

TEST(TargetPolicy, NeverAllowsWeChatsOwnHosts) {
    for (const char* host :
         {"api.mch.weixin.qq.com", "api2.mch.weixin.qq.com", "apihk.mch.weixin.qq.com",
          "apius.mch.weixin.qq.com", "fraud.mch.weixin.qq.com", "api.wechatpay.cn",
          "api2.wechatpay.cn", "api.weixin.qq.com", "payapp.weixin.qq.com", "wx.tenpay.com",
          "tenpay.com", "API.MCH.WEIXIN.QQ.COM.", "new.weixin.qq.com"}) {
        const TargetPolicy policy({host});
        EXPECT_FALSE(policy.allows(host, "203.0.113.9")) << host;
        EXPECT_FALSE(policy.allows(host, "127.0.0.1")) << host;
        EXPECT_TRUE(is_one_ascii_line(policy.why_not(host, "127.0.0.1")));
    }
}

TEST(TargetPolicy, AllowsHostsWhoseNamesOnlyLookLikeWeChats) {
    const TargetPolicy policy;
    EXPECT_TRUE(policy.allows("mytenpay.com", "10.0.0.1"));
    EXPECT_TRUE(policy.allows("weixin.qq.com.test", "10.0.0.1"));
    EXPECT_TRUE(policy.allows("qq.com", "10.0.0.1"));
}

TEST(TargetPolicy, RefusesWhatIsNoAddress) {
    const TargetPolicy policy({"x"});
    for (const char* address :
         {"", "x", "127.1", "0x7f000001", "2130706433", "127.0.0.1 ", "[::1]", "1.2.3.4.5"})
        EXPECT_FALSE(policy.allows("x", address)) << address;
}

TEST(TargetPolicy, TheReasonIsPrintableWhateverTheHostHolds) {
    const std::string why =
        TargetPolicy().why_not("\x1b[2J\n商店" + std::string(5000, 'x'), "8.8.8.8");
    EXPECT_TRUE(is_one_ascii_line(why)) << why;
}

}  // namespace
}  // namespace wxpay::sandbox
