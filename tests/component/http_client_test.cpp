#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/http/client.hpp"

#include "tests/support/raw_socket.hpp"

namespace wxpay::http {
namespace {

using test::RawListener;
using test::RawSocket;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A server that follows a script, on a thread of its own.
class Scripted {
  public:
    explicit Scripted(std::function<void(RawListener&)> script)
        : thread_([this, script = std::move(script)] { script(listener_); }) {}
    ~Scripted() { thread_.join(); }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(listener_.port()); }

  private:
    RawListener listener_;
    std::thread thread_;
};

std::unique_ptr<Client> client_for(std::string base_url, Client::Options options = {}) {
    options.base_url = std::move(base_url);
    auto client = Client::create(std::move(options));
    EXPECT_TRUE(client) << client.error().detail;
    return *std::move(client);
}

Request get(std::string path = "/") {
    Request request;
    request.path = std::move(path);
    return request;
}

/// What the client makes of this answer, after which the server closes.
Result<Response> answer_of(std::string bytes, const Request& request = get(),
                           Client::Options options = {}) {
    Scripted server([&](RawListener& listener) {
        auto peer = listener.accept();
        peer.recv_until("\r\n\r\n");
        peer.try_send(bytes);
    });
    return client_for(server.url(), std::move(options))->send(request);
}

TEST(Client, SendsExactlyTheRequest) {
    std::string seen;
    Scripted server([&](RawListener& listener) {
        auto peer = listener.accept();
        seen = peer.recv_until("body");
        peer.send(kOk);
    });
    Request request;
    request.method = "POST";
    request.path = "/a b/微@x";
    request.query = "c=%20d";
    request.headers.add("Z-First", "1");
    request.headers.add("Content-Type", "text/xml");
    request.headers.add("content-length", "99");
    request.body = "<xml/>body";
    const auto url = server.url();
    const auto response = client_for(url + "/prefix/")->send(request);
    ASSERT_TRUE(response);
    EXPECT_EQ(
        seen,
        "POST /prefix/a%20b/%E5%BE%AE@x?c=%20d HTTP/1.1\r\nHost: " + url.substr(7) +
            "\r\nZ-First: 1\r\nContent-Type: text/xml\r\nContent-Length: 10\r\n\r\n<xml/>body");
}

TEST(Client, AddsNoLengthToAGetAndRespectsAHost) {
    std::string seen;
    Scripted server([&](RawListener& listener) {
        auto peer = listener.accept();
        seen = peer.recv_until("\r\n\r\n");
        peer.send(kOk);
    });
    auto request = get();
    request.headers.add("host", "api.mch.weixin.qq.com");
    ASSERT_TRUE(client_for(server.url())->send(request));
    EXPECT_EQ(seen, "GET / HTTP/1.1\r\nhost: api.mch.weixin.qq.com\r\n\r\n");
}

TEST(Client, GivesTheWholeResponse) {
    const auto response = answer_of(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\nB: 2\r\nLocation: "
        "http://127.0.0.1:1/\r\nA: 1\r\n"
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 302);  // not followed
    EXPECT_EQ(response->body, "abc");
    EXPECT_EQ((*response->headers.begin()).first, "B");
    EXPECT_EQ(response->headers.get("location"), "http://127.0.0.1:1/");
}

TEST(Client, ReadsAnAnswerThatEndsWithItsConnection) {
    const auto response = answer_of("HTTP/1.0 500 Oops\r\n\r\nall of it");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 500);
    EXPECT_EQ(response->body, "all of it");
}

TEST(Client, ExpectsNoBodyAfterAHead) {
    auto request = get();
    request.method = "HEAD";
    const auto response = answer_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", request);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "");
}

TEST(Client, KeepsItsConnection) {
    Scripted server([](RawListener& listener) {
        auto peer = listener.accept();
        for (int i = 0; i < 3; ++i) {
            peer.recv_until("\r\n\r\n");
            peer.send(kOk);
        }
    });
    const auto client = client_for(server.url());
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(client->send(get()));
}

