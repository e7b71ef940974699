#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/base/random.hpp"
#include "core/codec/hex.hpp"
#include "core/crypto/digest.hpp"

namespace wxpay {
namespace {

template <class Digest>
std::string hex(const Digest& digest) {
    std::string out;
    append_hex(out, digest, HexCase::lower);
    return out;
}

TEST(Md5, GivesTheAnswersOfRfc1321) {
    EXPECT_EQ(hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(hex(md5("a")), "0cc175b9c0f1b6a831c399e269772661");
    EXPECT_EQ(hex(md5("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
    EXPECT_EQ(hex(md5("1234567890123456789012345678901234567890"
                      "1234567890123456789012345678901234567890")),
              "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(Sha256, GivesTheAnswersOfFips180) {
    EXPECT_EQ(hex(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(HmacSha256, GivesTheAnswersOfRfc4231) {
    EXPECT_EQ(hex(hmac_sha256(Secret(std::string(20, '\x0b')), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex(hmac_sha256(Secret("Jefe"), "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex(hmac_sha256(Secret(std::string(131, '\xaa')),
                              "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// The prepared state of a key is used again by a null key: it must be what a fresh start gives, in
// every length.
TEST(HmacSha256, UsesAKeyAgainWithoutATrace) {
    SeededRandom random(1);
    const Secret key(random.alphanumeric(32));
    for (std::size_t length = 0; length < 300; ++length) {
        const std::string text = random.alphanumeric(length);
        Sha256 fresh{};
        unsigned size = 0;
        ASSERT_NE(HMAC(EVP_sha256(), key.reveal().data(), static_cast<int>(key.reveal().size()),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       fresh.data(), &size),
                  nullptr);
        ASSERT_EQ(hex(hmac_sha256(key, text)), hex(fresh)) << length;
    }
}

TEST(HmacSha256, KeepsManyKeysApart) {
    std::string first;
    for (int round = 0; round < 3; ++round) {
        std::string all;
        for (int n = 0; n < 20; ++n) {
            all += hex(hmac_sha256(Secret("key " + std::to_string(n)), "text"));
        }
        if (round == 0) first = all;
        EXPECT_EQ(all, first);
    }
    EXPECT_EQ(hex(hmac_sha256(Secret(), "")),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(EqualInConstantTime, ComparesBytes) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
    EXPECT_FALSE(equal_in_constant_time("", "a"));
    EXPECT_FALSE(equal_in_constant_time({"a\0b", 3}, {"a\0c", 3}));
}

}  // namespace
}  // namespace wxpay
