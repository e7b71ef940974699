// Tests of a shop against a WeChat Pay in the same process.
#include "shop.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "sandbox/sandbox.hpp"

using namespace std::chrono_literals;
using wxpay::sandbox::Sandbox;

namespace {

wxpay::v2::Account account() {
    const auto& merchant = Sandbox::merchant();
    return {merchant.appid, merchant.mch_id, wxpay::Secret(merchant.api_key)};
}

TEST(Shop, CreditsAPaidOrder) {
    Sandbox wechat;
    Shop shop(wechat.url(), account());
    shop.order("T1", 888);
    EXPECT_EQ(wechat.pay("T1").state, "SUCCESS");
    wechat.advance();  // until the callback has come
    EXPECT_TRUE(shop.is_paid("T1"));
    EXPECT_EQ(wechat.notifications("T1").at(0).state, "delivered");
}

TEST(Shop, HearsOfItWhenTheFirstCallbackIsLost) {
    Sandbox wechat;
    Shop shop(wechat.url(), account());
    wechat.add_fault(R"({"on":"notify","times":1,"do":{"lose":true}})");
    shop.order("T1", 888);
    wechat.pay("T1");
    EXPECT_EQ(wechat.advance().failed, 1);
    EXPECT_EQ(wechat.advance(15s).delivered, 1);
    EXPECT_TRUE(shop.is_paid("T1"));
}

TEST(Shop, BelievesNoForgedCallback) {
    Sandbox wechat;
    Shop shop(wechat.url(), account());
    wechat.add_fault(R"({"on":"notify","do":{"forge":{"total_fee":1}}})");
    shop.order("T1", 888);
    wechat.pay("T1");
    wechat.advance();
    EXPECT_FALSE(shop.is_paid("T1"));
    EXPECT_EQ(wechat.notifications("T1").at(0).attempts.at(0).verdict, "refused");
}

TEST(Shop, AsksForTheWholePrice) {
    Sandbox wechat;
    Shop shop(wechat.url(), account());
    wechat.add_fault(R"({"on":"notify","do":{"tamper":{"total_fee":1}}})");  // with a right sign
    shop.order("T1", 888);
    wechat.pay("T1");
    EXPECT_EQ(wechat.advance().failed, 1);
    EXPECT_FALSE(shop.is_paid("T1"));
}

TEST(Shop, CreditsNothingWhenTheUserCancels) {
    Sandbox wechat;
    Shop shop(wechat.url(), account());
    shop.order("T1", 888);
    EXPECT_EQ(wechat.pay("T1", "cancel").state, "NOTPAY");
    wechat.advance(24h);
    EXPECT_FALSE(shop.is_paid("T1"));
}

}  // namespace
