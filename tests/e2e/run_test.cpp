// `wxpay-sandbox run -- CMD`: what the command is given, and what becomes of it.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <sys/wait.h>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "tests/support/process.hpp"
#include "tests/support/scripted_server.hpp"

namespace wxpay::test {
namespace {

const std::string kProgram = WXPAY_SANDBOX_PROGRAM;

std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> line_of(std::vector<std::string> options, const std::string& script) {
    options.insert(options.begin(), "run");
    options.insert(options.end(), {"--", "/bin/sh", "-c", script});
    return options;
}

Ran run(const std::vector<std::string>& arguments,
        const std::map<std::string, std::string>& environment = {}) {
    return run_to_end(kProgram, arguments, environment);
}

Ran run_script(std::vector<std::string> options, const std::string& script,
               const std::map<std::string, std::string>& environment = {}) {
    return run(line_of(std::move(options), script), environment);
}

/// A script in a run of its own, with $FIFO as file 3: whoever it starts holds that, too.
class Running {
  public:
    Running(std::vector<std::string> options, const std::string& script)
        : fifo_(directory_ / "fifo"),
          process_(kProgram, line_of(std::move(options), "exec 3>$FIFO; " + script),
                   {{"FIFO", fifo_.path().string()}}) {}

    Fifo& fifo() { return fifo_; }
    Process& process() { return process_; }

