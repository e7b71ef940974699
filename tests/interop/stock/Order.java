// Orders by WeChat's own address with HttpsURLConnection, and prints the answer. Runs as it is: java Order.java
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.net.ssl.HttpsURLConnection;

public class Order {
    public static void main(String[] arguments) throws Exception {
        Map<String, String> order = new TreeMap<>(Map.of(
            "appid", System.getenv("WXPAY_SANDBOX_APPID"), "mch_id", System.getenv("WXPAY_SANDBOX_MCH_ID"),
            "nonce_str", "java", "body", "stock client", "out_trade_no", "JAVA1", "total_fee", "1",
            "spbill_create_ip", "127.0.0.1", "notify_url", "http://127.0.0.1:9/notify", "trade_type", "NATIVE"));
        String text = order.entrySet().stream().map(Object::toString).collect(Collectors.joining("&"))
            + "&key=" + System.getenv("WXPAY_SANDBOX_API_KEY");
        StringBuilder sign = new StringBuilder();
        for (byte each : MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8))) {
            sign.append(String.format("%02X", each));
        }
        order.put("sign", sign.toString());
        String xml = order.entrySet().stream()
            .map(field -> "<" + field.getKey() + ">" + field.getValue() + "</" + field.getKey() + ">")
            .collect(Collectors.joining("", "<xml>", "</xml>"));
        HttpsURLConnection connection = (HttpsURLConnection)
            URI.create("https://api.mch.weixin.qq.com/pay/unifiedorder").toURL().openConnection();
        connection.setConnectTimeout(20_000);
        connection.setReadTimeout(20_000);
        connection.setDoOutput(true);
        connection.getOutputStream().write(xml.getBytes(StandardCharsets.UTF_8));
        System.out.println(new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }
}
