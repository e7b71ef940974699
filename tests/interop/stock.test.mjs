// Programs in six languages, each with its language's stock HTTP client and https://api.mch.weixin.qq.com in its code,
// under `wxpay-sandbox run`: by the proxy, and hermetic. Run this by in_namespace.sh: nothing but loopback is there, so a
// program that went past the sandbox would reach nobody.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const program = process.env.WXPAY_SANDBOX_BIN;
const here = (name) => new URL(`stock/${name}`, import.meta.url).pathname;
let dir;
before(() => {
  const outside = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
  assert.deepEqual(outside, [], 'this is no place for the test: run it by in_namespace.sh');
  dir = mkdtempSync(join(tmpdir(), 'wxpay-stock-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

/** What each needs on the machine, and how it starts. */
const programs = {
  curl: { needs: 'curl', command: () => ['sh', here('order.sh')] },
  Python: { needs: 'python3', command: () => ['python3', here('order.py')] },
  PHP: { needs: 'php', command: () => ['php', here('order.php')] },
  Java: { needs: 'java', command: () => ['java', here('Order.java')] },
  Go: {
    needs: 'go',
    command() { // as `go run` does it; its compiler has no business in the sandbox
      const built = join(dir, 'order');
      const { status, stderr } = spawnSync('go', ['build', '-o', built, here('order.go')], {
        encoding: 'utf8', env: { ...process.env, GOCACHE: join(dir, 'go'), GO111MODULE: 'off' },
      });
      assert.equal(status, 0, stderr);
      return [built];
    },
  },
  Node: { needs: 'node', command: () => [process.execPath, here('order.mjs')] },
};

function run(options, command) {
  const report = join(dir, 'report.json');
  const ran = spawnSync(program, ['run', ...options, '--report', `json:${report}`, '--', ...command], {
    encoding: 'utf8', timeout: 60_000, env: { ...process.env, XDG_CACHE_HOME: join(dir, 'cache') },
  });
  return { ...ran, report: () => JSON.parse(readFileSync(report, 'utf8')) };
}

const allowed = spawnSync('unshare', ['--user', '--net', '--mount', 'true']).status === 0;

describe('a stock client in', () => {
  for (const [language, { needs, command }] of Object.entries(programs)) {
    const missing = spawnSync('sh', ['-c', `command -v ${needs}`]).status !== 0 && `no ${needs} here`;
    it(`${language} orders`, { skip: missing }, async (t) => {
      const line = command();
      for (const options of [[], ['--hermetic']]) {
        const how = options.length === 0 ? 'by proxy' : 'hermetic';
        await t.test(how, { skip: how === 'hermetic' && !allowed && 'no user namespaces here' }, () => {
          const ran = run(options, line);
          assert.equal(ran.status, 0, ran.stderr);
          assert.match(ran.stdout, /<code_url><!\[CDATA\[weixin:\/\/wxpay\/bizpayurl\?pr=/, ran.stderr);
          if (how === 'hermetic') assert.doesNotMatch(ran.stderr, /falls back/);
          assert.equal(ran.report().counts.orders, 1);
        });
      }
    });
  }
});
