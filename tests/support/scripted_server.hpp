#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <cstdint>
#include <fcntl.h>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/http/url.hpp"

namespace wxpay::test {

/// A file descriptor that is closed with its owner.
class Fd {
  public:
    explicit Fd(int fd = -1) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

  private:
    int fd_;
};

/// A loopback port of its own. Without listen() it refuses connections; with it, and nobody who
/// accepts, the kernel takes connections and nothing ever answers.
class Port {
  public:
    Port() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof(address);
        EXPECT_EQ(::bind(fd_.get(), generic, size), 0);
        EXPECT_EQ(::getsockname(fd_.get(), generic, &size), 0);
        number_ = ntohs(address.sin_port);
    }
    void listen(int backlog = 512) const { EXPECT_EQ(::listen(fd_.get(), backlog), 0); }
    Fd accept() const { return Fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }
    bool has_connection() const {
        ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
        return accept().get() >= 0;
    }
    void shutdown() const { ::shutdown(fd_.get(), SHUT_RDWR); }
    int number() const { return number_; }
    http::Url url(const std::string& host = "127.0.0.1") const {
        return {.scheme = "http", .host = host, .port = number_, .target = "/notify?a=1"};
    }

  private:
    Fd fd_;
    int number_ = 0;
};

/// One accepted connection, seen from the server.
class Peer {
  public:
    explicit Peer(int fd) : fd_(fd) {}
    virtual ~Peer() = default;

    /// The next whole request, head and body; empty when the client has closed.
    std::string request() {
        for (;;) {
            if (const auto head = buffer_.find("\r\n\r\n"); head != std::string::npos) {
                constexpr std::string_view kLength = "Content-Length: ";
                const auto length = buffer_.find(kLength);
                const std::size_t size =
                    head + 4 + std::stoul(buffer_.substr(length + kLength.size()));
                if (buffer_.size() >= size) {
                    std::string whole = buffer_.substr(0, size);
                    buffer_.erase(0, size);
                    return whole;
                }
            }
            std::string piece = receive();
            if (piece.empty()) return {};
            buffer_ += piece;
        }
    }
    /// Whatever comes next; empty when the client has closed.
    virtual std::string receive() {
        std::string bytes(64 * 1024, '\0');
        const auto size = ::recv(fd_, bytes.data(), bytes.size(), 0);
        bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return bytes;
    }
    virtual void send(const std::string& bytes) {
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            const auto size = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (size <= 0) return;
            sent += static_cast<std::size_t>(size);
        }
    }
    /// Closing will reset the connection instead of ending it.
    void reset_on_close() {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    }

  protected:
    int fd_;

  private:
    std::string buffer_;
};

/// A server whose connections are each played by a function in a thread of its own; the connection
/// closes when the function returns. `n` counts connections from 1.
class ScriptedServer {
  public:
    using Script = std::function<void(Peer& peer, int n)>;

    explicit ScriptedServer(Script script)
        : ScriptedServer([script = std::move(script)](int fd, int n) {
              Peer peer(fd);
              script(peer, n);
          }) {}
    explicit ScriptedServer(std::function<void(int fd, int n)> script)
        : script_(std::move(script)) {
        port_.listen();
        acceptor_ = std::thread([this] { accept_all(); });
    }
    ~ScriptedServer() {
        port_.shutdown();
        acceptor_.join();
        {
            const std::lock_guard lock(mutex_);
            for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
        }
        for (auto& player : players_) player.join();
    }

    http::Url url(const std::string& host = "127.0.0.1") const { return port_.url(host); }
    std::string name() const { return "127.0.0.1:" + std::to_string(port_.number()); }
    int accepts() const { return accepts_; }

  private:
    void accept_all() {
        for (;;) {
            Fd fd = port_.accept();
            if (fd.get() < 0) return;
            const int n = ++accepts_;
            {
                const std::lock_guard lock(mutex_);
                open_.push_back(fd.get());
            }
            players_.emplace_back([this, n, fd = std::move(fd)] {
                script_(fd.get(), n);
                const std::lock_guard lock(mutex_);
                std::erase(open_, fd.get());
                ::shutdown(fd.get(), SHUT_WR);
            });
        }
    }

    Port port_;
    std::function<void(int fd, int n)> script_;
    std::atomic<int> accepts_ = 0;
    std::mutex mutex_;
    std::vector<int> open_;
    std::vector<std::thread> players_;
    std::thread acceptor_;
};

inline const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers every request of every connection.
inline void answer_all(Peer& peer, int) {
    while (!peer.request().empty()) peer.send(kOk);
}

}  // namespace wxpay::test
