#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/http/framing.hpp"

namespace wxpay::http {
namespace {

using namespace std::string_literals;

constexpr MessageReader::Limits kLimits{1000, 500};

struct Read {
    MessageHead head;
    std::string body;
    std::size_t size = 0;
    int error = 0;  // a status; 0 when the message is whole
    bool whole = false;
};

Read take(MessageReader& reader, const Result<bool, FramingError>& result,
          const std::string& bytes) {
    Read read;
    if (!result) {
        read.error = result.error().status;
    } else if (*result) {
        read.whole = true;
        read.size = reader.size();
        read.body = reader.take_body(bytes);
        read.head = reader.take_head();
    }
    return read;
}

Read read_request(const std::string& bytes) {
    auto reader = MessageReader::request(kLimits);
    return take(reader, reader.read(bytes), bytes);
}

Read read_response(const std::string& bytes, bool to_head_request = false) {
    auto reader = MessageReader::response(kLimits, to_head_request);
    return take(reader, reader.read(bytes), bytes);
}

/// What comes of a response whose connection ends after `bytes`.
Read read_last_response(const std::string& bytes) {
    auto reader = MessageReader::response(kLimits, false);
    return take(reader, reader.finish(bytes), bytes);
}

TEST(MessageReader, ReadsARequest) {
    const auto read = read_request(
        "POST /a?b=%20 HTTP/1.1\r\nHost: x\r\nB:\t 1 2 \r\nb:\r\nContent-Length: 3\r\n\r\nabcGET");
    ASSERT_TRUE(read.whole);
    EXPECT_EQ(read.head.method, "POST");
    EXPECT_EQ(read.head.target, "/a?b=%20");
    EXPECT_EQ(read.head.minor_version, 1);
    std::string lines;
    for (const auto& [name, value] : read.head.headers)
        lines += std::string(name) + "=" + std::string(value) + ";";
    EXPECT_EQ(lines, "Host=x;B=1 2;b=;Content-Length=3;");
    EXPECT_EQ(read.body, "abc");
    EXPECT_EQ(read.size, 71U);
}

TEST(MessageReader, ReadsARequestWithoutABody) {
    const auto read = read_request("GET / HTTP/1.0\r\n\r\nGET");
    ASSERT_TRUE(read.whole);
    EXPECT_EQ(read.head.minor_version, 0);
    EXPECT_EQ(read.body, "");
    EXPECT_EQ(read.size, 18U);
}

TEST(MessageReader, SkipsEmptyLinesBeforeARequest) {
    const auto read = read_request("\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(read.whole);
    EXPECT_EQ(read.size, 22U);
    EXPECT_EQ(read_response("\r\nHTTP/1.1 200 OK\r\n\r\n").error, 400);
}

TEST(MessageReader, ReadsAResponse) {
    const auto read =
        read_response("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi");
    ASSERT_TRUE(read.whole);
    EXPECT_EQ(read.head.status, 404);
    EXPECT_EQ(read.body, "hi");
}

TEST(MessageReader, ReadsAResponseWithoutAReason) {
    EXPECT_EQ(read_response("HTTP/1.1 204 \r\n\r\n").head.status, 204);
    EXPECT_EQ(read_response("HTTP/1.1 204\r\n\r\n").head.status, 204);
}

TEST(MessageReader, JoinsChunks) {
    const auto read = read_request(
        "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n"
        "3\r\nabc\r\n0A ; x=\"y\"\r\n0123456789\r\n00\r\nTrailer: z\r\n\r\nGET");
    ASSERT_TRUE(read.whole);
    EXPECT_EQ(read.body, "abc0123456789");
    const auto empty =
        read_request("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET");
    ASSERT_TRUE(empty.whole);
    EXPECT_EQ(empty.body, "");
    EXPECT_EQ(empty.size, 52U);
}

TEST(MessageReader, KnowsWhichResponsesHaveNoBody) {
    for (const std::string status : {"100", "101", "204", "304"}) {
        const auto head = "HTTP/1.1 " + status + " x\r\nContent-Length: 5\r\n\r\n";
        const auto read = read_response(head + "HTTP/");
        EXPECT_TRUE(read.whole) << status;
        EXPECT_EQ(read.size, head.size());
        EXPECT_EQ(read.body, "");
    }
    EXPECT_TRUE(read_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true).whole);
    EXPECT_TRUE(read_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true).whole);
    EXPECT_TRUE(read_response("HTTP/1.1 200 OK\r\n\r\n", true).whole);
}

TEST(MessageReader, ReadsAResponseUntilTheConnectionEnds) {
    const std::string bytes = "HTTP/1.1 200 OK\r\n\r\nall of this";
    EXPECT_FALSE(read_response(bytes).whole);
    const auto read = read_last_response(bytes);
    ASSERT_TRUE(read.whole);
    EXPECT_EQ(read.body, "all of this");
    EXPECT_EQ(read.size, bytes.size());
    EXPECT_TRUE(read_last_response("HTTP/1.1 200 OK\r\n\r\n").whole);
}

TEST(MessageReader, RefusesAMessageThatIsCutOff) {
    const std::string bytes =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_EQ(read_last_response(bytes.substr(0, size)).error, 400) << size;
    EXPECT_TRUE(read_last_response(bytes).whole);
    EXPECT_EQ(read_last_response("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc").error, 400);
    auto request = MessageReader::request(kLimits);
    EXPECT_FALSE(request.finish("GET / HTTP/1.1\r\n"));
}

TEST(MessageReader, GivesTheSameHoweverTheBytesArrive) {
    const std::vector<std::string> messages{
        "\r\nPOST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n1\r\nd\r\n0\r\nT: "
        "t\r\n\r\n"};
    for (const auto& bytes : messages) {
        const auto expected = read_request(bytes);
        ASSERT_TRUE(expected.whole);
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
            auto reader = MessageReader::request(kLimits);
            const auto first = reader.read(std::string_view(bytes).substr(0, cut));
            ASSERT_TRUE(first) << cut;
            EXPECT_FALSE(*first) << cut;
            EXPECT_EQ(take(reader, reader.read(bytes), bytes).body, expected.body) << cut;
        }
        auto trickled = MessageReader::request(kLimits);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(*trickled.read(std::string_view(bytes).substr(0, size)));
        EXPECT_EQ(take(trickled, trickled.read(bytes), bytes).body, expected.body);
    }
}

