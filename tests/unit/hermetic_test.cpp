// What a command under `run --hermetic` finds in its files.
#include "sandbox/cli/hermetic.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wxpay::sandbox::cli {
namespace {

std::string played() { return hosts_lines("127.0.0.1"); }

TEST(HermeticHosts, LeadWechatsNamesHereHoweverTheyAreSpelled) {
    EXPECT_EQ(hermetic_hosts("127.0.0.1 localhost\n"
                             "10.0.0.5\tAPI.mch.weixin.qq.com.\tshop\n"
                             "10.0.0.6 other # api.mch.weixin.qq.com\n"),
              "127.0.0.1 localhost\n10.0.0.6 other # api.mch.weixin.qq.com\n" + played());
}

TEST(HermeticHosts, HaveLocalhostWhateverElseIsCalledAlike) {
    const std::string alike =
        "::1 ip6-localhost localhost.localdomain\n# 127.0.0.1 localhost, once\n";
    EXPECT_EQ(hermetic_hosts(alike), alike + "127.0.0.1 localhost\n" + played());
    EXPECT_EQ(hermetic_hosts(""), "127.0.0.1 localhost\n" + played());
}

}  // namespace
}  // namespace wxpay::sandbox::cli
