#include "core/http/client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <mutex>
#include <new>
#include <poll.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include <httplib.h>

#include "core/http/framing.hpp"
#include "core/http/url.hpp"

namespace wxpay::http {

// What is overridden below is not httplib's public promise, and its classes change their layout
// with compile flags.
static_assert(std::string_view(CPPHTTPLIB_VERSION) == "0.11.4");
static_assert(sizeof(httplib::Client) == 16, "take the compile flags from pkg-config");

namespace {

constexpr std::size_t kHeadBytesMax = 64 * 1024;
constexpr std::size_t kReadBytes = 64 * 1024;

/// One request on its way, whatever carries it.
struct Exchange {
    std::string_view sent;  // the request's bytes
    bool to_head_request = false;
    Millis timeout{0};  // from when there is a connection
    MessageReader::Limits limits;
    const Stopwatch* stopwatch = nullptr;
    // What comes of it.
    std::size_t received = 0;
    Result<Response> outcome = Failure{Error{Errc::unreachable, "not sent"}};
};

/// A connected socket, with TLS or without, that never waits beyond a deadline.
class Channel {
  public:
    enum class Status { done, closed, timed_out };

    Channel(int fd, SSL* tls, Millis timeout, const Stopwatch& stopwatch)
        : fd_(fd), tls_(tls), stopwatch_(stopwatch), deadline_(stopwatch.elapsed() + timeout) {
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    }

    Status write(std::string_view bytes) {
        while (!bytes.empty()) {
            if (is_over()) return Status::timed_out;
            short wanted = POLLOUT;
            const auto written = tls_ ? tls_write(bytes, wanted)
                                      : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (written > 0) {
                bytes.remove_prefix(static_cast<std::size_t>(written));
            } else if (const auto status = wait(wanted); status != Status::done) {
                return status;
            }
        }
        return Status::done;
    }

    /// Appends what has come. `closed` also stands for an orderly end.
    Status read(std::string& to) {
        std::array<char, kReadBytes> bytes;
        for (;;) {
            if (is_over()) return Status::timed_out;
            short wanted = POLLIN;
            const auto read =
                tls_ ? tls_read(bytes, wanted) : ::recv(fd_, bytes.data(), bytes.size(), 0);
            if (read > 0) {
                to.append(bytes.data(), static_cast<std::size_t>(read));
                return Status::done;
            }
            if (read == 0) return Status::closed;
            if (const auto status = wait(wanted); status != Status::done) return status;
        }
    }

  private:
    /// Looked at each turn: a peer that always has something for us makes us wait for nothing.
    bool is_over() const { return stopwatch_.elapsed() >= deadline_; }

    /// After a call that failed: waits, when that is all there is to do.
    Status wait(short events) {
        if (events == 0 || (!tls_ && errno != EAGAIN && errno != EINTR)) return Status::closed;
        const auto left = (deadline_ - stopwatch_.elapsed()).count();
        pollfd wanted{.fd = fd_, .events = events, .revents = 0};
        if (left <= 0 ||
            ::poll(&wanted, 1, static_cast<int>(std::min<Millis::rep>(left, 1 << 30))) == 0)
            return Status::timed_out;
        return Status::done;
    }

    // TLS may have to read in order to write, and the other way round. No wish means that the
    // connection is over.
    ssize_t tls_result(int result, short& wanted) {
        if (result > 0) return result;
        constexpr short kNothing = 0;
        constexpr short kInput = POLLIN;
        constexpr short kOutput = POLLOUT;
        const int error = SSL_get_error(tls_, result);
        wanted = error == SSL_ERROR_WANT_READ    ? kInput
                 : error == SSL_ERROR_WANT_WRITE ? kOutput
                                                 : kNothing;
        ERR_clear_error();
        return -1;
    }
    ssize_t tls_write(std::string_view bytes, short& wanted) {
        const auto size = static_cast<int>(std::min(bytes.size(), kReadBytes));
        return tls_result(SSL_write(tls_, bytes.data(), size), wanted);
    }
    ssize_t tls_read(std::array<char, kReadBytes>& bytes, short& wanted) {
        return tls_result(SSL_read(tls_, bytes.data(), static_cast<int>(bytes.size())), wanted);
    }

