#include <string>

#include <benchmark/benchmark.h>

#include "core/codec/utf8.hpp"
#include "core/codec/xml.hpp"
#include "core/v2/message.hpp"

#include "bench/messages.hpp"

namespace wxpay::bench {
namespace {

void parse_xml(benchmark::State& state, const std::string& xml) {
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(XmlMessage::parse(xml));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(xml.size()));
}

void render_xml(benchmark::State& state) {
    v2::Message message;
    for (const FieldView& field : order_fields("20240601120000001"))
        message.text(field.name, field.value);
    message.sign(demo_key(), v2::SignType::md5);
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(message.render());
}

void check_utf8(benchmark::State& state, const std::string& text) {
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(is_utf8(text));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

/// As merchants' libraries write it: indented, escaped with entities.
std::string java_order() {
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\r\n<xml>\r\n";
    for (const FieldView& field : order_fields("20240601120000001")) {
        out.append("  <").append(field.name).append(">").append(field.value);
        out.append("&amp;</").append(field.name).append(">\r\n");
    }
    return out + "</xml>\r\n";
}

BENCHMARK_CAPTURE(parse_xml, order, order_xml("20240601120000001", v2::SignType::md5));
BENCHMARK_CAPTURE(parse_xml, order_with_entities, java_order());
BENCHMARK_CAPTURE(parse_xml, notification, notification_xml(v2::SignType::md5));
BENCHMARK(render_xml);
BENCHMARK_CAPTURE(check_utf8, notification, notification_xml(v2::SignType::md5));

}  // namespace
}  // namespace wxpay::bench