TEST(Client, UsesANewConnectionWhenTheServerWantsToClose) {
    Scripted server([](RawListener& listener) {
        for (int i = 0; i < 2; ++i) {
            auto peer = listener.accept();
            peer.recv_until("\r\n\r\n");
            peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
            peer.recv_all();
        }
    });
    const auto client = client_for(server.url());
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(client->send(get()));
}

TEST(Client, DoesNotMindThatAKeptConnectionWasClosed) {
    std::promise<void> closed;
    Scripted server([&](RawListener& listener) {
        for (int i = 0; i < 2; ++i) {
            auto peer = listener.accept();
            peer.recv_until("\r\n\r\n");
            peer.send(kOk);
            peer.close();
            if (i == 0) closed.set_value();
        }
    });
    const auto client = client_for(server.url());
    EXPECT_TRUE(client->send(get()));
    closed.get_future().wait();
    EXPECT_TRUE(client->send(get()));
}

TEST(Client, RepeatsARequestThatMetAClosingConnectionOnce) {
    std::atomic<int> requests = 0;
    Scripted server([&](RawListener& listener) {
        auto kept = listener.accept();
        kept.recv_until("\r\n\r\n");
        kept.send(kOk);
        kept.recv_until("\r\n\r\n");  // closes as this is on its way
        ++requests;
        kept.close();
        auto fresh = listener.accept();
        fresh.recv_until("\r\n\r\n");
        ++requests;
        fresh.close();  // it does so again: that is an error
    });
    const auto client = client_for(server.url());
    EXPECT_TRUE(client->send(get()));
    const auto second = client->send(get());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::unreachable);
    EXPECT_EQ(requests, 2);
}

TEST(Client, DoesNotRepeatARequestOnANewConnection) {
    std::atomic<int> requests = 0;
    Scripted server([&](RawListener& listener) {
        auto peer = listener.accept();
        peer.recv_until("\r\n\r\n");
        ++requests;
    });
    const auto response = client_for(server.url())->send(get());
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::unreachable);
    EXPECT_EQ(response.error().detail,
              server.url() + ": the connection was closed before an answer came");
    EXPECT_EQ(requests, 1);
}

TEST(Client, DoesNotTakeAnInterimResponseForTheAnswer) {
    const auto response = answer_of("HTTP/1.1 100 Continue\r\n\r\n");
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::unreachable);
}

TEST(Client, TakesOnlySoManyInterimResponses) {
    const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    std::string few;
    for (int i = 0; i < 16; ++i) few += interim;
    EXPECT_TRUE(answer_of(few + std::string(kOk)));
    Scripted server([&](RawListener& listener) {
        auto peer = listener.accept();
        while (peer.try_send(interim)) {
        }
    });
    const auto response = client_for(server.url())->send(get());
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::malformed);
}

TEST(Client, LooksAtItsTimeEvenWhenThereIsAlwaysSomethingToRead) {
    std::promise<void> given_up;
    Scripted server([&](RawListener& listener) {
        auto peer = listener.accept();
        peer.send(kOk);
        given_up.get_future().wait();
    });
    Client::Options options;
    options.answer_timeout = Millis(0);
    const auto response = client_for(server.url(), options)->send(get());
    given_up.set_value();
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::timed_out);
}

TEST(Client, TimesOutOnSilence) {
    std::promise<void> given_up;
    Scripted server([&](RawListener& listener) {
        auto peer = listener.accept();
        given_up.get_future().wait();
    });
    Client::Options options;
    options.answer_timeout = Millis(20);
    const auto response = client_for(server.url(), options)->send(get());
    given_up.set_value();
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::timed_out);
    EXPECT_EQ(response.error().detail, server.url() + ": no complete answer in time");
}

TEST(Client, TimesOutOnAnAnswerThatTrickles) {
    Scripted server([](RawListener& listener) {
        auto peer = listener.accept();
        while (peer.try_send("H")) {
        }
    });
    Client::Options options;
    options.answer_timeout = Millis(20);
    // Either its time or the limit on heads ends it, whichever comes first.
    EXPECT_FALSE(client_for(server.url(), options)->send(get()));
}

