// The encrypted entries of tests/vectors/v2-vectors.json and the documented message.
#include <span>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/codec/base64.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/codec/hex.hpp"
#include "core/crypto/aes.hpp"
#include "core/crypto/digest.hpp"
#include "core/v2/refund_notification.hpp"

#include "tests/support/vectors.hpp"

namespace wxpay::v2 {
namespace {

using test::req_info_vectors;
using test::ReqInfoVector;

const Secret kKey("192006250b4c09247ec02edce69f6a2d");

std::string aes_key(const Secret& api_key) {
    std::string out;
    append_hex(out, md5(api_key.reveal()), HexCase::lower);
    return out;
}

std::string base64(std::string_view bytes) {
    return base64_encode({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

std::string message_with(const std::string& req_info) {
    return "<xml><return_code>SUCCESS</return_code><appid><![CDATA[wx8888888888888888]]></appid>"
           "<mch_id><![CDATA[1900000109]]></mch_id><nonce_str><![CDATA[n]]></nonce_str>"
           "<req_info><![CDATA[" +
           req_info + "]]></req_info></xml>";
}

/// A message whose plain text is this, encrypted as it should be.
std::string message_about(const std::string& plain) {
    return message_with(base64(aes256_ecb_encrypt(aes_key(kKey), plain)));
}

/// The documented refund's plain text, with one piece of it replaced.
std::string plain_with(const std::string& from, const std::string& to) {
    std::string plain = req_info_vectors("refund_req_info").front().plaintext;
    const auto at = plain.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return plain.replace(at, from.size(), to);
}

Errc code_of(const std::string& body) {
    const auto read = parse_refund_notification(body, kKey);
    EXPECT_FALSE(read);
    return read ? Errc::unreachable : read.error().code;
}

// FIPS-197, C.3, and the full block of padding that RFC 5652 asks for.
TEST(Aes256Ecb, GivesTheAnswerOfFips197) {
    std::string key;
    std::string plain;
    for (int i = 0; i < 32; ++i) key += static_cast<char>(i);
    for (int i = 0; i < 16; ++i) plain += static_cast<char>(i * 0x11);
    const std::string cipher = aes256_ecb_encrypt(key, plain);
    ASSERT_EQ(cipher.size(), 32U);
    std::string hex;
    append_hex(hex, std::span(reinterpret_cast<const unsigned char*>(cipher.data()), 16),
               HexCase::lower);
    EXPECT_EQ(hex, "8ea2b7ca516745bfeafc49904b496089");
    EXPECT_EQ(aes256_ecb_decrypt(key, cipher), plain);
}

TEST(Aes256Ecb, DecryptsWholeBlocksWithARightPaddingOnly) {
    const std::string key(32, 'k');
    for (std::size_t size = 0; size <= 33; ++size) {
        const std::string plain(size, 'p');
        const std::string cipher = aes256_ecb_encrypt(key, plain);
        EXPECT_EQ(cipher.size(), (size / 16 + 1) * 16);
        EXPECT_EQ(aes256_ecb_decrypt(key, cipher), plain);
        EXPECT_EQ(aes256_ecb_decrypt(key, cipher.substr(1)), std::nullopt);
        EXPECT_EQ(aes256_ecb_decrypt(key, cipher + "x"), std::nullopt);
    }
    EXPECT_EQ(aes256_ecb_decrypt(key, ""), std::nullopt);
    const std::string two = aes256_ecb_encrypt(key, std::string(16, 'p'));
    EXPECT_EQ(aes256_ecb_decrypt(key, two.substr(0, 16)), std::nullopt);  // its padding cut off
}

TEST(RefundNotification, KnownPlainTextsEncryptAndDecrypt) {
    const auto vectors = req_info_vectors("refund_req_info");
    for (const ReqInfoVector& vector : vectors) {
        SCOPED_TRACE(vector.id + ": " + vector.note);
        EXPECT_EQ(aes_key(vector.api_key), vector.aes_key);
        EXPECT_EQ(base64(aes256_ecb_encrypt(vector.aes_key, vector.plaintext)), vector.req_info);
        const auto cipher = base64_decode(vector.req_info);
        ASSERT_TRUE(cipher);
        EXPECT_EQ(aes256_ecb_decrypt(vector.aes_key, *cipher), vector.plaintext);
    }
    EXPECT_EQ(vectors.size(), 6U);
}

TEST(RefundNotification, KnownMessagesAreRead) {
    for (const ReqInfoVector& vector : req_info_vectors("refund_req_info")) {
        SCOPED_TRACE(vector.id + ": " + vector.note);
        auto read = parse_refund_notification(message_with(vector.req_info), vector.api_key);
        ASSERT_TRUE(read) << read.error().detail;
        EXPECT_EQ(read->out_trade_no, "20240601120000001");
        EXPECT_EQ(read->total_fee, Fen{888});
        EXPECT_EQ(read->success_time.has_value(), read->refund_status == "SUCCESS");
        // What was read is written again in the same words. Where there is no time we leave out the
        // element that one of them has empty.
        if (vector.plaintext.find("<success_time><![CDATA[]]>") == std::string::npos) {
            EXPECT_THAT(render_refund_notification(*read, vector.api_key),
                        testing::HasSubstr(vector.req_info));
        }
    }
}

TEST(RefundNotification, TheDocumentedMessageIsReadAndWritten) {
    const std::string body = test::read_vector_file("messages/refund_notification.xml");
    const auto read = parse_refund_notification(body, kKey);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->appid, "wx8888888888888888");
    EXPECT_EQ(read->mch_id, "1900000109");
    EXPECT_EQ(read->nonce_str, "1ee38e38b04990449808688cf3a763b7");
    EXPECT_EQ(read->transaction_id, "4200002288202406010123456789");
    EXPECT_EQ(read->out_trade_no, "20240601120000001");
    EXPECT_EQ(read->refund_id, "50302006882024060113456789012");
    EXPECT_EQ(read->out_refund_no, "R20240601130000001");
    EXPECT_EQ(read->total_fee, Fen{888});
    EXPECT_EQ(read->refund_fee, Fen{100});
    EXPECT_EQ(read->settlement_total_fee, Fen{888});
    EXPECT_EQ(read->settlement_refund_fee, Fen{100});
    EXPECT_EQ(read->refund_status, "SUCCESS");
    EXPECT_EQ(read->success_time, parse_compact_time("20240601130008"));
    EXPECT_EQ(read->refund_recv_accout, "支付用户零钱");
    EXPECT_EQ(read->refund_account, "REFUND_SOURCE_UNSETTLED_FUNDS");
    EXPECT_EQ(read->refund_request_source, "API");
    EXPECT_EQ(render_refund_notification(*read, kKey), body);
}

TEST(RefundNotification, ProvidersStandOutside) {
    auto n =
        parse_refund_notification(test::read_vector_file("messages/refund_notification.xml"), kKey)
            .value();
    n.sub_appid = "wx1111111111111111";
    n.sub_mch_id = "1900000110";
    const auto read = parse_refund_notification(render_refund_notification(n, kKey), kKey);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->sub_appid, n.sub_appid);
    EXPECT_EQ(read->sub_mch_id, n.sub_mch_id);
}

TEST(RefundNotification, WhatAnotherKeyMadeIsRefused) {
    const auto vectors = req_info_vectors("refund_req_info_negative");
    for (const ReqInfoVector& vector : vectors) {
        SCOPED_TRACE(vector.id + ": " + vector.note);
        const auto read = parse_refund_notification(message_with(vector.req_info), vector.api_key);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, Errc::signature_mismatch);
        EXPECT_EQ(read.error().field, "req_info");
    }
    EXPECT_EQ(vectors.size(), 2U);
}

TEST(RefundNotification, ForgeriesAreRefusedAlike) {
    const std::string good = req_info_vectors("refund_req_info").front().req_info;
    const std::string cipher = base64_decode(good).value();
    const std::string last_block_gone = base64(cipher.substr(0, cipher.size() - 16));
    for (const std::string& req_info :
         {std::string("x"), std::string("Zm9v"), good.substr(4), good + "AAAA", " " + good,
          last_block_gone, base64("<root></root>"), base64(std::string(64, '\0')),
          base64(aes256_ecb_encrypt(aes_key(kKey), "not XML")),
          base64(aes256_ecb_encrypt(
              aes_key(kKey), R"(<!DOCTYPE root [<!ENTITY x SYSTEM "file:///x">]><root/>)"))}) {
        const auto read = parse_refund_notification(message_with(req_info), kKey);
        ASSERT_FALSE(read) << req_info;
        // Whether padding or content was wrong nobody learns: that would be an oracle.
        EXPECT_EQ(read.error().code, Errc::signature_mismatch) << req_info;
        EXPECT_EQ(read.error().detail, "req_info is not encrypted with our API key");
    }
}

TEST(RefundNotification, EveryNeededFieldIsMissed) {
    for (const char* name : {"transaction_id", "out_trade_no", "refund_id", "out_refund_no",
                             "total_fee", "refund_fee", "refund_status"}) {
        const auto renamed = plain_with(std::string("<") + name + ">", "<x>");
        std::string plain = renamed;
        const std::string end = std::string("</") + name + ">";
        plain.replace(plain.find(end), end.size(), "</x>");
        const auto read = parse_refund_notification(message_about(plain), kKey);
        ASSERT_FALSE(read) << name;
        EXPECT_EQ(read.error().code, Errc::missing_field);
        EXPECT_EQ(read.error().field, name);
    }
    EXPECT_EQ(code_of(message_with("")), Errc::missing_field);
    EXPECT_EQ(code_of("<xml><return_code>SUCCESS</return_code></xml>"), Errc::missing_field);
}

TEST(RefundNotification, ValuesThatAreNoneAreRefused) {
    for (const char* fee : {"0", "-1", "1.00", " 1", "", "99999999999999999999"}) {
        const auto plain = plain_with("<refund_fee><![CDATA[888]]>",
                                      "<refund_fee><![CDATA[" + std::string(fee) + "]]>");
        const Errc code = code_of(message_about(plain));
        EXPECT_TRUE(code == Errc::invalid_value || code == Errc::missing_field) << fee;
    }
    EXPECT_EQ(code_of(message_about(plain_with("[SUCCESS]", "[PROCESSING]"))), Errc::invalid_value);
    EXPECT_EQ(code_of(message_about(plain_with("2024-06-01 13:00:08", "20240601130008"))),
              Errc::invalid_value);
    EXPECT_EQ(code_of(message_about(plain_with("<settlement_refund_fee><![CDATA[888]]>",
                                               "<settlement_refund_fee><![CDATA[x]]>"))),
              Errc::invalid_value);
}

TEST(RefundNotification, NothingElseIsAMessage) {
    EXPECT_EQ(code_of(""), Errc::malformed);
    EXPECT_EQ(code_of("{}"), Errc::malformed);
    EXPECT_EQ(code_of("\xff"), Errc::not_utf8);
    EXPECT_EQ(code_of("<xml><return_code>FAIL</return_code></xml>"), Errc::refused);
}

}  // namespace
}  // namespace wxpay::v2
