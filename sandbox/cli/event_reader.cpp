#include "sandbox/cli/event_reader.hpp"

#include <utility>

namespace wxpay::sandbox::cli {

bool EventReader::read(std::string_view bytes) {
    constexpr std::size_t kLineMax = 16 * 1024 * 1024;
    rest_ += bytes;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
        read_line(std::string_view(rest_).substr(begin, end - begin));
    rest_.erase(0, begin);
    return rest_.size() <= kLineMax;
}

void EventReader::read_line(std::string_view line) {
    constexpr std::string_view kEvent = "event: ";
    constexpr std::string_view kData = "data: ";
    if (line.starts_with(kEvent)) {
        event_.kind = line.substr(kEvent.size());
    } else if (line.starts_with(kData)) {
        event_.data = line.substr(kData.size());
    } else if (line.empty() && !event_.data.empty()) {
        on_event_(std::exchange(event_, {}));
    }
}

}  // namespace wxpay::sandbox::cli