  private:
    TemporaryDirectory directory_;
    Fifo fifo_;
    Process process_;
};

void expect_one_line_with(const Ran& ran, const std::string& text) {
    EXPECT_NE(ran.output.find(text), std::string::npos) << ran.output;
    EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 1) << ran.output;
}

TEST(Run, ExitsWithTheCommandsStatus) {
    EXPECT_EQ(run_script({}, "exit 0").status, 0);
    EXPECT_EQ(run_script({}, "exit 3").status, 3);
    EXPECT_EQ(run_script({}, "kill -KILL $$").status, 128 + SIGKILL);
    EXPECT_EQ(run_script({}, "kill -TERM $$").status, 128 + SIGTERM);
}

TEST(Run, SaysLikeAShellThatACommandCannotBeStarted) {
    const TemporaryDirectory directory;
    std::ofstream(directory / "plain") << "no program";
    const std::pair<std::string, int> cases[] = {
        {(directory / "missing").string(), 127}, {"no-such-program-anywhere", 127}, {"", 127},
        {(directory / "plain").string(), 126},   {directory.path().string(), 126},
    };
    for (const auto& [command, status] : cases) {
        const auto ran = run({"run", "--quiet", "--", command});
        EXPECT_EQ(ran.status, status) << command;
        expect_one_line_with(ran, "'" + command + "'");
    }
}

TEST(Run, RefusesWrongUseBeforeTheCommandIsStarted) {
    const TemporaryDirectory directory;
    const std::string marker = (directory / "started").string();
    const Port taken;
    taken.listen();
    const std::string port = std::to_string(taken.number());
    std::ofstream(directory / "file") << "x";
    const std::string report = (directory / "report").string();
    const std::string same_report = (directory / "." / "report").string();
    const std::string below_file = (directory / "file" / "report.xml").string();
    const std::pair<std::vector<std::string>, std::string> cases[] = {
        {{"--frobnicate"}, "--frobnicate"},
        {{"--port", "none"}, "--port 'none'"},
        {{"--port", port}, port},
        {{"--https", "127.0.0.1:" + port}, "--https"},
        {{"--report", "html:x"}, "--report 'html:x': junit:FILE or json:FILE"},
        {{"--report", "json:"}, "--report 'json:'"},
        {{"--report", "junit:" + below_file}, below_file},
        {{"--report", "json:" + directory.path().string()}, directory.path().string()},
        {{"--report", "json:" + report, "--report", "junit:" + report},
         "--report 'junit:" + report + "'"},
        {{"--report", "json:" + report, "--report", "json:" + same_report},
         "--report 'json:" + same_report + "'"},
        {{"--https", "off"}, "--proxy off"},
        {{"--fail-on", "sometimes"}, "--fail-on 'sometimes'"},
        {{"--grace", "long"}, "--grace 'long'"},
        {{"--mch-id", "1999999999"}, "1999999999"},
    };
    for (const auto& [options, names] : cases) {
        auto line = options;
        line.insert(line.begin(), "run");
        line.insert(line.end(), {"--", "/usr/bin/touch", marker});
        const auto ran = run(line);
        EXPECT_EQ(ran.status, 2) << options[0];
        expect_one_line_with(ran, names);
        EXPECT_FALSE(std::filesystem::exists(marker)) << options[0];
    }
    expect_one_line_with(run({"run"}), "no command");
    expect_one_line_with(run({"run", "--"}), "no command");
    expect_one_line_with(run({"run", "/usr/bin/touch", marker}), "/usr/bin/touch");
    EXPECT_EQ(run({"run", "/usr/bin/touch", marker}).status, 2);
    EXPECT_FALSE(std::filesystem::exists(marker));
}

TEST(Run, HelpsWithItsOptions) {
    const auto ran = run({"run", "--help"});
    EXPECT_EQ(ran.status, 0);
    for (const char* const option : {"--report", "--fail-on", "--grace", "--mch-id", "--clock"})
        EXPECT_NE(ran.output.find(option), std::string::npos) << option;
}

TEST(Run, LeavesArgumentsAndStreamsAlone) {
    const auto ran = run(
        {"run", "--quiet", "--", "printf", "<%s>", "a b", "it's", "\"$q\"", "", "--help", "--"});
    EXPECT_EQ(ran.output, "<a b><it's><\"$q\"><><--help><-->");
    const TemporaryDirectory directory;
    Process piped("/bin/sh", {"-c", "printf 'a\\0b' | " + kProgram + " run -- cat 2>/dev/null"},
                  {{"XDG_CACHE_HOME", directory.path().string()}});
    EXPECT_EQ(piped.wait(), 0);
    EXPECT_EQ(piped.output(), std::string("a\0b", 3)) << "and nothing of ours on stdout";
}

/// What the command says when it is run by us, and alone.
std::pair<std::string, std::string> with_and_without_run(const std::string& command) {
    const auto say = [&](const std::string& before) {
        Process process("/bin/sh", {"-c", "exec 7</dev/null; " + before + command});
        EXPECT_EQ(process.wait(), 0);
        return process.output();
    };
    return {say(kProgram + " run --quiet -- "), say("")};
}

TEST(Run, LeavesOpenFilesAsTheyWere) {
    const auto [with, without] = with_and_without_run("ls -1 /proc/self/fd");
    EXPECT_EQ(with, without);
    EXPECT_NE(with.find("7\n"), std::string::npos) << with;
}

TEST(Run, LeavesSignalsAsTheyWere) {
    const auto [with, without] =
        with_and_without_run(R"(sed -nE 's/^(Sig(Blk|Ign)):.*(.{7})$/\1 \3/p' /proc/self/status)");
    EXPECT_EQ(with, without);  // but those of the C library
    EXPECT_NE(with.find("SigIgn "), std::string::npos) << with;
}

TEST(Run, HandsSignalsToTheCommand) {
    for (const auto& [number, name] : {std::pair(SIGINT, "INT"),
                                       {SIGTERM, "TERM"},
                                       {SIGHUP, "HUP"},
                                       {SIGQUIT, "QUIT"},
                                       {SIGUSR1, "USR1"},
                                       {SIGUSR2, "USR2"},
                                       {SIGWINCH, "WINCH"}}) {
        Running running({"--grace", "1h"}, "trap 'exit 7' " + std::string(name) +
                                               "; echo up >&3; sleep 1000 3>&- & wait");
        EXPECT_EQ(running.fifo().line(), "up");
        running.process().signal(number);
        EXPECT_EQ(running.process().wait(), 7) << name;
    }
}

TEST(Run, KillsACommandThatDoesNotEndInTime) {
    Running running({"--grace", "50ms"}, "trap '' TERM; echo up >&3; while :; do sleep 1000; done");
    EXPECT_EQ(running.fifo().line(), "up");
    running.process().signal(SIGTERM);
    EXPECT_EQ(running.process().wait(), 128 + SIGKILL);
    EXPECT_EQ(running.fifo().rest(), "");
}

TEST(Run, KillsACommandThatIsInterruptedTheThirdTime) {
    Running running({"--grace", "1h"},
                    "trap 'echo no >&3' INT; echo up >&3; while :; do sleep 1000 & wait; done");
    EXPECT_EQ(running.fifo().line(), "up");
    for (int i = 0; i < 2; ++i) {
        running.process().signal(SIGINT);
        EXPECT_EQ(running.fifo().line(), "no");
    }
    running.process().signal(SIGINT);
    EXPECT_EQ(running.process().wait(), 128 + SIGKILL);
    running.fifo().rest();
}

TEST(Run, TakesTheCommandAlongWhenItIsKilled) {
    Running running({}, "sleep 1000 & (sleep 1000 & sleep 1000) & echo up >&3; sleep 1000");
    EXPECT_EQ(running.fifo().line(), "up");
    running.process().signal(SIGKILL);
    EXPECT_EQ(running.process().wait(), 128 + SIGKILL);
    EXPECT_EQ(running.fifo().rest(), "") << "nobody holds it any more";
}

TEST(Run, LeavesNothingRunning) {
    Running running({"--grace", "50ms"},
                    "sleep 1000 & setsid sh -c 'sleep 1000 & sleep 1000' & "
                    "(trap '' TERM; echo up >&3; while :; do sleep 1000; done) & "
                    "sh -c 'kill -STOP $$' & exit 4");
    EXPECT_EQ(running.process().wait(), 4);
    running.fifo().rest();
}

TEST(Run, StopsAndGoesOnWithTheCommand) {
    // exec: a shell that is starting a process does not stop.
    Running running({}, "echo up >&3; exec sleep 1000");
    EXPECT_EQ(running.fifo().line(), "up");
    running.process().signal(SIGTSTP);
    int status = 0;
    EXPECT_EQ(waitpid(running.process().pid(), &status, WUNTRACED), running.process().pid());
    EXPECT_TRUE(WIFSTOPPED(status)) << status;
    running.process().signal(SIGCONT);
    running.process().signal(SIGTERM);
    EXPECT_EQ(running.process().wait(), 128 + SIGTERM);
}

TEST(Run, GivesTheCommandWhatEnvPrints) {
    const TemporaryDirectory directory;
    const std::string place = directory.path().string();
    const auto ran = run_script({"--quiet", "--control-token", "a b", "--mch-id", "1900000111"},
                                "env -0 >" + place + "/environment && " + kProgram +
                                    " env --format json --mch-id 1900000111 >" + place + "/told");
    ASSERT_EQ(ran.status, 0) << ran.output;
    std::map<std::string, std::string> environment;
    std::ifstream in(directory / "environment");
    for (std::string line; std::getline(in, line, '\0');)
        environment[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    const auto told = nlohmann::json::parse(text_of(directory / "told"));
    for (const auto& [name, value] : told.items()) EXPECT_EQ(environment[name], value) << name;
    for (const char* const name : {"WXPAY_SANDBOX_URL",
                                   "WXPAY_SANDBOX_HTTPS_URL",
                                   "WXPAY_SANDBOX_CA",
                                   "WXPAY_SANDBOX_APPID",
                                   "WXPAY_SANDBOX_API_KEY",
                                   "WXPAY_SANDBOX_API_V3_KEY",
                                   "WXPAY_SANDBOX_CERT",
                                   "WXPAY_SANDBOX_PUBLIC_KEY_ID",
                                   "WXPAY_SANDBOX_PROXY_URL",
                                   "HTTPS_PROXY",
                                   "https_proxy",
                                   "HTTP_PROXY",
                                   "http_proxy",
                                   "NODE_USE_ENV_PROXY",
                                   "NO_PROXY",
                                   "no_proxy",
                                   "NODE_EXTRA_CA_CERTS",
                                   "SSL_CERT_FILE",
                                   "CURL_CA_BUNDLE",
                                   "REQUESTS_CA_BUNDLE",
                                   "PHP_INI_SCAN_DIR",
                                   "JAVA_TOOL_OPTIONS"})
        EXPECT_TRUE(told.contains(name)) << name;
    EXPECT_EQ(told["WXPAY_SANDBOX_CONTROL_TOKEN"], "a b");
    EXPECT_EQ(told["WXPAY_SANDBOX_MCH_ID"], "1900000111");
}

TEST(Run, ContinuesTheListsOfTheCaller) {
    const auto ran = run_script({"--quiet"},
                                R"(printf '%s\n' "$JAVA_TOOL_OPTIONS" "$NO_PROXY" "$no_proxy" )"
                                R"("$PHP_INI_SCAN_DIR")",
                                {{"JAVA_TOOL_OPTIONS", "-Xmx64m"},
                                 {"NO_PROXY", "example.com, 127.0.0.1"},
                                 {"no_proxy", ""},
                                 {"PHP_INI_SCAN_DIR", "/etc/php"}});
    EXPECT_TRUE(ran.output.starts_with("-Xmx64m -D")) << ran.output;
    EXPECT_NE(ran.output.find("\nexample.com,127.0.0.1,localhost,::1\n"
                              "example.com,127.0.0.1,localhost,::1\n/etc/php:/"),
              std::string::npos)
        << ran.output;
}

TEST(Run, KeepsTheRootsOfTheCaller) {
    const TemporaryDirectory directory;
    run_script({"--quiet"}, "cp $WXPAY_SANDBOX_CA " + (directory / "other.pem").string());
    const std::string other = text_of(directory / "other.pem");
    ASSERT_FALSE(other.empty());
    // The authority of another sandbox vouches for nothing here.
    const std::string shipped = WXPAY_SOURCE_DIR "/sandbox/certificates/shipped/";
    const auto ran = run_script(
        {"--quiet"}, "for file in $SSL_CERT_FILE $NODE_EXTRA_CA_CERTS; do cat $file; echo ==; done",
        {{"SSL_CERT_FILE", shipped + "platform_1_cert.pem"},
         {"NODE_EXTRA_CA_CERTS", (directory / "other.pem").string()}});
    const std::string platform = text_of(shipped + "platform_1_cert.pem");
    const std::string body = platform.substr(platform.find("-----BEGIN CERT"), 200);
    const auto first = ran.output.find(body);
    ASSERT_NE(first, std::string::npos) << ran.output;
    EXPECT_NE(ran.output.find(body, first + 1), std::string::npos) << "Node's, too";
    EXPECT_EQ(ran.output.find(other.substr(0, 200)), std::string::npos);
}

TEST(Run, LeadsWechatsOwnAddressesHere) {
    const std::string call = "curl -sS -d '<xml/>' https://api.mch.weixin.qq.com/pay/orderquery";
    // Also when the caller has it otherwise.
    for (const std::string& past_proxy :
         {std::string(), std::string("*"), std::string(".qq.com")}) {
        const auto ran =
            run_script({"--quiet"}, call, {{"NO_PROXY", past_proxy}, {"no_proxy", ""}});
        EXPECT_EQ(ran.status, 0) << ran.output;
        EXPECT_NE(ran.output.find("<return_code>"), std::string::npos) << ran.output;
    }
    const auto warned = run_script({}, ":", {{"NO_PROXY", "a.example,.qq.com"}});
    EXPECT_NE(warned.output.find("NO_PROXY has '.qq.com'"), std::string::npos) << warned.output;
    const auto other = run_script({}, ":", {{"HTTPS_PROXY", "http://u:secret@a.example:1"}});
    EXPECT_NE(other.output.find("HTTPS_PROXY was another proxy"), std::string::npos);
    EXPECT_EQ(other.output.find("secret"), std::string::npos) << other.output;
}

TEST(Run, LetsCallbacksArriveThatAreUnderWayWhenTheCommandEnds) {
    const TemporaryDirectory directory;
    Fifo fifo(directory / "fifo");
    const ScriptedServer shop([&](Peer& peer, int) {
        peer.request();
        fifo.rest();  // the command has ended
        const std::string answer = "<xml><return_code>SUCCESS</return_code></xml>";
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(answer.size()) +
                  "\r\n\r\n" + answer);
    });
    const auto ran = run_script({"--log-level", "debug"},
                                "exec 3>$FIFO; " + kProgram + " pay --new 1 --notify-url http://" +
                                    shop.name() + "/notify >$FIFO.out",
                                {{"FIFO", fifo.path().string()}});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_EQ(shop.accepts(), 1);
    EXPECT_NE(ran.output.find("/notify: ok"), std::string::npos) << ran.output;
}

TEST(Run, LeavesOutWhatIsSwitchedOff) {
    const auto ran =
        run_script({"--https", "off", "--proxy", "off"}, "env",
                   {{"HTTPS_PROXY", ""}, {"https_proxy", ""}, {"JAVA_TOOL_OPTIONS", ""}});
    EXPECT_EQ(ran.status, 0) << ran.output;
    for (const char* const name : {"WXPAY_SANDBOX_HTTPS_URL=", "WXPAY_SANDBOX_PROXY_URL=",
                                   "WXPAY_SANDBOX_CA=", "HTTPS_PROXY=h"})
        EXPECT_EQ(ran.output.find(name), std::string::npos) << name << ran.output;
    EXPECT_NE(ran.output.find("JAVA_TOOL_OPTIONS=\n"), std::string::npos) << ran.output;
    EXPECT_NE(ran.output.find("WXPAY_SANDBOX_URL=http://127.0.0.1:"), std::string::npos);
}

TEST(Run, WritesReportsHoweverItEnds) {
    const TemporaryDirectory directory;
    const auto json = directory / "new" / "report.json";
    const auto junit = directory / "report.xml";
    const std::vector<std::string> options{"--quiet", "--report", "json:" + json.string(),
                                           "--report", "junit:" + junit.string()};
    const auto expect_reports = [&](const char* when) {
        EXPECT_TRUE(nlohmann::json::parse(text_of(json), nullptr, false).is_object()) << when;
        pugi::xml_document document;
        EXPECT_TRUE(document.load_file(junit.c_str())) << when;
        EXPECT_TRUE(document.child("testsuites")) << when;
        std::filesystem::remove(json);
        std::filesystem::remove(junit);
    };
    EXPECT_EQ(run_script(options, "rm -r " + json.parent_path().string()).status, 0);
    expect_reports("it was good");
    EXPECT_EQ(run_script(options, "exit 3").status, 3);
    expect_reports("it failed");
    EXPECT_EQ(run_script(options, "kill -KILL $$").status, 128 + SIGKILL);
    expect_reports("it was killed");
    auto missing = options;
    missing.insert(missing.begin(), "run");
    missing.insert(missing.end(), {"--", "no-such-program-anywhere"});
    EXPECT_EQ(run(missing).status, 127);
    expect_reports("there was none");
    // exec: dash loses a SIGINT that comes while it starts another process.
    Running running(options, "echo up >&3; exec sleep 1000");
    running.fifo().line();
    running.process().signal(SIGINT);
    EXPECT_EQ(running.process().wait(), 128 + SIGINT);
    expect_reports("we were interrupted");
}

TEST(Run, NeedsNobodyWhoReadsItsLines) {
    const TemporaryDirectory directory;
    const std::string json = (directory / "report.json").string();
    const std::string command =
        kProgram + " run --report json:" + json + " -- sh -c 'echo out; exit 3'";
    for (const char* const where : {" 2>/dev/full", " 2>&-", " 2> >(head -n 1 >/dev/null)"}) {
        Process shell("/bin/bash", {"-c", "set -o pipefail; " + command + where});
        EXPECT_EQ(shell.wait(), 3) << where;
        EXPECT_NE(text_of(json).find("\"counts\""), std::string::npos) << where;
        std::filesystem::remove(json);
    }
}

TEST(Run, LeavesNothingOfAnotherSandbox) {
    const auto ran = run_script(
        {"--quiet", "--proxy", "off"},
        R"(echo "$WXPAY_SANDBOX_PROXY_URL|$HTTPS_PROXY|$http_proxy|$WXPAY_SANDBOX_CONTROL_TOKEN")",
        {{"WXPAY_SANDBOX_PROXY_URL", "http://127.0.0.1:9"},
         {"HTTPS_PROXY", "http://127.0.0.1:9"},
         {"http_proxy", "http://b.example:9"}});
    EXPECT_EQ(ran.output, "||http://b.example:9|\n");
}

TEST(Run, LetsNoSpellingPastTheProxy) {
    const auto ran = run_script({"--quiet"}, "echo $NO_PROXY",
                                {{"NO_PROXY",
                                  ".QQ.com a.example,\t.qq.com, qq.com.,*.weixin.qq.com "
                                  "Api.Mch.Weixin.QQ.com:443"},
                                 {"no_proxy", ""}});
    EXPECT_EQ(ran.output, "a.example,localhost,127.0.0.1,::1\n");
}

TEST(Run, SaysWhatIsMissingBeforeTheCommand) {
    const std::pair<std::vector<std::string>, std::string> cases[] = {
        {{"sh", "-c", "true"}, "run -- sh -c true\n"},
        {{"--quiet", "sh", "-c", "true"}, "run --quiet -- sh -c true\n"},
        {{"--seed", "7", "pytest", "-k", "x"}, "run --seed 7 -- pytest -k x\n"},
        {{"--seed=7", "make", "--quiet"}, "run --seed=7 -- make --quiet\n"},
    };
    for (const auto& [words, line] : cases) {
        auto arguments = words;
        arguments.insert(arguments.begin(), "run");
        const auto ran = run(arguments);
        EXPECT_EQ(ran.status, 2);
        expect_one_line_with(ran, "put -- before the command: wxpay-sandbox " + line);
    }
    expect_one_line_with(run({"run", "--frobnicate", "make"}), "--frobnicate");
}

TEST(Run, ReplacesWhatALinkLeadsTo) {
    const TemporaryDirectory directory;
    std::ofstream(directory / "old.xml") << "old";
    std::filesystem::create_symlink("old.xml", directory / "link.xml");
    EXPECT_EQ(run_script({"--report", "junit:" + (directory / "link.xml").string()}, "true").status,
              0);
    EXPECT_TRUE(std::filesystem::is_symlink(directory / "link.xml"));
    EXPECT_TRUE(text_of(directory / "old.xml").starts_with("<?xml"));
}

TEST(Run, JudgesTheRunWhenItIsAskedTo) {
    const TemporaryDirectory directory;
    const std::string junit = (directory / "report.xml").string();
    const std::string wrong_sign =
        "curl -s -d "
        "\"<xml><appid>$WXPAY_SANDBOX_APPID</appid><mch_id>$WXPAY_SANDBOX_MCH_ID</mch_id>"
        "<nonce_str>n</nonce_str><out_trade_no>T1</out_trade_no>"
        "<sign>00000000000000000000000000000000</sign></xml>\" $WXPAY_SANDBOX_URL/pay/orderquery; ";
    const auto judge = [&](std::vector<std::string> options, const std::string& script) {
        options.insert(options.end(), {"--report", "junit:" + junit});
        const auto ran = run_script(options, wrong_sign + script);
        pugi::xml_document document;
        document.load_file(junit.c_str());
        return std::tuple(ran.status, document.child("testsuites").attribute("failures").as_int(),
                          ran.output);
    };
    const auto [status, failures, output] = judge({}, "exit 0");
    EXPECT_EQ(status, 0) << "the command's own, unless asked otherwise";
    EXPECT_EQ(failures, 1);
    EXPECT_NE(output.find("wxpay-sandbox  1 call · "), std::string::npos) << output;
    EXPECT_NE(output.find("ERROR  sign/refused"), std::string::npos) << output;
    EXPECT_EQ(output.find("wxpay-sandbox explain"), std::string::npos) << "nobody could answer";
    EXPECT_EQ(std::get<0>(judge({"--fail-on", "error"}, "exit 0")), 1);
    EXPECT_EQ(std::get<0>(judge({"--fail-on", "error"}, "exit 3")), 3);
    EXPECT_EQ(std::get<1>(judge({"--fail-on", "never"}, "exit 0")), 0);
}

TEST(Run, TakesAwayTheReportOfAnEarlierRun) {
    const TemporaryDirectory directory;
    const std::string report = (directory / "report.json").string();
    std::ofstream(report) << "old";
    EXPECT_EQ(run_script({"--report", "json:" + report}, "test ! -e " + report).status, 0);
    EXPECT_NE(text_of(report), "old");
}

TEST(Run, PrintsNothingOfItsOwnWhenQuiet) {
    EXPECT_EQ(run_script({"--quiet"}, ":").output, "");
    const auto ran = run_script({}, ":");
    EXPECT_TRUE(ran.output.starts_with("wxpay-sandbox  up, http 127.0.0.1:")) << ran.output;
    EXPECT_NE(ran.output.find("CA trusted for: curl go java node php python ruby\n"),
              std::string::npos)
        << ran.output;
}

TEST(Run, IsTrustedByCurlAndJava) {
    const auto curl = run_script({"--quiet"}, "curl -sS $WXPAY_SANDBOX_HTTPS_URL/_sandbox/health");
    EXPECT_EQ(curl.status, 0) << curl.output;
    EXPECT_NE(curl.output.find(R"("status":"ok")"), std::string::npos) << curl.output;
    const std::string keytool = "/usr/bin/keytool";
    if (!std::filesystem::exists(keytool)) return;  // a machine without Java
    const auto listed = run_script(
        {"--quiet"}, keytool + " -list -storepass changeit -keystore $WXPAY_SANDBOX_TRUSTSTORE");
    EXPECT_EQ(listed.status, 0) << listed.output;
    EXPECT_NE(listed.output.find("wxpay-sandbox-0, "), std::string::npos) << listed.output;
    EXPECT_NE(listed.output.find("trustedCertEntry"), std::string::npos) << listed.output;
}

}  // namespace
}  // namespace wxpay::test
