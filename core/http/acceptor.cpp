#include "core/http/acceptor.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <httplib.h>

#include "core/http/url.hpp"

namespace wxpay::http {
namespace {

constexpr int kBacklog =
    4096;  // httplib's own, 5, makes bursts of new connections wait for retries
constexpr int kPauseMillis = 10;

std::string why_not(const std::string& place, int error) {
    switch (error) {
        case EADDRINUSE:
            return place + " is in use";
        case EACCES:
            return "no permission to listen on " + place;
        case EADDRNOTAVAIL:
            return place + " is not an address of this machine";
        default:
            return "cannot listen on " + place + ": " + std::strerror(error);
    }
}

/// Runs the accept callback on the accepting thread: all it does is hand the socket on.
class InlineQueue final : public httplib::TaskQueue {
  public:
    void enqueue(std::function<void()> task) override { task(); }
    void shutdown() override {}
};

}  // namespace

class Acceptor::Listener final : public httplib::Server {
  public:
    explicit Listener(Adopt adopt) : adopt_(std::move(adopt)) {
        new_task_queue = [] { return new InlineQueue; };
        set_tcp_nodelay(true);  // accepted sockets inherit it
        set_socket_options([this](socket_t fd) {
            bound_ = fd;
            // Not SO_REUSEPORT, httplib's default: two servers would share the port and neither
            // would know.
            const int on = 1;
            ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        });
    }
    ~Listener() override {
        if (svr_sock_ != INVALID_SOCKET && !ran_) ::close(svr_sock_);
        if (kept_ >= 0) ::close(kept_);
    }

    /// The port, or an error.
    Result<int> bind(const std::string& host, int port) {
        // A client that goes to 127.0.0.1 must find a server that was told "localhost".
        if (host == "localhost") set_address_family(AF_INET);
        const auto place = host_and_port(host, port);
        const int bound_port =
            port == 0 ? bind_to_any_port(host) : (bind_to_port(host, port) ? port : -1);
        if (bound_port < 0 && bound_ < 0)
            return Failure{Error{Errc::unreachable, "unknown host " + host}};
        if (bound_port >= 0) kept_ = ::fcntl(bound_, F_DUPFD_CLOEXEC, 0);
        if (kept_ < 0 || ::listen(kept_, kBacklog) != 0)
            return Failure{Error{Errc::unreachable, why_not(place, errno)}};
        return bound_port;
    }

    void accept_until_stopped() {
        ran_ = true;
        // httplib gives up on errors of accept() that concern one connection, or that pass: out of
        // memory, say.
        while (listen_after_bind(), !stopping_) {
            ::poll(nullptr, 0, kPauseMillis);
            svr_sock_ = ::fcntl(kept_, F_DUPFD_CLOEXEC, 0);
        }
    }

    // Not httplib's stop(), which does nothing while its loop is not running yet. A socket that was
    // shut down makes accept() fail now and later.
    void stop_accepting() {
        stopping_ = true;
        if (kept_ >= 0) ::shutdown(kept_, SHUT_RDWR);
    }

  private:
    bool process_and_close_socket(socket_t fd) override {
        try {
            adopt_(Descriptor(fd));
        } catch (const std::exception&) {
            // No memory for one more connection: those that are here go on.
        }
        return true;
    }

    Adopt adopt_;
    int bound_ = -1;
    int kept_ = -1;
    std::atomic<bool> stopping_{false};
    bool ran_ = false;
};

Acceptor::Acceptor(Adopt adopt) : listener_(std::make_unique<Listener>(std::move(adopt))) {}

Acceptor::~Acceptor() { stop(); }

Result<void> Acceptor::listen(const std::string& host, int port) {
    if (port < 0 || port > 65535)
        return Failure{Error{Errc::unreachable, std::to_string(port) + " is not a port"}};
    WXPAY_TRY(port_, listener_->bind(host, port));
    return {};
}

void Acceptor::start() {
    thread_ = std::thread([this] { listener_->accept_until_stopped(); });
}

void Acceptor::stop() {
    listener_->stop_accepting();
    if (thread_.joinable()) thread_.join();
}

}  // namespace wxpay::http