TEST(Client, SaysWhenNobodyListens) {
    std::string url;
    {
        const RawListener gone;
        url = "http://127.0.0.1:" + std::to_string(gone.port());
    }
    const auto response = client_for(url)->send(get());
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::unreachable);
    EXPECT_EQ(response.error().detail, url + ": no connection");
}

TEST(Client, RefusesWhatIsNotHttp) {
    for (const std::string bytes : {"hello\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n",
                                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
                                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"}) {
        const auto response = answer_of(bytes);
        ASSERT_FALSE(response) << bytes;
        EXPECT_EQ(response.error().code, Errc::malformed) << bytes;
    }
}

TEST(Client, RefusesEndlessStatusLinesAndHeads) {
    for (const std::string start : {"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nA: "}) {
        const auto response = answer_of(start + std::string(1'000'000, 'x'));
        ASSERT_FALSE(response);
        EXPECT_EQ(response.error().code, Errc::malformed);
    }
}

TEST(Client, RefusesABodyOverTheLimit) {
    Client::Options options;
    options.body_bytes_max = 1000;
    EXPECT_TRUE(answer_of("HTTP/1.1 200 OK\r\n\r\n" + std::string(1000, 'x'), get(), options));
    for (const std::string head :
         {"Content-Length: 1001\r\n\r\n", "\r\n", "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"}) {
        const auto response =
            answer_of("HTTP/1.1 200 OK\r\n" + head + std::string(1001, 'x'), get(), options);
        ASSERT_FALSE(response) << head;
        EXPECT_EQ(response.error().code, Errc::malformed);
    }
}

TEST(Client, RefusesRequestsThatWouldSmuggle) {
    const auto client = client_for("http://127.0.0.1:1");
    const auto code = [&](const Request& request) { return client->send(request).error().code; };
    auto request = get();
    request.headers.add("A", "b\r\nC: d");
    EXPECT_EQ(code(request), Errc::invalid_value);
    request = get();
    request.headers.add("A\r\nB", "c");
    EXPECT_EQ(code(request), Errc::invalid_value);
    request = get();
    request.query = "a b";
    EXPECT_EQ(code(request), Errc::invalid_value);
    request = get();
    request.method = "GET /x";
    EXPECT_EQ(code(request), Errc::invalid_value);
    EXPECT_EQ(code(get("no-slash")), Errc::invalid_value);
    for (const char* target : {"no-slash", "/a b", "/a HTTP/1.1\r\nB: c", "/\n"}) {
        request = get();
        request.target = target;
        EXPECT_EQ(code(request), Errc::invalid_value) << target;
    }
}

TEST(Client, RefusesABaseUrlThatIsNone) {
    for (const auto* url : {"", "127.0.0.1", "ftp://a", "http://a?b", "http://u@a"}) {
        Client::Options options;
        options.base_url = url;
        EXPECT_EQ(Client::create(options).error().code, Errc::malformed) << url;
    }
}

TEST(Client, ServesManyThreadsAtOnce) {
    // All four requests are open before the first is answered.
    Scripted server([](RawListener& listener) {
        std::vector<RawSocket> peers;
        for (int i = 0; i < 4; ++i) peers.push_back(listener.accept());
        for (auto& peer : peers) peer.recv_until("\r\n\r\n");
        for (auto& peer : peers) peer.send(kOk);
    });
    const auto client = client_for(server.url());
    std::atomic<int> answered = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            if (client->send(get())) ++answered;
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(answered, 4);
}

TEST(Client, AnAnswerBeforeTheWholeRequestCounts) {
    Scripted server([](RawListener& listener) {
        auto peer = listener.accept();
        peer.recv_until("\r\n\r\n");
        peer.send("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n");
        peer.finish();
        peer.recv_all();
    });
    Request request;
    request.method = "POST";
    request.body.assign(8'000'000, 'x');
    const auto response = client_for(server.url())->send(request);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 413);
}

// TLS

