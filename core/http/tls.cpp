#include "core/http/tls.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <new>
#include <string_view>
#include <sys/socket.h>
#include <utility>

#include "core/crypto/openssl.hpp"

namespace wxpay::http {
namespace {

using namespace openssl;

constexpr std::size_t kChunkBytes = 64 * 1024;     // of an answer that are encrypted at a time
constexpr std::size_t kKeptBytesMax = 16 * 1024;   // of each buffer, while nothing is in it
constexpr long kSessionsMax = 1024;                // for those few clients that take no tickets
constexpr std::string_view kSessionsOf = "wxpay";  // resumption with certificates wants a name

/// As nginx answers it, in our words.
constexpr std::string_view kSpeakTls =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 46\r\nConnection: close\r\n\r\n"
    "this port speaks TLS: use https:// in the url\n";

std::shared_ptr<const ClientCertificate> certificate_of(const SSL* tls) {
    // Not the verify result: that is good, too, when there is none.
    const X509* const shown = SSL_get0_peer_certificate(tls);
    if (shown == nullptr) return nullptr;
    return std::make_shared<const ClientCertificate>(
        ClientCertificate{.common_name = common_name(*shown),
                          .serial = serial(*shown),
                          .trusted = SSL_get_verify_result(tls) == X509_V_OK,
                          .issuer = issuer(*shown),
                          .fingerprint = fingerprint(*shown)});
}

/// TLS between two buffers in memory; the socket is ours. So a worker never waits in OpenSSL, a
/// broken pipe raises no signal, and all records of an answer leave in one send.
class TlsChannel final : public Channel {
  public:
    TlsChannel(Descriptor socket, TlsPtr tls) : Channel(std::move(socket)), tls_(std::move(tls)) {
        if (!tls_) throw std::bad_alloc();
        in_ = renew(nullptr, SSL_set0_rbio);
        out_ = renew(nullptr, SSL_set0_wbio);
        SSL_set_accept_state(tls_.get());
    }
    ~TlsChannel() override { finish(); }

    Received receive(std::span<char> buffer) override {
        if (!has_more_) {
            const auto received = ::recv(fd(), buffer.data(), buffer.size(), 0);
            if (received < 0 && (errno == EAGAIN || errno == EINTR)) return {};
            if (received <= 0) return {Received::State::closed};
            BIO_write(in_, buffer.data(), static_cast<int>(received));
        }
        return decrypt(buffer);
    }

    bool has_more() const override { return has_more_; }
    bool unfinished() const override { return unfinished_; }

    Sent send(std::string_view bytes, std::size_t& sent) override {
        for (;;) {
            if (const Sent state = flush(); state != Sent::all) return state;
            if (sent == bytes.size()) return Sent::all;
            std::size_t taken = 0;
            ERR_clear_error();
            if (SSL_write_ex(tls_.get(), bytes.data() + sent,
                             std::min(bytes.size() - sent, kChunkBytes), &taken) != 1)
                return Sent::broken;
            sent += taken;
        }
    }

    void finish() override {
        const bool speaks = SSL_in_init(tls_.get()) == 0;  // nor has it failed
        if (speaks && written(out_).empty() && !std::exchange(finished_, true)) {
            ERR_clear_error();
            SSL_shutdown(tls_.get());
        }
        flush();
    }

    void describe(Request& request) const override {
        request.secure = true;
        request.certificate = certificate_;
    }

  private:
    Received decrypt(std::span<char> buffer) {
        const bool was_shaking = SSL_in_init(tls_.get()) != 0;
        std::size_t size = 0;
        ERR_clear_error();
        for (std::size_t read = 0; size < buffer.size(); size += read) {
            if (SSL_read_ex(tls_.get(), buffer.data() + size, buffer.size() - size, &read) != 1)
                break;
        }
        has_more_ = size == buffer.size();
        if (has_more_) return {Received::State::bytes, size};

        const int stopped_by = SSL_get_error(tls_.get(), 0);
        const bool is_plain_http = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
        const bool is_shaking = SSL_in_init(tls_.get()) != 0;
        if (was_shaking && !is_shaking) certificate_ = certificate_of(tls_.get());
        // What came before the end counts first; the next call finds the end again.
        has_more_ = size > 0 && stopped_by != SSL_ERROR_WANT_READ;
        if (has_more_) return {Received::State::bytes, size};
        if (stopped_by == SSL_ERROR_WANT_READ) {
            unfinished_ = is_shaking || has_part_of_a_record();
            in_ = renew(in_, SSL_set0_rbio);
            return {Received::State::bytes, size};
        }
        if (stopped_by == SSL_ERROR_ZERO_RETURN) return {Received::State::closed};
        if (is_plain_http) BIO_write(out_, kSpeakTls.data(), static_cast<int>(kSpeakTls.size()));
        return {Received::State::refused};
    }

