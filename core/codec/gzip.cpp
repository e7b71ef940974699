#include "core/codec/gzip.hpp"

#include <algorithm>
#include <new>
#include <zlib.h>

namespace wxpay {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's way to say: with gzip's header and trailer

Bytef* input(std::string_view bytes) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib only reads it
}

}  // namespace

std::string gzip(std::string_view bytes) {
    constexpr int kMemory = 8;
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc();
    }
    std::string out(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = input(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::optional<std::string> gunzip(std::string_view file, std::size_t bytes_max) {
    constexpr std::size_t kStep = 64 * 1024;
    z_stream stream{};
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) throw std::bad_alloc();
    stream.next_in = input(file);
    stream.avail_in = static_cast<uInt>(file.size());
    std::string out;
    int result = Z_OK;
    while (result == Z_OK && out.size() <= bytes_max) {
        const std::size_t before = out.size();
        out.resize(before + kStep);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
        stream.avail_out = static_cast<uInt>(kStep);
        result = inflate(&stream, Z_NO_FLUSH);
        out.resize(before + kStep - stream.avail_out);
    }
    inflateEnd(&stream);
    if (result != Z_STREAM_END || out.size() > bytes_max) return std::nullopt;
    return out;
}

}  // namespace wxpay
