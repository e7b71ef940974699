// Orders by WeChat's own address with net/http, and prints the answer. Runs as it is: go run order.go
package main

import (
	"crypto/md5"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sort"
	"strings"
	"time"
)

func main() {
	order := map[string]string{
		"appid": os.Getenv("WXPAY_SANDBOX_APPID"), "mch_id": os.Getenv("WXPAY_SANDBOX_MCH_ID"), "nonce_str": "go",
		"body": "stock client", "out_trade_no": "GO1", "total_fee": "1", "spbill_create_ip": "127.0.0.1",
		"notify_url": "http://127.0.0.1:9/notify", "trade_type": "NATIVE",
	}
	var names []string
	for name := range order {
		names = append(names, name)
	}
	sort.Strings(names)
	var text, xml strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "%s=%s&", name, order[name])
		fmt.Fprintf(&xml, "<%s>%s</%s>", name, order[name], name)
	}
	fmt.Fprintf(&text, "key=%s", os.Getenv("WXPAY_SANDBOX_API_KEY"))
	fmt.Fprintf(&xml, "<sign>%X</sign>", md5.Sum([]byte(text.String())))
	client := http.Client{Timeout: 20 * time.Second}
	answer, err := client.Post("https://api.mch.weixin.qq.com/pay/unifiedorder", "text/xml",
		strings.NewReader("<xml>"+xml.String()+"</xml>"))
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(body))
}