TEST(MessageReader, DoesNotLookTwiceAtWhatItHasSeen) {
    // Quadratic work would take minutes here.
    constexpr std::size_t kSize = 1024 * 1024;
    const MessageReader::Limits roomy{2 * kSize, 2 * kSize};
    const std::vector<std::string> messages{
        "POST / HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n" + std::string(kSize, '\n'),
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n" +
            std::string(kSize, '\n') + "\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nX: " + std::string(kSize, 'x') + "\r\n\r\n"};
    for (const auto& bytes : messages) {
        auto reader = MessageReader::request(roomy);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            ASSERT_FALSE(*reader.read(std::string_view(bytes).substr(0, size)));
        EXPECT_TRUE(*reader.read(bytes));
    }
}

TEST(MessageReader, ShowsTheHeadBeforeTheBodyHasCome) {
    auto reader = MessageReader::request(kLimits);
    EXPECT_FALSE(*reader.read("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n"));
    EXPECT_FALSE(reader.has_head());
    EXPECT_FALSE(
        *reader.read("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
    ASSERT_TRUE(reader.has_head());
    EXPECT_EQ(reader.head().headers.get("expect"), "100-continue");
}

TEST(MessageReader, RefusesAHeadOverTheLimit) {
    const std::string start = "GET / HTTP/1.1\r\nX: ";
    const auto fill = [&](std::size_t size) { return std::string(size - start.size() - 4, 'x'); };
    EXPECT_TRUE(read_request(start + fill(1000) + "\r\n\r\n").whole);
    EXPECT_EQ(read_request(start + fill(1001) + "\r\n\r\n").error, 431);
    EXPECT_EQ(read_request(std::string(1001, 'x')).error, 431);
    EXPECT_EQ(read_request("\r\n" + start + fill(1000)).error, 0);
    std::string lines = "GET / HTTP/1.1\r\n";
    while (lines.size() <= 1000) lines += "a:b\r\n";
    EXPECT_EQ(read_request(lines).error, 431);
    std::string nothing;
    while (nothing.size() <= 1000) nothing += "\r\n";
    EXPECT_EQ(read_request(nothing).error, 431);
}

TEST(MessageReader, RefusesMoreHeaderLinesThanAnybodyHas) {
    const std::string line = "A: b\r\n";
    const auto error = [&](MessageReader reader, const std::string& start, std::size_t lines) {
        std::string head = start;
        for (std::size_t n = 0; n < lines; ++n) head += line;
        const auto whole = reader.read(head + "\r\n");
        return whole ? 0 : whole.error().status;
    };
    constexpr MessageReader::Limits kRoomy{64 * 1024, 0};
    for (const std::size_t lines : {kHeaderLinesMax, kHeaderLinesMax + 1}) {
        const int expected = lines > kHeaderLinesMax ? 431 : 0;
        EXPECT_EQ(error(MessageReader::request(kRoomy), "GET / HTTP/1.1\r\n", lines), expected);
        EXPECT_EQ(error(MessageReader::response(kRoomy, false), "HTTP/1.1 204\r\n", lines),
                  expected);
    }
}

TEST(MessageReader, RefusesABodyOverTheLimit) {
    const std::string full(500, 'x');
    EXPECT_TRUE(read_request("P / HTTP/1.1\r\nContent-Length: 500\r\n\r\n" + full).whole);
    EXPECT_EQ(read_request("P / HTTP/1.1\r\nContent-Length: 501\r\n\r\n").error, 413);
    EXPECT_EQ(read_request("P / HTTP/1.1\r\nContent-Length: 18446744073709551621\r\n\r\n").error,
              413);
    const std::string chunked = "P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_TRUE(read_request(chunked + "1f4\r\n" + full + "\r\n0\r\n\r\n").whole);
    EXPECT_EQ(read_request(chunked + "1f5\r\n").error, 413);
    EXPECT_EQ(read_request(chunked + "1f4\r\n" + full + "\r\n1\r\n").error, 413);
    EXPECT_EQ(read_request(chunked + "FFFFFFFF\r\n").error, 413);
    EXPECT_EQ(read_last_response("HTTP/1.1 200 OK\r\n\r\n" + full).whole, true);
    EXPECT_EQ(read_last_response("HTTP/1.1 200 OK\r\n\r\n" + full + "x").error, 413);
}

TEST(MessageReader, LimitsChunkExtensionsAndTrailers) {
    const std::string chunked = "P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string extensions = chunked;
    for (int i = 0; i < 11; ++i) extensions += "1;" + std::string(99, 'e') + "\r\nx\r\n";
    EXPECT_EQ(read_request(extensions).error, 431);
    EXPECT_EQ(read_request(chunked + "1;" + std::string(2000, 'e')).error, 431);
    std::string trailers = chunked + "0\r\n";
    for (int i = 0; i < 11; ++i) trailers += "T: " + std::string(99, 't') + "\r\n";
    EXPECT_EQ(read_request(trailers).error, 431);
    // Many small chunks are no attack.
    std::string chunks = chunked;
    for (int i = 0; i < 500; ++i) chunks += "1\r\nx\r\n";
    EXPECT_EQ(read_request(chunks + "0\r\n\r\n").body, std::string(500, 'x'));
}

TEST(MessageReader, RefusesWhatTwoParsersCouldReadDifferently) {
    const auto refusal = [](const std::string& lines) {
        return read_request("P / HTTP/1.1\r\n" + lines).error;
    };
    EXPECT_EQ(refusal("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    EXPECT_EQ(refusal("Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400);
    EXPECT_EQ(refusal("Content-Length: 1\r\nContent-Length: 01\r\n\r\n"), 400);
    EXPECT_EQ(refusal("Content-Length: 1, 1\r\n\r\n"), 400);
    EXPECT_EQ(refusal("Content-Length: +1\r\n\r\n"), 400);
    EXPECT_EQ(refusal("Content-Length: 0x1\r\n\r\n"), 400);
    EXPECT_EQ(refusal("Content-Length:\r\n\r\n"), 400);
    EXPECT_EQ(refusal("Content-Length : 1\r\n\r\n"), 400);
    EXPECT_EQ(refusal("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    EXPECT_EQ(refusal("Transfer-Encoding: gzip\r\n\r\n"), 501);
    EXPECT_EQ(refusal("Transfer-Encoding: chunked, gzip\r\n\r\n"), 501);
    EXPECT_EQ(refusal("Transfer-Encoding: identity\r\n\r\n"), 501);
    EXPECT_EQ(refusal("Transfer-Encoding:\r\n\r\n"), 501);
    EXPECT_EQ(refusal("A: b\r\n c\r\n\r\n"), 400);
    EXPECT_EQ(refusal("A: b\r\n\tc\r\n\r\n"), 400);
    EXPECT_EQ(refusal(" A: b\r\n\r\n"), 400);
    EXPECT_EQ(refusal(": b\r\n\r\n"), 400);
    EXPECT_EQ(refusal("A\r\n\r\n"), 400);
    EXPECT_EQ(refusal("A: b\n\r\n"), 400);
    EXPECT_EQ(refusal("A: b\rc\r\n\r\n"), 400);
    EXPECT_EQ(refusal("A: b\r\r\n\r\n"), 400);
    EXPECT_EQ(refusal("A: b\0c\r\n\r\n"s), 400);
    EXPECT_EQ(refusal("A\0: b\r\n\r\n"s), 400);
    EXPECT_EQ(refusal("A: \x7f\r\n\r\n"), 400);
    EXPECT_EQ(refusal("Host: a\r\nhost: a\r\n\r\n"), 400);
    EXPECT_EQ(read_request("P / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").error, 400);
}

TEST(MessageReader, RefusesBadChunks) {
    const auto refusal = [](const std::string& body) {
        return read_request("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + body).error;
    };
    EXPECT_EQ(refusal("\r\n"), 400);
    EXPECT_EQ(refusal("x\r\n"), 400);
    EXPECT_EQ(refusal("-1\r\n"), 400);
    EXPECT_EQ(refusal("+1\r\n"), 400);
    EXPECT_EQ(refusal("0x1\r\n"), 400);
    EXPECT_EQ(refusal(" 1\r\n"), 400);
    EXPECT_EQ(refusal("1 x\r\n"), 400);
    EXPECT_EQ(refusal("1\n"), 400);
    EXPECT_EQ(refusal("000000001\r\n"), 400);
    EXPECT_EQ(refusal("ffffffffffffffffffff\r\n"), 400);
    EXPECT_EQ(refusal("1\r\nab"), 400);
    EXPECT_EQ(refusal("1\r\na\n"), 400);
    EXPECT_EQ(refusal("1\r\na\rb"), 400);
    EXPECT_EQ(refusal("0\r\nT: t\n\r\n"), 400);
}

/// What passes of a message that comes in pieces of that size: the head, then the body.
std::pair<std::string, std::string> passed(MessageReader reader, const std::string& bytes,
                                           std::size_t piece) {
    std::string head;
    std::string body;
    std::string buffer;
    bool whole = false;
    for (std::size_t at = 0; at < bytes.size() && !whole; at += piece) {
        buffer += bytes.substr(at, piece);
        const auto read = reader.read(buffer);
        EXPECT_TRUE(read);
        if (!read || !reader.has_head()) continue;
        whole = *read;
        const std::size_t head_size = head.empty() ? reader.head_size() : 0;
        const std::size_t size = reader.pass();
        head += buffer.substr(0, head_size);
        body += buffer.substr(head_size, size - head_size);
        buffer.erase(0, size);
    }
    EXPECT_TRUE(whole || reader.ends_with_connection());
    return {head, body};
}

TEST(MessageReader, LetsMessagesPassInPieces) {
    const std::string request = "\r\nPOST / HTTP/1.1\r\nHost: x\r\n";
    const std::string counted = request + "Content-Length: 11\r\n\r\n";
    const std::string chunked = request + "Transfer-Encoding: chunked\r\n\r\n";
    const std::string chunks = "5;a=b\r\nhello\r\n0a\r\n\n world\r\n.\r\n0\r\nEnd: 1\r\n\r\n";
    const std::string endless = "HTTP/1.1 200 OK\r\n\r\n";
    for (std::size_t piece = 1; piece < 120; ++piece) {
        EXPECT_EQ(passed(MessageReader::request(kLimits), counted + "hello worldGET /", piece),
                  std::pair(counted, "hello world"s));
        EXPECT_EQ(passed(MessageReader::request(kLimits), chunked + chunks + "GET /", piece),
                  std::pair(chunked, chunks));
        EXPECT_EQ(passed(MessageReader::request(kLimits), request + "\r\nGET /", piece),
                  std::pair(request + "\r\n", ""s));
        EXPECT_EQ(passed(MessageReader::response(kLimits, false), endless + "hello", piece),
                  std::pair(endless, "hello"s));
    }
}

TEST(MessageReader, LetsBodiesPassThatAreLongerThanItsLimits) {
    const std::string chunk = "190;x\r\n" + std::string(400, 'b') + "\r\n";
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string chunks;
    for (int i = 0; i < 20; ++i) chunks += chunk;
    chunks += "0\r\n\r\n";
    EXPECT_EQ(passed(MessageReader::response(kLimits, false), head + chunks, 100),
              std::pair(head, chunks));
}

TEST(MessageReader, RefusesBadStartLines) {
    for (const std::string line :
         {"GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET / a HTTP/1.1",
          "G\tT / HTTP/1.1", "G(T / HTTP/1.1", "GET /\t HTTP/1.1", "GET / http/1.1",
          "GET / HTTP/1.10", "GET / HTTP/x.1", "/ HTTP/1.1", "GET HTTP/1.1", "hello"})
        EXPECT_EQ(read_request(line + "\r\n").error, 400) << line;
    EXPECT_EQ(read_request("GET /\0 HTTP/1.1\r\n"s).error, 400);
    EXPECT_EQ(read_request("GET / HTTP/2.0\r\n").error, 505);
    EXPECT_EQ(read_request("PRI * HTTP/2.0\r\n").error, 505);
    for (const std::string line :
         {"HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1 20x OK",
          "HTTP/1.1 099 OK", "HTTP/1.1  200 OK", "200 OK", "ICY 200 OK"})
        EXPECT_EQ(read_response(line + "\r\n").error, 400) << line;
}

TEST(MessageHead, FindsTokensInLists) {
    const auto head =
        read_request("GET / HTTP/1.1\r\nConnection: foo ,Keep-Alive\r\nConnection: ,bar,\r\n\r\n")
            .head;
    EXPECT_TRUE(head.has_token("connection", "keep-alive"));
    EXPECT_TRUE(head.has_token("Connection", "foo"));
    EXPECT_TRUE(head.has_token("Connection", "bar"));
    EXPECT_FALSE(head.has_token("Connection", "keep"));
    EXPECT_FALSE(head.has_token("Connection", "close"));
}

TEST(MessageHead, GivesAllTokensOfItsLists) {
    MessageHead head;
    head.headers.add("Connection", " a,, B ,");
    head.headers.add("Other", "x");
    head.headers.add("connection", "c");
    EXPECT_EQ(head.tokens("Connection"), (std::vector<std::string_view>{"a", "B", "c"}));
    EXPECT_TRUE(head.tokens("Absent").empty());
}

TEST(EmptyLines, AreOnlyThoseAtTheBeginning) {
    EXPECT_EQ(empty_lines(""), 0U);
    EXPECT_EQ(empty_lines("\r"), 0U);
    EXPECT_EQ(empty_lines("\n"), 0U);
    EXPECT_EQ(empty_lines("\r\n\r\n\rGET"), 4U);
    EXPECT_EQ(empty_lines("GET\r\n"), 0U);
}

TEST(MessageHead, KnowsWhetherTheConnectionIsKept) {
    const auto kept = [](const std::string& rest) {
        return read_request("GET / HTTP/" + rest + "\r\n\r\n").head.keeps_connection();
    };
    EXPECT_TRUE(kept("1.1"));
    EXPECT_FALSE(kept("1.0"));
    EXPECT_FALSE(kept("1.1\r\nConnection: Close"));
    EXPECT_TRUE(kept("1.0\r\nConnection: keep-alive"));
    EXPECT_FALSE(kept("1.0\r\nConnection: keep-alive, close"));
}

}  // namespace
}  // namespace wxpay::http
