#include "core/codec/gzip.hpp"

#include <array>
#include <memory>
#include <new>
#include <zlib.h>

namespace wxpay {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's way to say: with gzip's header and trailer

Bytef* input(std::string_view bytes) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib only reads it
}

/// zlib's state, given back in every case.
class Stream {
  public:
    Stream(std::string_view bytes, int (*end)(z_stream*)) : end_(end) {
        stream_.next_in = input(bytes);
        stream_.avail_in = static_cast<uInt>(bytes.size());
    }
    ~Stream() { end_(&stream_); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    z_stream* get() { return &stream_; }
    z_stream* operator->() { return &stream_; }

  private:
    z_stream stream_{};
    int (*end_)(z_stream*);
};

}  // namespace

std::string gzip(std::string_view bytes) {
    constexpr int kMemory = 8;
    Stream stream(bytes, deflateEnd);
    if (deflateInit2(stream.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc();
    }
    std::string out(deflateBound(stream.get(), bytes.size()), '\0');
    stream->next_out = reinterpret_cast<Bytef*>(out.data());
    stream->avail_out = static_cast<uInt>(out.size());
    deflate(stream.get(), Z_FINISH);
    out.resize(stream->total_out);
    return out;
}

std::optional<std::string> gunzip(std::string_view file, std::size_t bytes_max) {
    constexpr std::size_t kStep = 64 * 1024;
    Stream stream(file, inflateEnd);
    if (inflateInit2(stream.get(), kGzipWindow) != Z_OK) throw std::bad_alloc();
    const auto step = std::make_unique<std::array<char, kStep>>();
    std::string out;
    for (;;) {
        stream->next_out = reinterpret_cast<Bytef*>(step->data());
        stream->avail_out = static_cast<uInt>(kStep);
        const int result = inflate(stream.get(), Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END) return std::nullopt;
        out.append(step->data(), kStep - stream->avail_out);
        if (out.size() > bytes_max) return std::nullopt;
        if (result == Z_OK) continue;
        if (stream->avail_in == 0) return out;
        inflateReset(stream.get());  // another member
    }
}

}  // namespace wxpay