    int fd_;
    SSL* tls_;
    const Stopwatch& stopwatch_;
    const Millis deadline_;
};

Failure<Error> failed(Errc code, std::string detail) {
    return Failure{Error{code, std::move(detail)}};
}

Failure<Error> broken(Channel::Status status) {
    if (status == Channel::Status::timed_out)
        return failed(Errc::timed_out, "no complete answer in time");
    return failed(Errc::unreachable, "the connection was closed before an answer came");
}

/// Sends and receives. `kept`: whether the connection can be used again.
Result<Response> converse(Channel& channel, Exchange& exchange, bool& kept) {
    kept = false;
    if (const auto status = channel.write(exchange.sent); status != Channel::Status::done) {
        // A server that refuses a large body may answer and close before it has read all of it.
        if (status == Channel::Status::timed_out) return broken(status);
    }
    std::string buffer;
    auto reader = MessageReader::response(exchange.limits, exchange.to_head_request);
    int interim = 0;
    for (;;) {
        const auto status = channel.read(buffer);
        if (status == Channel::Status::timed_out ||
            (status == Channel::Status::closed && buffer.empty()))
            return broken(status);
        exchange.received = buffer.size();
        auto whole =
            status == Channel::Status::closed ? reader.finish(buffer) : reader.read(buffer);
        while (whole && *whole && reader.head().status < 200) {  // 100 Continue and its like
            if (++interim > kInterimAnswersMax)
                return failed(Errc::malformed, "the answer: too many interim answers before it");
            buffer.erase(0, reader.size());
            reader = MessageReader::response(exchange.limits, exchange.to_head_request);
            whole = status == Channel::Status::closed ? reader.finish(buffer) : reader.read(buffer);
        }
        if (!whole)
            return failed(Errc::malformed, std::string("the answer: ") + whole.error().detail);
        if (!*whole) continue;

        kept = status == Channel::Status::done && reader.head().keeps_connection() &&
               reader.size() == buffer.size();
        Response response;
        response.body = reader.take_body(buffer);
        auto head = reader.take_head();
        response.status = head.status;
        response.headers = std::move(head.headers);
        return response;
    }
}

/// One connection that is kept and used again.
class Link {
  public:
    virtual ~Link() = default;
    /// Connects, unless it still is; then sends and receives.
    virtual void run(Exchange& exchange) = 0;
    /// Whether the last exchange used a connection from before.
    virtual bool was_kept() const = 0;
};

std::string why_not_connected(httplib::Error error) {
    switch (error) {
        case httplib::Error::ConnectionTimeout:
            return "no connection in time";
        case httplib::Error::SSLConnection:
            return "TLS handshake failed";
        case httplib::Error::SSLLoadingCerts:
            return "the file of trusted certificates cannot be read";
        case httplib::Error::SSLServerVerification:
            return "the server's certificate is not trusted or not for this host";
        case httplib::Error::Success:
        case httplib::Error::Unknown:
        case httplib::Error::Connection:
        case httplib::Error::BindIPAddress:
        case httplib::Error::Read:
        case httplib::Error::Write:
        case httplib::Error::ExceedRedirectCount:
        case httplib::Error::Canceled:
        case httplib::Error::UnsupportedMultipartBoundaryChars:
        case httplib::Error::Compression:
            break;
    }
    return "no connection";
}

/// httplib finds the host, connects, does TLS, verifies certificates, and notices when a kept
/// connection was closed. The words on it are ours: httplib has no limit on heads, none on the time
/// of a whole answer, reads status lines with std::regex, and sorts headers.
template <class Base>
class LinkBy final : public Link, private Base {
  public:
    LinkBy(const Url& url, const Client::Options& options)
        : Base(url.host, url.port, options.certificate_file, options.key_file) {
        this->set_tcp_nodelay(true);
        this->set_keep_alive(true);
        this->set_connection_timeout(options.connect_timeout);
        if (!options.ca_file.empty()) this->set_ca_cert_path(options.ca_file);
    }

    void run(Exchange& exchange) override {
        exchange_ = &exchange;
        connected_now_ = false;
        exchanged_ = false;
        httplib::Request nothing;
        httplib::Response ignored;
        auto error = httplib::Error::Success;
        this->Base::send(nothing, ignored, error);
        if (!exchanged_) exchange.outcome = failed(Errc::unreachable, why_not_connected(error));
    }
    bool was_kept() const override { return exchanged_ && !connected_now_; }

  private:
    bool create_and_connect_socket(httplib::ClientImpl::Socket& socket,
                                   httplib::Error& error) override {
        connected_now_ = true;
        // SSLClient's own override does the same, but is private.
        // NOLINTNEXTLINE(bugprone-parent-virtual-call)
        return this->is_valid() && httplib::ClientImpl::create_and_connect_socket(socket, error);
    }

    // False makes httplib close the connection.
    bool process_socket(const httplib::ClientImpl::Socket& socket,
                        std::function<bool(httplib::Stream&)>) override {
        exchanged_ = true;
        bool kept = false;
        Channel channel(socket.sock, socket.ssl, exchange_->timeout, *exchange_->stopwatch);
        exchange_->outcome = converse(channel, *exchange_, kept);
        return kept;
    }

