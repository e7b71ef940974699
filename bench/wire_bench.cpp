// One client that orders over loopback, a call after the other: plain HTTP, TLS, and TLS through
// the forward proxy side by side, over a kept connection and over a new one for each call (TLS
// sessions resumed). Their names begin with "wire/"; scripts/bench.sh runs them by themselves. The
// TLS listener's certificates lie below XDG_CACHE_HOME.
#include <arpa/inet.h>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/crypto/openssl.hpp"
#include "core/http/framing.hpp"
#include "core/http/url.hpp"

#include "bench/calls.hpp"
#include "bench/messages.hpp"
#include "sandbox/server.hpp"

namespace wxpay::bench {
namespace {

using namespace openssl;
using SessionPtr = std::unique_ptr<SSL_SESSION, Freeing<SSL_SESSION_free>>;

const std::string kHost = "api.mch.weixin.qq.com";

enum class Way { plain, tls, proxy };

/// A blocking connection to a port of 127.0.0.1.
class Connection {
  public:
    explicit Connection(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("no connection");
    }
    ~Connection() {
        tls_.reset();
        ::close(fd_);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void open_tunnel() {
        send("CONNECT " + kHost + ":443 HTTP/1.1\r\nHost: " + kHost + ":443\r\n\r\n");
        while (!buffer_.ends_with("\r\n\r\n")) receive();
        if (!buffer_.starts_with("HTTP/1.1 200 ")) throw std::runtime_error(buffer_);
        buffer_.clear();
    }
    void shake_hands(SSL_CTX* context, SSL_SESSION* session) {
        tls_.reset(SSL_new(context));
        SSL_set_fd(tls_.get(), fd_);
        if (session != nullptr) SSL_set_session(tls_.get(), session);
        if (SSL_connect(tls_.get()) != 1) throw std::runtime_error("no handshake");
    }
    bool resumed() const { return tls_ && SSL_session_reused(tls_.get()) == 1; }
    SessionPtr session() const { return SessionPtr(tls_ ? SSL_get1_session(tls_.get()) : nullptr); }

    /// The answer's body.
    std::string ask(const std::string& request) {
        send(request);
        auto reader = http::MessageReader::response({}, false);
        for (;;) {
            const auto whole = reader.read(buffer_);
            if (!whole) throw std::runtime_error(whole.error().detail);
            if (*whole) break;
            receive();
        }
        std::string body = reader.take_body(buffer_);
        buffer_.erase(0, reader.size());
        return body;
    }

  private:
    void send(const std::string& bytes) {
        const auto sent = tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                               : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent != static_cast<ssize_t>(bytes.size())) throw std::runtime_error("not sent");
    }
    void receive() {
        char bytes[16 * 1024];
        const auto size =
            tls_ ? SSL_read(tls_.get(), bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
        if (size <= 0) throw std::runtime_error("closed");
        buffer_.append(bytes, static_cast<std::size_t>(size));
    }

    const int fd_;
    TlsPtr tls_;
    std::string buffer_;
};

/// A sandbox, and what reaches it one way.
class Site {
  public:
    explicit Site(Way way) : way_(way), server_(config()) {
        if (!server_.start()) throw std::runtime_error("no server");
        const std::string& url = way == Way::plain ? server_.base_url()
                                 : way == Way::tls ? server_.https_url()
                                                   : server_.proxy_url();
        port_ = http::Url::parse(url)->port;
        SSL_CTX_load_verify_file(context_.get(), server_.certificate_files()->ca.c_str());
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    }

    std::unique_ptr<Connection> connect() {
        auto connection = std::make_unique<Connection>(port_);
        if (way_ == Way::proxy) connection->open_tunnel();
        if (way_ != Way::plain) connection->shake_hands(context_.get(), session_.get());
        return connection;
    }
    void remember(const Connection& connection) { session_ = connection.session(); }
    bool has_tls() const { return way_ != Way::plain; }

  private:
    static sandbox::Config config() {
        sandbox::Config config = manual_config();
        config.proxy.emplace("127.0.0.1", 0);
        return config;
    }

    const Way way_;
    sandbox::Server server_;
    int port_ = 0;
    TlsContextPtr context_{SSL_CTX_new(TLS_client_method())};
    SessionPtr session_;
};

/// Signed requests for orders that are each a new one.
class Orders {
  public:
    bool empty() const { return requests_.empty(); }
    void refill() {
        constexpr int kBatch = 1'000;
        for (int i = 0; i < kBatch; ++i) {
            const std::string body = order_xml("W" + std::to_string(number_++), v2::SignType::md5);
            requests_.push_back("POST /pay/unifiedorder HTTP/1.1\r\nHost: " + kHost +
                                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                                body);
        }
    }
    std::string next() {
        std::string request = std::move(requests_.back());
        requests_.pop_back();
        return request;
    }

  private:
    int number_ = 0;
    std::vector<std::string> requests_;
};

void order_over_the_wire(benchmark::State& state, Way way, bool keeps) {
    Site site(way);
    Orders orders;
    auto connection = site.connect();
    orders.refill();
    connection->ask(orders.next());  // TLS 1.3 brings what resumes a session with the first answer
    for ([[maybe_unused]] auto _ : state) {
        if (orders.empty()) {
            state.PauseTiming();
            orders.refill();
            state.ResumeTiming();
        }
        if (!keeps) {
            site.remember(*connection);
            connection = site.connect();
        }
        if (connection->ask(orders.next()).find("<prepay_id>") == std::string::npos)
            return state.SkipWithError("an order was refused");
    }
    if (!keeps && site.has_tls() && !connection->resumed())
        state.SkipWithError("a session was not resumed");
}
BENCHMARK_CAPTURE(order_over_the_wire, plain_kept, Way::plain, true)
    ->Name("wire/plain/kept")
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(order_over_the_wire, tls_kept, Way::tls, true)
    ->Name("wire/tls/kept")
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(order_over_the_wire, proxy_kept, Way::proxy, true)
    ->Name("wire/proxy_tls/kept")
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(order_over_the_wire, plain_new, Way::plain, false)
    ->Name("wire/plain/new")
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(order_over_the_wire, tls_new, Way::tls, false)
    ->Name("wire/tls/new")
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(order_over_the_wire, proxy_new, Way::proxy, false)
    ->Name("wire/proxy_tls/new")
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
}  // namespace wxpay::bench
