#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace wxpay::test {

/// A blocking TCP client on loopback that sends exactly the bytes it is told to. Failures and waits
/// of more than 20 seconds throw std::runtime_error, which fails the test.
class RawSocket {
  public:
    /// `receive_buffer` in bytes makes a slow reader: the kernel takes no more than about that from
    /// the server.
    explicit RawSocket(int port, const char* address = "127.0.0.1", int receive_buffer = 0);
    ~RawSocket();
    RawSocket(RawSocket&& other) noexcept;
    RawSocket& operator=(RawSocket&&) = delete;

    void send(std::string_view bytes);
    /// Sends what the peer takes; false when it has closed the connection.
    bool try_send(std::string_view bytes);

    /// Everything up to and including `end`; what follows stays for the next call. Throws when the
    /// peer ends before.
    std::string recv_until(std::string_view end);
    /// One HTTP response with a Content-Length: its bytes.
    std::string recv_response();
    /// Everything until the peer closes or resets the connection.
    std::string recv_all();

    void finish();  ///< half close: nothing more will be sent
    void reset();   ///< closes so that the peer gets a reset
    void close();

    /// For what only works on descriptors, TLS for instance.
    int fd() const { return fd_; }

  private:
    friend class RawListener;
    RawSocket() = default;
    std::size_t receive();  // into buffer_; 0 at the end

    int fd_ = -1;
    std::string buffer_;
};

/// The other end: listens on a free port of 127.0.0.1.
class RawListener {
  public:
    RawListener();
    ~RawListener();
    RawListener(const RawListener&) = delete;
    RawListener& operator=(const RawListener&) = delete;

    int port() const { return port_; }
    RawSocket accept();

  private:
    int fd_;
    int port_ = 0;
};

/// Waits until `condition` holds; false when that takes more than 20 seconds.
bool eventually(const std::function<bool()>& condition);

/// Lets this process open that many files, if it may.
void allow_open_files(std::size_t count);

}  // namespace wxpay::test
