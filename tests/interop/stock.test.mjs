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
let dir;
before(() => {
  const outside = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
  assert.deepEqual(outside, [], 'this is no place for the test: run it by in_namespace.sh');
  dir = mkdtempSync(join(tmpdir(), 'wxpay-stock-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

/** The README's recipes: a language, and its command. What is not installed is skipped, unless the environment has CI. */
const recipes = [...readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  .matchAll(/^\| ([^|]+) \| `wxpay-sandbox run -- ([^`]*)` \|$/gm)].map(([, language, command]) => [language, command.split(' ')]);

function run(options, command) {
  const report = join(dir, 'report.json');
  const ran = spawnSync(program, ['run', ...options, '--report', `json:${report}`, '--', ...command], {
    encoding: 'utf8', timeout: 100_000, cwd: new URL('../../', import.meta.url),
    env: { ...process.env, XDG_CACHE_HOME: join(dir, 'cache'), GOCACHE: join(dir, 'go') },
  });
  return { ...ran, report: () => JSON.parse(readFileSync(report, 'utf8')) };
}

/** As run asks: root, or who may have a user namespace. */
const allowed = [[], ['--user']].some((user) => spawnSync('unshare', [...user, '--net', '--mount', 'true']).status === 0);

describe('a stock client in', () => {
  it('six languages', () => assert.equal(recipes.length, 6));
  for (const [language, command] of recipes) {
    const missing = !process.env.CI && spawnSync('sh', ['-c', `command -v ${command[0]}`]).status !== 0 && `no ${command[0]} here`;
    it(`${language} orders`, { skip: missing }, async (t) => {
      for (const options of [[], ['--hermetic']]) {
        const how = options.length === 0 ? 'by proxy' : 'hermetic';
        await t.test(how, { skip: how === 'hermetic' && !allowed && 'no namespaces here' }, () => {
          const ran = run(options, command);
          assert.equal(ran.status, 0, ran.stderr);
          assert.match(ran.stdout, /<code_url><!\[CDATA\[weixin:\/\/wxpay\/bizpayurl\?pr=/, ran.stderr);
          assert.equal(ran.stderr.includes('up, hermetic'), how === 'hermetic', ran.stderr);
          assert.equal(ran.report().counts.orders, 1);
        });
      }
    });
  }
});
