#include "tests/support/tls_client.hpp"

#include <csignal>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <utility>

#include <openssl/pem.h>

#include "core/crypto/openssl.hpp"

#include "tests/support/raw_socket.hpp"

namespace wxpay::test {
namespace {

using namespace openssl;

constexpr timeval kPatience{.tv_sec = 20, .tv_usec = 0};

[[noreturn]] void fail(const std::string& what) {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    throw std::runtime_error("TLS client: " + what + (reason ? std::string(": ") + reason : ""));
}

TlsContextPtr make_context(const TlsClient::Options& options) {
    // OpenSSL writes without MSG_NOSIGNAL, and a server may hang up.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);

    TlsContextPtr context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context.get(), options.version);
    SSL_CTX_set_max_proto_version(context.get(), options.version);
    if (!options.tickets) SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
    const BioPtr text = reading(options.authority);
    const CertificatePtr root(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
    if (!root) fail("authority");
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), root.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (!options.identity.certificate.empty()) {
        const BioPtr shown = reading(options.identity.certificate);
        const BioPtr key_text = reading(options.identity.key.reveal());
        const CertificatePtr certificate(PEM_read_bio_X509(shown.get(), nullptr, nullptr, nullptr));
        const KeyPtr key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
        if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
            SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1)
            fail("identity");
    }
    return context;
}

}  // namespace

struct TlsClient::Session {
    std::unique_ptr<SSL_SESSION, Freeing<SSL_SESSION_free>> session;
};

struct TlsClient::Impl {
    RawSocket socket;
    TlsContextPtr context;
    TlsPtr tls;
    std::string buffer;
};

TlsClient::TlsClient(int port, const Options& options, const Session* resume)
    : impl_(new Impl{RawSocket(port, "127.0.0.1", options.receive_buffer),
                     make_context(options),
                     nullptr,
                     {}}) {
    if (!options.tunnel_to.empty()) {
        impl_->socket.send("CONNECT " + options.tunnel_to +
                           " HTTP/1.1\r\nHost: " + options.tunnel_to + "\r\n\r\n");
        const std::string answer = impl_->socket.recv_until("\r\n\r\n");
        if (!answer.starts_with("HTTP/1.1 200 ")) fail("no tunnel: " + answer);
    }
    ::setsockopt(impl_->socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    ::setsockopt(impl_->socket.fd(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    impl_->tls.reset(SSL_new(impl_->context.get()));
    SSL* const tls = impl_->tls.get();
    SSL_set_fd(tls, impl_->socket.fd());
    SSL_set1_host(tls, options.host.c_str());
    if (resume != nullptr) SSL_set_session(tls, resume->session.get());
    ERR_clear_error();
    if (SSL_connect(tls) != 1) fail("no handshake");
}

TlsClient::~TlsClient() = default;
TlsClient::TlsClient(TlsClient&& other) noexcept = default;

void TlsClient::send(std::string_view bytes) {
    ERR_clear_error();
    if (SSL_write(impl_->tls.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0)
        fail("the peer takes no more");
}

void TlsClient::send_unencrypted(std::string_view bytes) { impl_->socket.send(bytes); }

bool TlsClient::receive() {
    char bytes[16 * 1024];
    ERR_clear_error();
    const int size = SSL_read(impl_->tls.get(), bytes, sizeof bytes);
    if (size > 0) {
        impl_->buffer.append(bytes, static_cast<std::size_t>(size));
        return true;
    }
    if (SSL_get_error(impl_->tls.get(), size) != SSL_ERROR_ZERO_RETURN)
        fail("no clean end after '" + impl_->buffer.substr(0, 200) + "'");
    return false;
}

std::string TlsClient::recv_response() {
    std::string& buffer = impl_->buffer;
    std::size_t head = 0;
    while ((head = buffer.find("\r\n\r\n")) == std::string::npos)
        if (!receive()) fail("the peer closed within a head");
    const auto length = buffer.find("Content-Length: ");
    const auto size = head + 4 + (length < head ? std::stoul(buffer.substr(length + 16)) : 0);
    while (buffer.size() < size)
        if (!receive()) fail("the peer closed within a body");
    std::string response = buffer.substr(0, size);
    buffer.erase(0, size);
    return response;
}

std::string TlsClient::recv_all() {
    while (receive()) {
    }
    return std::exchange(impl_->buffer, {});
}

void TlsClient::say_goodbye() { SSL_shutdown(impl_->tls.get()); }

bool TlsClient::resumed() const { return SSL_session_reused(impl_->tls.get()) == 1; }
int TlsClient::version() const { return SSL_version(impl_->tls.get()); }

std::vector<std::string> TlsClient::asked_for() const {
    std::vector<std::string> out;
    const STACK_OF(X509_NAME)* const names = SSL_get0_peer_CA_list(impl_->tls.get());
    for (int i = 0; i < sk_X509_NAME_num(names); ++i) {
        char* const line = X509_NAME_oneline(sk_X509_NAME_value(names, i), nullptr, 0);
        out.emplace_back(line);
        OPENSSL_free(line);
    }
    return out;
}

std::shared_ptr<const TlsClient::Session> TlsClient::session() const {
    auto out = std::make_shared<Session>();
    out->session.reset(SSL_get1_session(impl_->tls.get()));
    return out;
}

}  // namespace wxpay::test
