#pragma once

#include <utility>

namespace wxpay {

/// A file descriptor that is closed with its owner. A negative number is none.
class Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    int get() const { return fd_; }
    /// Gives it up: the caller closes it.
    int release() { return std::exchange(fd_, -1); }

  private:
    int fd_;
};

}  // namespace wxpay