    bool has_part_of_a_record() const {
        // The header alone shows in the state only.
        return SSL_has_pending(tls_.get()) == 1 ||
               std::string_view(SSL_rstate_string(tls_.get())) == "RB";
    }

    /// Sends what is encrypted.
    Sent flush() {
        const std::string_view waiting = written(out_);
        if (waiting.empty()) return Sent::all;
        while (flushed_ < waiting.size()) {
            const auto size =
                ::send(fd(), waiting.data() + flushed_, waiting.size() - flushed_, MSG_NOSIGNAL);
            if (size > 0) {
                flushed_ += static_cast<std::size_t>(size);
            } else if (size < 0 && errno == EAGAIN) {
                return Sent::blocked;
            } else if (errno != EINTR) {
                return Sent::broken;
            }
        }
        flushed_ = 0;
        BIO_reset(out_);
        out_ = renew(out_, SSL_set0_wbio);
        return Sent::all;
    }

    /// `empty` itself, or another one in its place when it has grown: thousands of connections may
    /// be idle.
    BIO* renew(BIO* empty, void (*give)(SSL*, BIO*)) {
        BUF_MEM* memory = nullptr;
        if (empty != nullptr) BIO_get_mem_ptr(empty, &memory);
        if (memory != nullptr && memory->max <= kKeptBytesMax) return empty;
        BIO* const fresh = BIO_new(BIO_s_mem());
        if (fresh == nullptr) throw std::bad_alloc();
        BIO_set_mem_eof_return(fresh, -1);  // an empty buffer is not the end
        give(tls_.get(), fresh);
        return fresh;
    }

    const TlsPtr tls_;
    BIO* in_ = nullptr;        // of tls_
    BIO* out_ = nullptr;       // of tls_
    std::size_t flushed_ = 0;  // of out_
    bool has_more_ = false;
    bool unfinished_ = false;
    bool finished_ = false;
    std::shared_ptr<const ClientCertificate> certificate_;
};

Failure<Error> unusable(const char* what) {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    std::string detail = std::string("the TLS listener's ") + what + " cannot be used";
    if (reason != nullptr) detail += std::string(": ") + reason;
    return Failure{Error{Errc::malformed, std::move(detail)}};
}

Result<void> show(SSL_CTX* context, const TlsOptions& options) {
    const auto certificates = reading(options.certificates);
    const CertificatePtr own(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
    if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) return unusable("certificate");
    while (X509* const above = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr))
        SSL_CTX_add0_chain_cert(context, above);
    const auto text = reading(options.key.reveal());
    const KeyPtr key(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
    if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return unusable("key");
    return {};
}

Result<void> ask_for_certificates(SSL_CTX* context, const std::string& authorities) {
    const auto text = reading(authorities);
    int count = 0;
    for (;; ++count) {
        const CertificatePtr authority(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
        if (!authority) break;
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1 ||
            SSL_CTX_add_client_CA(context, authority.get()) != 1)
            return unusable("list of client authorities");
    }
    if (count == 0) return unusable("list of client authorities");
    // The handshake goes on whatever the certificate is; the verify result remembers the fault.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    return {};
}

}  // namespace

struct TlsContext::Impl {
    TlsContextPtr context{SSL_CTX_new(TLS_server_method())};
};

Result<std::unique_ptr<TlsContext>> TlsContext::create(const TlsOptions& options) {
    auto impl = std::make_unique<Impl>();
    SSL_CTX* const context = impl->context.get();
    if (context == nullptr) throw std::bad_alloc();
    ERR_clear_error();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_sess_set_cache_size(context, kSessionsMax);
    SSL_CTX_set_session_id_context(context,
                                   reinterpret_cast<const unsigned char*>(kSessionsOf.data()),
                                   static_cast<unsigned>(kSessionsOf.size()));
    WXPAY_CHECK(show(context, options));
    if (!options.client_authorities.empty())
        WXPAY_CHECK(ask_for_certificates(context, options.client_authorities));
    ERR_clear_error();
    return std::unique_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

std::unique_ptr<Channel> TlsContext::open(Descriptor socket) const {
    return std::make_unique<TlsChannel>(std::move(socket), TlsPtr(SSL_new(impl_->context.get())));
}

}  // namespace wxpay::http