template <auto release>
struct Releases {
    template <class T>
    void operator()(T* object) const {
        release(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Releases<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Releases<X509_free>>;
using TlsContext = std::unique_ptr<SSL_CTX, Releases<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, Releases<SSL_free>>;

/// A certificate for `name` that vouches for itself.
Certificate self_signed(EVP_PKEY* key, const char* name) {
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_time_adj_ex(X509_getm_notBefore(certificate.get()), -1, 0, nullptr);
    X509_time_adj_ex(X509_getm_notAfter(certificate.get()), 1, 0, nullptr);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* const subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name);
    X509_add_ext(certificate.get(), names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate.get(), key, EVP_sha256());
    return certificate;
}

/// Answers `connections` connections over TLS, each with two requests at most.
class TlsSite {
  public:
    /// asks  it serves only who shows its own certificate; others it sends away
    explicit TlsSite(const char* name, bool asks = false)
        : key_(EVP_EC_gen("P-256")),
          certificate_(self_signed(key_.get(), name)),
          context_(SSL_CTX_new(TLS_server_method())),
          ca_file_(std::filesystem::temp_directory_path() /
                   ("wxpay_client_test_" + std::to_string(::getpid()) + "_" +
                    std::to_string(listener_.port()) + ".pem")),
          key_file_(ca_file_.string() + ".key") {
        SSL_CTX_use_certificate(context_.get(), certificate_.get());
        SSL_CTX_use_PrivateKey(context_.get(), key_.get());
        const std::unique_ptr<BIO, Releases<BIO_free>> file(BIO_new_file(ca_file_.c_str(), "w"));
        PEM_write_bio_X509(file.get(), certificate_.get());
        const std::unique_ptr<BIO, Releases<BIO_free>> key(BIO_new_file(key_file_.c_str(), "w"));
        PEM_write_bio_PrivateKey(key.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
        if (asks) {
            X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), certificate_.get());
            SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                               nullptr);
        }
        thread_ = std::thread([this] { serve(); });
    }
    ~TlsSite() {
        thread_.join();
        std::filesystem::remove(ca_file_);
        std::filesystem::remove(key_file_);
    }
    std::string url(const std::string& host) const {
        return "https://" + host + ":" + std::to_string(listener_.port());
    }
    const std::filesystem::path& ca_file() const { return ca_file_; }
    const std::filesystem::path& key_file() const { return key_file_; }

  private:
    void serve() {
        auto peer = listener_.accept();
        const Tls tls(SSL_new(context_.get()));
        SSL_set_fd(tls.get(), peer.fd());
        if (SSL_accept(tls.get()) != 1) return;
        std::string buffer(1000, '\0');
        while (SSL_read(tls.get(), buffer.data(), static_cast<int>(buffer.size())) > 0)
            SSL_write(tls.get(), kOk.data(), static_cast<int>(kOk.size()));
    }

    Key key_;
    Certificate certificate_;
    TlsContext context_;
    RawListener listener_;
    std::filesystem::path ca_file_;
    std::filesystem::path key_file_;
    std::thread thread_;
};

Result<Response> ask_over_tls(const char* certified, const std::string& host, bool trusted) {
    TlsSite site(certified);
    Client::Options options;
    if (trusted) options.ca_file = site.ca_file();
    const auto client = client_for(site.url(host), options);
    auto response = client->send(get());
    return response ? client->send(get()) : response;  // the second one on the kept connection
}

TEST(Client, SpeaksTlsToATrustedServer) {
    const auto by_address = ask_over_tls("IP:127.0.0.1", "127.0.0.1", true);
    ASSERT_TRUE(by_address) << by_address.error().detail;
    EXPECT_EQ(by_address->body, "ok");
    const auto by_name = ask_over_tls("DNS:localhost", "localhost", true);
    ASSERT_TRUE(by_name) << by_name.error().detail;
}

TEST(Client, RefusesAServerThatIsNotTrusted) {
    const auto response = ask_over_tls("IP:127.0.0.1", "127.0.0.1", false);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::unreachable);
    EXPECT_NE(response.error().detail.find("not trusted"), std::string::npos)
        << response.error().detail;
}