    Exchange* exchange_ = nullptr;
    bool connected_now_ = false;
    bool exchanged_ = false;
};

/// Whether the client's own certificate can be shown: otherwise each call would fail, and say only
/// that the handshake did.
Result<void> look_at_certificate(const Client::Options& options) {
    const std::string& certificate = options.certificate_file;
    const std::string& key = options.key_file;
    if (certificate.empty() && key.empty()) return {};
    if (key.empty()) return failed(Errc::malformed, "no key file for " + certificate);
    if (certificate.empty()) return failed(Errc::malformed, "no certificate file for " + key);
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    if (!context) throw std::bad_alloc();
    std::string fault;
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
        fault = certificate + ": no certificate can be read from it";
    } else if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
        fault = key + ": not the key of " + certificate + ", or none that can be read";
    }
    ERR_clear_error();
    if (!fault.empty()) return failed(Errc::malformed, std::move(fault));
    return {};
}

/// OpenSSL writes without MSG_NOSIGNAL: a peer that has gone would end the process. A handler that
/// somebody has chosen stays.
void outlive_broken_pipes() {
    struct sigaction action {};
    if (::sigaction(SIGPIPE, nullptr, &action) != 0) return;
    const bool is_chosen = (action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler != SIG_DFL;
    if (is_chosen) return;
    action = {};
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, nullptr);
}

/// The request's bytes, or why it cannot be sent.
Result<std::string> serialize(const Request& request, const Url& base) {
    if (!is_token(request.method)) return failed(Errc::invalid_value, "the method cannot be sent");
    const std::string target = target_of(request);
    if (!target.starts_with('/'))
        return failed(Errc::invalid_value, "the path does not begin with /");
    if (!is_header_value(target) || target.find_first_of(" \t") != std::string::npos)
        return failed(Errc::invalid_value, "the query cannot be sent");
    std::string bytes = request.method + ' ';
    if (base.target != "/") bytes += base.target;
    bytes += target;
    bytes += " HTTP/1.1\r\n";
    if (!request.headers.find("Host"))
        bytes.append("Host: ").append(base.authority()).append("\r\n");
    for (const auto& [name, value] : request.headers) {
        if (!is_token(name) || !is_header_value(value))
            return failed(Errc::invalid_value, "a header of the request cannot be sent");
        if (equals_ignoring_case(name, "Content-Length") ||
            equals_ignoring_case(name, "Transfer-Encoding"))
            continue;
        bytes.append(name).append(": ").append(value).append("\r\n");
    }
    if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD"))
        bytes.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
    return bytes.append("\r\n").append(request.body);
}

}  // namespace

class Client::Impl {
  public:
    Impl(Url url, Options options) : url_(std::move(url)), options_(std::move(options)) {}

    Result<Response> send(const Request& request) {
        WXPAY_TRY(const std::string bytes, serialize(request, url_));
        auto link = borrow();
        // A server may close a kept connection just as the request is on its way, which is no news
        // about the request. So it goes once more, on a new connection, when nothing came back. It
        // may be that the server acted on it and died before it answered; then the repetition
        // reaches WeChat Pay as a repetition by the merchant would, with the same order number, and
        // is answered as such. Silence (timed_out) is never followed by a repetition.
        for (bool again = true;;) {
            Exchange exchange{.sent = bytes,
                              .to_head_request = request.method == "HEAD",
                              .timeout = options_.answer_timeout,
                              .limits = {kHeadBytesMax, options_.body_bytes_max},
                              .stopwatch = &stopwatch_};
            link->run(exchange);
            const bool closed_by_server = !exchange.outcome &&
                                          exchange.outcome.error().code == Errc::unreachable &&
                                          exchange.received == 0 && link->was_kept();
            if (closed_by_server && std::exchange(again, false)) continue;
            give_back(std::move(link));
            if (!exchange.outcome) exchange.outcome.error().detail.insert(0, url_.origin() + ": ");
            return std::move(exchange.outcome);
        }
    }

  private:
    std::unique_ptr<Link> borrow() {
        {
            const std::lock_guard lock(mutex_);
            if (!links_.empty()) {
                auto link = std::move(links_.back());
                links_.pop_back();
                return link;
            }
        }
        if (url_.scheme == "https")
            return std::make_unique<LinkBy<httplib::SSLClient>>(url_, options_);
        return std::make_unique<LinkBy<httplib::ClientImpl>>(url_, options_);
    }
    void give_back(std::unique_ptr<Link> link) {
        const std::lock_guard lock(mutex_);
        links_.push_back(std::move(link));
    }

    const Url url_;
    const Options options_;
    const SystemStopwatch stopwatch_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Link>>
        links_;  // connected or not; the last one used is the first to be used again
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;
Result<Response> Client::send(const Request& request) { return impl_->send(request); }

Result<std::unique_ptr<Client>> Client::create(Options options) {
    WXPAY_TRY(Url url, Url::parse(options.base_url));
    if (url.target.find('?') != std::string::npos)
        return failed(Errc::malformed, "url: a base url has no query");
    while (url.target.size() > 1 && url.target.ends_with('/')) url.target.pop_back();
    WXPAY_CHECK(look_at_certificate(options));
    if (url.scheme == "https") outlive_broken_pipes();
    return std::unique_ptr<Client>(
        new Client(std::make_unique<Impl>(std::move(url), std::move(options))));
}

}  // namespace wxpay::http
