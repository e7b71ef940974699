#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace wxpay::http {

/// The body of an answer that goes on: a bounded queue between whoever has something to tell and
/// the connection that carries it. Thread-safe; nothing in it waits.
class Stream {
  public:
    /// `waiting_bytes_max`: what may wait for a peer that reads slowly.
    explicit Stream(std::size_t waiting_bytes_max) : waiting_bytes_max_(waiting_bytes_max) {}

    /// Sends `bytes` after all that was written before. False when that is too late, because the
    /// stream has ended, or too much, because the peer has not taken what waits: then the stream
    /// ends behind the last write that was taken.
    bool write(std::string_view bytes);
    /// Nothing more will be written.
    void end();
    /// Whether a write can still reach the peer. It may stay true for a while after the peer has
    /// gone: only the connection knows.
    bool is_open() const;
    /// How much of what was written has not been taken yet.
    std::size_t waiting_bytes() const;

    // The connection's side.

    struct Piece {
        std::string bytes;
        bool last = false;  ///< nothing follows
    };
    /// What was written since the last call.
    Piece take();
    /// Calls `wake` once, as soon as take() has something to tell; perhaps at once, or from a
    /// thread that writes.
    void when_ready(std::function<void()> wake);
    /// The peer has gone: what waits is forgotten.
    void close();

  private:
    bool is_ready() const { return ended_ || !waiting_.empty(); }
    /// Changes something, then wakes whom it concerns, without the lock.
    bool change(const std::function<bool()>& action);

    const std::size_t waiting_bytes_max_;
    mutable std::mutex mutex_;
    std::string waiting_;
    bool ended_ = false;
    std::function<void()> wake_;
};

}  // namespace wxpay::http
