// The README's commands, run: each `curl` in it must be answered, and both languages must show the same ones.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startSandbox } from './sandbox.mjs';

const root = new URL('../../', import.meta.url);
const read = (name) => readFileSync(new URL(name, root), 'utf8');
const README = read('README.md');
const ORDER = '1900000109:20170413150950001'; // that of tutorial/openid.xml

/** Every complete curl command: in code blocks and in tables. */
function curls(markdown) {
  const blocks = [...markdown.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block.split('\n'));
  const spans = [...markdown.matchAll(/`(curl [^`]*)`/g)].map(([, span]) => span);
  return [...blocks, ...spans].filter((line) => line.startsWith('curl ') && !line.includes('…'));
}

/** Every complete command in the first column of the table of verbs. */
const verbs = (markdown) => [...markdown.matchAll(/^\| `wxpay-sandbox .*$/gm)]
  .flatMap(([row]) => [...row.split('|')[1].matchAll(/`(wxpay-sandbox [^`]*)`/g)])
  .map(([, command]) => command).filter((command) => !command.includes('…'));

/** The options in the first column of a table, table by table: those of wxpay-sandbox, then those of wxpay-merchant. */
const documented = (markdown) => [...markdown.matchAll(/(?:^\| `--.*\n)+/gm)].map(([table]) => table.trimEnd().split('\n')
  .flatMap((line) => line.split(/(?<!\\)\|/)[1].match(/--[a-z-]+/g)).sort());

let sandbox;
let dir;
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'wxpay-readme-'));
  const config = join(dir, 'config.json');
  writeFileSync(config, README.match(/```json\n([\s\S]*?)```/)[1]); // the README's own; it sets the clock, too
  sandbox = await startSandbox('--config', config);
});
after(() => { sandbox?.stop(); rmSync(dir, { recursive: true }); });

const newOrder = () => fetch(`${sandbox.baseURL}/pay/unifiedorder`, { method: 'POST', body: read('tests/interop/tutorial/openid.xml') });

const environment = () => ({
  ...process.env, S: `${sandbox.baseURL}/_sandbox/v1`, ORDER, WXPAY_SANDBOX_URL: sandbox.baseURL,
});

/** The command's HTTP status, with the placeholders of the README filled in. */
async function status(command) {
  await sandbox.control('POST', 'reset');
  if (!command.includes('/pay/unifiedorder')) {
    await newOrder();
    if (!/ORDER\/pay|\d\/pay/.test(command)) await sandbox.control('POST', `orders/${ORDER}/pay`, {});
  }
  await sandbox.control('POST', 'faults', { id: 'f1', on: 'notify', mch_id: '1900000110', do: { lose: true } });
  const [notification] = (await sandbox.control('GET', 'notifications')).notifications;
  const [exchange] = (await sandbox.control('GET', 'exchanges')).exchanges;
  const filled = command
    .replace('http://127.0.0.1:12180', sandbox.baseURL)
    .replace(/notifications\/\d+/, `notifications/${notification?.id}`)
    .replace(/exchanges\/\d+/, `exchanges/${exchange?.id}`)
    .replace('timeout=10s', 'timeout=10ms'); // nobody listens at the tutorial's notify_url
  return execFileSync('bash', ['-c', `${filled} -sS --noproxy '*' -o /dev/null -w '%{http_code}'`], {
    cwd: root, encoding: 'utf8', env: environment(),
  });
}

/** A verb's exit status; one that goes on is ended once it has said something. */
async function exitStatus(command) {
  await sandbox.control('POST', 'reset');
  await sandbox.control('POST', 'faults', { id: 'f1', on: 'notify', mch_id: '1900000110', do: { lose: true } });
  await newOrder();
  if (!command.includes(' pay ')) await sandbox.control('POST', `orders/${ORDER}/pay`, {});
  const [notification] = (await sandbox.control('GET', 'notifications')).notifications;
  const filled = command.replace(/^wxpay-sandbox/, '"$WXPAY_SANDBOX_BIN"').replace(/resend \d+/, `resend ${notification?.id}`);
  const child = spawn('bash', ['-c', `exec ${filled}`], { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.on('data', () => { if (command.endsWith(' -f')) child.kill(); });
  const [code, signal] = await once(child, 'exit');
  return signal ?? code;
}

describe('README', () => {
  it('shows commands that work', async (t) => {
    const commands = curls(README);
    assert.ok(commands.length > 10, `only ${commands.length} commands found`);
    for (const command of commands) {
      await t.test(command, async () => {
        assert.match(await status(command), command.includes('/wait?') ? /^408$/ : /^200$/);
      });
    }
  });

  it('shows verbs that work', async (t) => {
    const commands = verbs(README);
    assert.ok(commands.length > 10, `only ${commands.length} verbs found`);
    for (const command of commands) {
      await t.test(command, async () => {
        const lost = /resend|trigger/.test(command); // nobody listens at the README's addresses
        assert.equal(await exitStatus(command), command.endsWith(' -f') ? 'SIGTERM' : Number(lost));
      });
    }
  });

  it('shows the same commands and options in both languages', () => {
    const chinese = read('README.zh-CN.md');
    assert.deepEqual(curls(chinese), curls(README));
    assert.deepEqual(verbs(chinese), verbs(README));
    assert.deepEqual(documented(chinese), documented(README));
  });

  it('shows the C++ test that tests/package builds, in both languages', () => {
    const example = ['CMakeLists.txt', 'shop_test.cpp'].map((name) => read(`tests/package/${name}`)).join('');
    for (const markdown of [README, read('README.zh-CN.md')]) {
      const shown = [...markdown.matchAll(/```(?:cmake|cpp)\n([\s\S]*?)```/g)].map(([, block]) => block)
        .filter((block) => /find_package|TEST\(/.test(block));
      assert.equal(shown.length, 2);
      for (const block of shown) assert.ok(example.includes(block), `not the example's own lines:\n${block}`);
    }
  });

  it('names each option that --help names', () => {
    const helped = ['WXPAY_SANDBOX_BIN', 'WXPAY_MERCHANT_BIN'].map((name) => {
      const help = execFileSync(process.env[name], ['--help'], { encoding: 'utf8' });
      return [...new Set(help.match(/(?<![\w-])--[a-z-]+/g))].sort();
    });
    assert.deepEqual(documented(README), helped);
  });
});
