#include "tests/support/raw_socket.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace wxpay::test {
namespace {

constexpr int kPatienceMillis = 20'000;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("raw socket: " + what); }

void wait_for(int fd, short events) {
    pollfd wanted{.fd = fd, .events = events, .revents = 0};
    if (::poll(&wanted, 1, kPatienceMillis) <= 0) fail("waited too long");
}

}  // namespace

RawSocket::RawSocket(int port, const char* address, int receive_buffer) {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_in);
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    if (::inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(static_cast<std::uint16_t>(port));
    } else if (::inet_pton(AF_INET6, address, &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(static_cast<std::uint16_t>(port));
        size = sizeof(sockaddr_in6);
    } else {
        fail("not an address");
    }
    fd_ = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0) fail(std::strerror(errno));
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0)
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&storage), size) != 0) {
        const int error = errno;
        close();
        fail(std::strerror(error));
    }
}

RawSocket::~RawSocket() { close(); }

RawSocket::RawSocket(RawSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

bool RawSocket::try_send(std::string_view bytes) {
    while (!bytes.empty()) {
        wait_for(fd_, POLLOUT);
        const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno != EAGAIN && errno != EINTR) {
            return false;
        }
    }
    return true;
}

void RawSocket::send(std::string_view bytes) {
    if (!try_send(bytes)) fail("the peer takes no more");
}

std::size_t RawSocket::receive() {
    std::array<char, 64 * 1024> bytes;
    for (;;) {
        wait_for(fd_, POLLIN);
        const auto received = ::recv(fd_, bytes.data(), bytes.size(), 0);
        if (received < 0 && errno == EINTR) continue;
        if (received <= 0) return 0;
        buffer_.append(bytes.data(), static_cast<std::size_t>(received));
        return static_cast<std::size_t>(received);
    }
}

std::string RawSocket::recv_until(std::string_view end) {
    for (std::size_t scanned = 0;;) {
        const auto found = buffer_.find(end, scanned);
        if (found != std::string::npos) {
            auto taken = buffer_.substr(0, found + end.size());
            buffer_.erase(0, taken.size());
            return taken;
        }
        scanned = buffer_.size() - std::min(buffer_.size(), end.size());
        if (receive() == 0) fail("the peer closed after: " + buffer_);
    }
}

std::string RawSocket::recv_response() {
    auto response = recv_until("\r\n\r\n");
    const auto length = response.find("Content-Length: ");
    if (length == std::string::npos) return response;
    const auto body = std::stoul(response.substr(length + 16));
    while (buffer_.size() < body)
        if (receive() == 0) fail("the peer closed within a body");
    response += buffer_.substr(0, body);
    buffer_.erase(0, body);
    return response;
}

std::string RawSocket::recv_all() {
    while (receive() > 0) {
    }
    return std::exchange(buffer_, {});
}

void RawSocket::finish() { ::shutdown(fd_, SHUT_WR); }

void RawSocket::reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

void RawSocket::close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

RawListener::RawListener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd_, generic, size) != 0 || ::listen(fd_, 64) != 0 ||
        ::getsockname(fd_, generic, &size) != 0)
        fail(std::strerror(errno));
    port_ = ntohs(address.sin_port);
}

RawListener::~RawListener() { ::close(fd_); }

RawSocket RawListener::accept() {
    wait_for(fd_, POLLIN);
    RawSocket socket;
    socket.fd_ = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket.fd_ < 0) fail(std::strerror(errno));
    return socket;
}

bool eventually(const std::function<bool()>& condition) {
    for (int waited = 0; waited < kPatienceMillis; ++waited) {
        if (condition()) return true;
        ::poll(nullptr, 0, 1);
    }
    return false;
}

void allow_open_files(std::size_t count) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(count, limit.rlim_max));
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace wxpay::test
