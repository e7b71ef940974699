#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/http/dispatcher.hpp"

#include "tests/support/dispatching.hpp"
#include "tests/support/scripted_server.hpp"

namespace wxpay::http {
namespace {

using namespace std::chrono_literals;
using namespace wxpay::test;
using Kind = Outcome::Kind;

template <auto free>
struct Free {
    template <class T>
    void operator()(T* object) const {
        free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

Key make_key() { return Key(EVP_EC_gen("P-256")); }

void add_extension(X509* certificate, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    ASSERT_NE(extension, nullptr) << value;
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/// A certificate for `names` ("DNS:x,IP:y"), or a CA when there are none, signed by `issuer`, or by
/// itself.
Certificate make_certificate(EVP_PKEY* key, const char* names, X509* issuer, EVP_PKEY* issuer_key) {
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), names == nullptr ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* const subject = X509_get_subject_name(certificate.get());
    const auto* const common_name =
        reinterpret_cast<const unsigned char*>(names == nullptr ? "Test CA" : "Test");
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
    X509_set_issuer_name(certificate.get(),
                         issuer == nullptr ? subject : X509_get_subject_name(issuer));
    if (names == nullptr) {
        add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    } else {
        add_extension(certificate.get(), NID_subject_alt_name, names);
    }
    EXPECT_GT(X509_sign(certificate.get(), issuer == nullptr ? key : issuer_key, EVP_sha256()), 0);
    return certificate;
}

/// A CA, as a file that is gone with it.
class TestCa {
  public:
    TestCa() : file_(testing::TempDir() + "wxpay_ca_XXXXXX") {
        const int fd = ::mkstemp(file_.data());
        std::FILE* const file = ::fdopen(fd, "w");
        EXPECT_EQ(PEM_write_X509(file, certificate_.get()), 1);
        std::fclose(file);
    }
    ~TestCa() { std::remove(file_.c_str()); }
    TestCa(const TestCa&) = delete;
    TestCa& operator=(const TestCa&) = delete;
    const std::string& file() const { return file_; }
    Certificate issue(EVP_PKEY* key, const char* names) const {
        return make_certificate(key, names, certificate_.get(), key_.get());
    }

  private:
    Key key_ = make_key();
    Certificate certificate_ = make_certificate(key_.get(), nullptr, nullptr, nullptr);
    std::string file_;
};

class TlsPeer final : public Peer {
  public:
    TlsPeer(int fd, SSL* ssl) : Peer(fd), ssl_(ssl) {}
    std::string receive() override {
        std::string bytes(16 * 1024, '\0');
        const int size = SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()));
        bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return bytes;
    }
    void send(const std::string& bytes) override {
        SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    }

  private:
    SSL* ssl_;
};

class TlsServer {
  public:
    TlsServer(const TestCa& ca, const char* names, int version_max = TLS1_3_VERSION)
        : context_(SSL_CTX_new(TLS_server_method())),
          server_([this](int fd, int n) { serve(fd, n); }) {
        const Key key = make_key();
        const Certificate certificate = ca.issue(key.get(), names);
        SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context_.get(), version_max);
        SSL_CTX_set_security_level(context_.get(), 0);
        EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), certificate.get()), 1);
        EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), key.get()), 1);
    }
    Url url(const std::string& host) const {
        Url url = server_.url(host);
        url.scheme = "https";
        return url;
    }
    int accepts() const { return server_.accepts(); }
    int handshakes() const { return handshakes_; }
    std::string server_name() const { return server_name_; }

  private:
    void serve(int fd, int n) {
        // OpenSSL writes without MSG_NOSIGNAL, and a client that distrusts us hangs up.
        sigset_t broken_pipe;
        sigemptyset(&broken_pipe);
        sigaddset(&broken_pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
        const std::unique_ptr<SSL, Free<SSL_free>> ssl(SSL_new(context_.get()));
        SSL_set_fd(ssl.get(), fd);
        if (SSL_accept(ssl.get()) != 1) return;
        const char* const name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
        server_name_ = name == nullptr ? "" : name;
        ++handshakes_;
        TlsPeer peer(fd, ssl.get());
        answer_all(peer, n);
    }

    std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context_;
    std::string server_name_;
    std::atomic<int> handshakes_ = 0;
    ScriptedServer server_;
};

Dispatcher::Options trusting(const TestCa& ca) {
    Dispatcher::Options options = resolving_to({"127.0.0.1"});
    options.ca_file = ca.file();
    return options;
}

