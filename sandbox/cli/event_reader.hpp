#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace wxpay::sandbox::cli {

/// An event of the server's stream.
struct ReceivedEvent {
    std::string kind;  ///< "order", "notification", "exchange" or "clock"
    std::string data;  ///< JSON
};

/// Finds the events in a stream that arrives in pieces. Comments and fields that the sandbox does
/// not send are skipped.
class EventReader {
  public:
    explicit EventReader(std::function<void(const ReceivedEvent&)> on_event)
        : on_event_(std::move(on_event)) {}

    /// False when a line is so long that this is no stream of the sandbox's.
    bool read(std::string_view bytes);

  private:
    void read_line(std::string_view line);

    std::function<void(const ReceivedEvent&)> on_event_;
    std::string rest_;  // the line that has not ended
    ReceivedEvent event_;
};

}  // namespace wxpay::sandbox::cli
