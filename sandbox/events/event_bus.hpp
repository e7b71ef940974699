#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/stream.hpp"

namespace wxpay::sandbox {

enum class EventKind { order, notification, exchange, clock };

/// "order", "notification", "exchange", "clock".
std::string_view wire_name(EventKind kind);
std::optional<EventKind> parse_event_kind(std::string_view word);

/// Something that has changed, as the control API tells it.
struct Event {
    EventKind kind;
    std::string mch_id;        ///< empty: no merchant's own
    std::string out_trade_no;  ///< empty: no order's
    std::string data;          ///< JSON on one line
};

/// Which events a listener wants; empty members do not narrow. The clock is everybody's.
struct EventFilter {
    std::vector<EventKind> kinds;
    std::string mch_id;
    std::string out_trade_no;
};

/// Tells those who listen what has changed, as server-sent events. It costs nothing while nobody
/// listens. Who reads too slowly is let go: the stream has its own limit. Thread-safe.
class EventBus {
  public:
    /// False when kEventStreamsMax listen already.
    bool subscribe(std::shared_ptr<http::Stream> stream, EventFilter filter);
    /// Whether making an event is worth the while.
    bool is_heard() const { return count_ > 0; }
    std::size_t listeners() const { return count_; }
    void publish(const Event& event);

  private:
    struct Listener {
        std::shared_ptr<http::Stream> stream;  // shared with its connection
        EventFilter filter;
    };

    std::atomic<std::size_t> count_{0};
    std::mutex mutex_;
    std::vector<Listener> listeners_;
};

}  // namespace wxpay::sandbox