TEST(Client, RefusesACertificateForAnotherHost) {
    EXPECT_FALSE(ask_over_tls("DNS:example.com", "127.0.0.1", true));
    EXPECT_FALSE(ask_over_tls("DNS:example.com", "localhost", true));
}

TEST(Client, ShowsItsCertificateToAServerThatAsksForOne) {
    for (const bool shows : {true, false}) {
        TlsSite site("IP:127.0.0.1", true);
        Client::Options options;
        options.ca_file = site.ca_file();
        if (shows) {
            options.certificate_file = site.ca_file();
            options.key_file = site.key_file();
        }
        const auto response = client_for(site.url("127.0.0.1"), options)->send(get());
        EXPECT_EQ(response.has_value(), shows);
    }
}

TEST(Client, SaysAtOnceWhenItsOwnCertificateCannotBeShown) {
    TlsSite site("IP:127.0.0.1");
    TlsSite other("IP:127.0.0.1");
    const auto fault = [&](const std::string& certificate, const std::string& key) {
        Client::Options options;
        options.base_url = site.url("127.0.0.1");
        options.certificate_file = certificate;
        options.key_file = key;
        const auto client = Client::create(options);
        EXPECT_TRUE(client || client.error().code == Errc::malformed);
        return client ? "" : client.error().detail;
    };
    const std::string certificate = site.ca_file();
    const std::string key = site.key_file();
    EXPECT_EQ(fault(certificate, key), "");
    EXPECT_EQ(fault(certificate, ""), "no key file for " + certificate);
    EXPECT_EQ(fault("", key), "no certificate file for " + key);
    EXPECT_TRUE(fault("/nonexistent.pem", key).starts_with("/nonexistent.pem: "));
    EXPECT_TRUE(fault(certificate, "/nonexistent.pem").starts_with("/nonexistent.pem: "));
    EXPECT_TRUE(fault(key, key).starts_with(key + ": no certificate"));
    EXPECT_TRUE(fault(certificate, certificate).starts_with(certificate + ": "));
    EXPECT_TRUE(fault(certificate, other.key_file()).starts_with(other.key_file().string() + ": "));
    for (const TlsSite* each : {&site, &other}) {  // nobody waits for a connection any more
        Client::Options options;
        options.ca_file = each->ca_file();
        EXPECT_TRUE(client_for(each->url("127.0.0.1"), options)->send(get()));
    }
}

TEST(Client, LeavesAHandlerOfBrokenPipesAsItIs) {
    struct sigaction before {};
    struct sigaction chosen {};
    chosen.sa_sigaction = [](int, siginfo_t*, void*) {};
    chosen.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaddset(&chosen.sa_mask, SIGUSR1);
    ASSERT_EQ(::sigaction(SIGPIPE, &chosen, &before), 0);
    client_for("https://127.0.0.1:1");
    struct sigaction after {};
    ASSERT_EQ(::sigaction(SIGPIPE, &before, &after), 0);
    EXPECT_EQ(after.sa_sigaction, chosen.sa_sigaction);
    EXPECT_EQ(after.sa_flags & (SA_SIGINFO | SA_RESTART), SA_SIGINFO | SA_RESTART);
    EXPECT_EQ(sigismember(&after.sa_mask, SIGUSR1), 1);

    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    ASSERT_EQ(::sigaction(SIGPIPE, &usual, nullptr), 0);
    client_for("https://127.0.0.1:1");
    ASSERT_EQ(::sigaction(SIGPIPE, &before, &after), 0);
    EXPECT_EQ(after.sa_handler, SIG_IGN);
}

TEST(Client, SaysWhenItsTrustedCertificatesCannotBeRead) {
    Scripted server([](RawListener& listener) { listener.accept().recv_all(); });
    Client::Options options;
    options.ca_file = "/nonexistent.pem";
    const auto response = client_for("https" + server.url().substr(4), options)->send(get());
    ASSERT_FALSE(response);
    EXPECT_NE(response.error().detail.find("trusted certificates cannot be read"),
              std::string::npos)
        << response.error().detail;
}

}  // namespace
}  // namespace wxpay::http