TEST(DispatcherTls, VerifiesTheNameAndSendsIt) {
    const TestCa ca;
    const TlsServer server(ca, "DNS:merchant.test");
    Dispatcher dispatcher(trusting(ca));
    for (int i = 0; i < 3; ++i) {
        const Outcome outcome = send_and_wait(dispatcher, server.url("merchant.test"));
        ASSERT_EQ(outcome.kind, Kind::answered) << outcome.reason;
        EXPECT_EQ(outcome.response.body, "ok");
    }
    EXPECT_EQ(server.server_name(), "merchant.test");
    EXPECT_EQ(server.accepts(), 1);
}

TEST(DispatcherTls, VerifiesAnAddress) {
    const TestCa ca;
    const TlsServer server(ca, "IP:127.0.0.1");
    Dispatcher dispatcher(trusting(ca));
    const Outcome outcome = send_and_wait(dispatcher, server.url("127.0.0.1"));
    ASSERT_EQ(outcome.kind, Kind::answered) << outcome.reason;
    EXPECT_EQ(server.server_name(), "");
}

TEST(DispatcherTls, SendsNothingWhenTheNameIsAnother) {
    const TestCa ca;
    const TlsServer server(ca, "DNS:other.test,IP:127.0.0.2");
    Dispatcher dispatcher(trusting(ca));
    const Outcome by_name = send_and_wait(dispatcher, server.url("merchant.test"));
    EXPECT_EQ(by_name.kind, Kind::unreachable);
    EXPECT_EQ(by_name.reason, "certificate verify failed: hostname mismatch");
    const Outcome by_address = send_and_wait(dispatcher, server.url("127.0.0.1"));
    EXPECT_EQ(by_address.reason, "certificate verify failed: IP address mismatch");
}

TEST(DispatcherTls, SendsNothingWhenTheIssuerIsUnknown) {
    const TestCa ca;
    const TestCa another;
    const TlsServer server(another, "DNS:merchant.test");
    Dispatcher dispatcher(trusting(ca));
    const Outcome outcome = send_and_wait(dispatcher, server.url("merchant.test"));
    EXPECT_EQ(outcome.kind, Kind::unreachable);
    EXPECT_EQ(outcome.reason.rfind("certificate verify failed: ", 0), 0U) << outcome.reason;
}

TEST(DispatcherTls, TrustsOnlyTheSystemsRootsWhenNoneAreGiven) {
    const TestCa ca;
    const TlsServer server(ca, "DNS:merchant.test");
    Dispatcher dispatcher(resolving_to({"127.0.0.1"}));
    const Outcome outcome = send_and_wait(dispatcher, server.url("merchant.test"));
    EXPECT_EQ(outcome.kind, Kind::unreachable);
    EXPECT_EQ(outcome.reason.rfind("certificate verify failed: ", 0), 0U) << outcome.reason;
}

TEST(DispatcherTls, WantsTls12) {
    const TestCa ca;
    const TlsServer server(ca, "DNS:merchant.test", TLS1_1_VERSION);
    Dispatcher dispatcher(trusting(ca));
    const Outcome outcome = send_and_wait(dispatcher, server.url("merchant.test"));
    EXPECT_EQ(outcome.kind, Kind::unreachable);
    EXPECT_EQ(outcome.reason.rfind("the TLS handshake failed: ", 0), 0U) << outcome.reason;
}

TEST(DispatcherTls, SaysThatTheServerDoesNotSpeakIt) {
    const TestCa ca;
    ScriptedServer garbage([](Peer& peer, int) {
        peer.receive();
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.receive();
    });
    ScriptedServer closing([](Peer& peer, int) { peer.receive(); });
    const Port hanging;
    hanging.listen();
    Dispatcher dispatcher(trusting(ca));
    const auto https = [](Url url) {
        url.scheme = "https";
        return url;
    };
    EXPECT_EQ(send_and_wait(dispatcher, https(garbage.url()))
                  .reason.rfind("the TLS handshake failed: ", 0),
              0U);
    EXPECT_EQ(send_and_wait(dispatcher, https(closing.url())).reason,
              closing.name() + " closed the connection during the TLS handshake");
    const Outcome late = send_and_wait(dispatcher, https(hanging.url()), 250ms);
    EXPECT_EQ(late.kind, Kind::timed_out);
    EXPECT_EQ(late.reason, "no TLS handshake within 250 ms");
}

TEST(DispatcherTls, ThrowsWhenTheRootsCannotBeRead) {
    Dispatcher::Options options;
    options.ca_file = "/nonexistent/ca.pem";
    EXPECT_THROW(Dispatcher{options}, std::runtime_error);
}

}  // namespace
}  // namespace wxpay::http
