#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core/codec/base64.hpp"
#include "core/crypto/gcm.hpp"
#include "core/crypto/openssl.hpp"
#include "core/crypto/rsa.hpp"

#include "tests/support/v3_vectors.hpp"

namespace wxpay {
namespace {

using test::v3_key;

std::string pem_of(const char* name, const char* form) {
    return test::v3_vectors().at("keys").at(name).at(form).get<std::string>();
}

openssl::KeyPtr openssl_key(const std::string& pem) {
    const auto text = openssl::reading(pem);
    return openssl::KeyPtr(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
}

std::string private_pem(EVP_PKEY* key, const EVP_CIPHER* cipher, bool traditional) {
    const openssl::BioPtr out(BIO_new(BIO_s_mem()));
    std::string password = "password";
    auto* const bytes = reinterpret_cast<unsigned char*>(password.data());
    const int size = cipher != nullptr ? static_cast<int>(password.size()) : 0;
    auto* const given = cipher != nullptr ? bytes : nullptr;
    if (traditional)
        PEM_write_bio_PrivateKey_traditional(out.get(), key, cipher, given, size, nullptr, nullptr);
    else
        PEM_write_bio_PrivateKey(out.get(), key, cipher, given, size, nullptr, nullptr);
    return std::string(openssl::written(out.get()));
}

/// What OpenSSL itself signs, for the schemes that we only verify.
std::string signed_by_openssl(EVP_PKEY* key, const EVP_MD* digest, bool pss,
                              const std::string& message) {
    const std::unique_ptr<EVP_MD_CTX, openssl::Freeing<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* inner = nullptr;
    EVP_DigestSignInit(context.get(), &inner, digest, nullptr, key);
    if (pss) EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING);
    std::string out(256, '\0');
    std::size_t size = out.size();
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                   reinterpret_cast<const unsigned char*>(message.data()), message.size());
    return out;
}

TEST(Rsa, ReadsBothFormsOfAPrivateKey) {
    const std::string pkcs8 = pem_of("merchant", "private_key_pkcs8_pem");
    const std::string pkcs1 = private_pem(openssl_key(pkcs8).get(), nullptr, true);
    ASSERT_THAT(pkcs1, testing::StartsWith("-----BEGIN RSA PRIVATE KEY-----"));
    const auto key = RsaPrivateKey::from_pem(Secret(pkcs1));
    ASSERT_TRUE(key);
    EXPECT_EQ(key->sign_sha256("x"), v3_key("merchant").sign_sha256("x"));
    EXPECT_TRUE(RsaPrivateKey::from_pem(Secret("a line before\n" + pkcs8 + "and one behind\n")));
}

TEST(Rsa, RefusesWhatIsNoKey) {
    const std::string pkcs8 = pem_of("merchant", "private_key_pkcs8_pem");
    const openssl::KeyPtr key = openssl_key(pkcs8);
    const openssl::KeyPtr short_key(EVP_RSA_gen(1023));
    const openssl::KeyPtr curve(EVP_EC_gen("P-256"));
    std::string broken = pkcs8;
    broken[100] = '!';
    for (const std::string& pem :
         {std::string(), std::string("x"), pkcs8.substr(0, pkcs8.size() / 2), broken,
          pkcs8.substr(28),  // the base64 alone, as some console downloads are pasted
          private_pem(key.get(), EVP_aes_256_cbc(), false),
          private_pem(key.get(), EVP_aes_256_cbc(), true),
          private_pem(short_key.get(), nullptr, false), private_pem(curve.get(), nullptr, false)}) {
        const auto as_private = RsaPrivateKey::from_pem(Secret(pem));
        ASSERT_FALSE(as_private) << pem;
        EXPECT_EQ(as_private.error().code, Errc::invalid_value);
        EXPECT_THAT(as_private.error().detail, testing::Not(testing::HasSubstr("MII")));
        const auto as_public = RsaPublicKey::from_pem(pem);
        ASSERT_FALSE(as_public) << pem;
        EXPECT_EQ(as_public.error().code, Errc::invalid_value);
        EXPECT_FALSE(read_certificate(pem));
        EXPECT_EQ(ERR_peek_error(), 0U) << "left for the next caller to find";
    }
    // Public halves sign nothing.
    EXPECT_FALSE(RsaPrivateKey::from_pem(Secret(pem_of("merchant", "public_key_spki_pem"))));
    EXPECT_FALSE(RsaPrivateKey::from_pem(Secret(pem_of("merchant", "certificate_pem"))));
    EXPECT_FALSE(read_certificate(pem_of("merchant", "public_key_spki_pem")));
}

TEST(Rsa, TellsOtherSchemesApart) {
    const openssl::KeyPtr key = openssl_key(pem_of("merchant", "private_key_pkcs8_pem"));
    const RsaPublicKey ours = v3_key("merchant").public_key();
    using Scheme = RsaPublicKey::Scheme;
    const std::string message = "GET\n/v3/certificates\n";
    const std::vector<std::pair<Scheme, std::string>> signatures{
        {Scheme::pkcs1_sha256, signed_by_openssl(key.get(), EVP_sha256(), false, message)},
        {Scheme::pkcs1_sha1, signed_by_openssl(key.get(), EVP_sha1(), false, message)},
        {Scheme::pss_sha256, signed_by_openssl(key.get(), EVP_sha256(), true, message)}};
    for (const auto& [made, signature] : signatures) {
        for (const Scheme asked : {Scheme::pkcs1_sha256, Scheme::pkcs1_sha1, Scheme::pss_sha256})
            EXPECT_EQ(ours.verify(asked, message, signature), asked == made);
        EXPECT_EQ(ours.verify_sha256(message, signature), made == Scheme::pkcs1_sha256);
        EXPECT_FALSE(ours.verify(made, message + "x", signature));
        EXPECT_FALSE(ours.verify(made, message, ""));
        EXPECT_EQ(ERR_peek_error(), 0U);
    }
}

TEST(Rsa, EncryptsWhatFitsOneBlock) {
    const RsaPrivateKey key = v3_key("merchant");
    const RsaPublicKey its_public = key.public_key();
    for (const std::size_t size : {0U, 1U, 213U, 214U}) {
        const std::string plain(size, 'a');
        const auto cipher = its_public.encrypt_oaep(plain);
        ASSERT_TRUE(cipher) << size;
        EXPECT_EQ(cipher->size(), 256U);
        EXPECT_EQ(key.decrypt_oaep(*cipher), plain);
    }
    EXPECT_EQ(its_public.encrypt_oaep(std::string(215, 'a')), std::nullopt);
    EXPECT_NE(its_public.encrypt_oaep("a"), its_public.encrypt_oaep("a"));
    for (const std::size_t size : {0U, 1U, 255U, 256U, 257U})
        EXPECT_EQ(key.decrypt_oaep(std::string(size, '\1')), std::nullopt) << size;
    EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(Rsa, IsSharedByThreads) {
    const RsaPrivateKey key = v3_key("merchant");
    const RsaPublicKey its_public = key.public_key();
    const std::string expected = key.sign_sha256("message");
    const std::string signature = *base64_decode(expected);
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int n = 0; n < 4; ++n) {
        threads.emplace_back([&, copy = key] {
            for (int turn = 0; turn < 10; ++turn) {
                if (copy.sign_sha256("message") == expected &&
                    its_public.verify_sha256("message", signature))
                    ++right;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, 40);
}

TEST(Gcm, KeepsKeysApart) {
    // More keys than contexts are kept, in turns, so that each is started fresh and found again.
    std::vector<Secret> keys;
    for (char c = 'a'; c < 'a' + 20; ++c) keys.emplace_back(std::string(32, c));
    std::vector<std::string> ciphers;
    for (const Secret& key : keys)
        ciphers.push_back(aes256_gcm_encrypt(key, "nonce-12byte", "aad", "plain"));
    for (int turn = 0; turn < 3; ++turn) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            EXPECT_EQ(aes256_gcm_encrypt(keys[i], "nonce-12byte", "aad", "plain"), ciphers[i]);
            EXPECT_EQ(aes256_gcm_decrypt(keys[i], "nonce-12byte", "aad", ciphers[i]), "plain");
            EXPECT_EQ(
                aes256_gcm_decrypt(keys[(i + 1) % keys.size()], "nonce-12byte", "aad", ciphers[i]),
                std::nullopt);
            EXPECT_EQ(aes256_gcm_decrypt(keys[i], "nonce-12byte", "aad", ciphers[i]), "plain");
        }
    }
}

TEST(Gcm, NoticesEveryBit) {
    const Secret key(std::string(32, 'k'));
    const std::string cipher = aes256_gcm_encrypt(key, "nonce-12byte", "aad", "plain text");
    ASSERT_EQ(cipher.size(), 10U + 16U);
    for (std::size_t bit = 0; bit < 8 * cipher.size(); ++bit) {
        std::string changed = cipher;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        EXPECT_EQ(aes256_gcm_decrypt(key, "nonce-12byte", "aad", changed), std::nullopt) << bit;
    }
    for (std::size_t size = 0; size < cipher.size(); ++size)
        EXPECT_EQ(aes256_gcm_decrypt(key, "nonce-12byte", "aad", cipher.substr(0, size)),
                  std::nullopt);
    EXPECT_EQ(aes256_gcm_decrypt(key, "nonce-12byte", "", cipher), std::nullopt);
    EXPECT_EQ(aes256_gcm_decrypt(key, "nonce-12bytE", "aad", cipher), std::nullopt);
    EXPECT_EQ(aes256_gcm_decrypt(key, "nonce-11byt", "aad", cipher), std::nullopt);
    EXPECT_EQ(aes256_gcm_decrypt(key, "nonce-13bytes", "aad", cipher), std::nullopt);
    EXPECT_EQ(aes256_gcm_decrypt(Secret(std::string(31, 'k')), "nonce-12byte", "aad", cipher),
              std::nullopt);
    EXPECT_EQ(aes256_gcm_decrypt(Secret(), "nonce-12byte", "aad", cipher), std::nullopt);
    EXPECT_EQ(aes256_gcm_decrypt(key, "nonce-12byte", "aad", cipher), "plain text");
    EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(Gcm, SealsNothingToo) {
    const Secret key(std::string(32, 'k'));
    const std::string seal = aes256_gcm_encrypt(key, "nonce-12byte", "", "");
    EXPECT_EQ(seal.size(), 16U);
    EXPECT_EQ(aes256_gcm_decrypt(key, "nonce-12byte", "", seal), "");
    EXPECT_EQ(aes256_gcm_decrypt(key, "nonce-12byte", "x", seal), std::nullopt);
}

}  // namespace
}  // namespace wxpay
