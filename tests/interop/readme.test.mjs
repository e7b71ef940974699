// The README's commands, run: each `curl` in it must be answered, each line of its code blocks must work, and both
// languages must show the same ones.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually, merchant, startSandbox } from './sandbox.mjs';

const root = new URL('../../', import.meta.url);
const read = (name) => readFileSync(new URL(name, root), 'utf8');
const README = read('README.md');
const ORDER = '1900000109:20170413150950001'; // that of tutorial/openid.xml

/** The lines of the code blocks that a shell reads. */
const lines = (markdown) => [...markdown.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block.trim().split('\n'));

/** Every curl command: in code blocks and in tables. A `-d …` alone is another body for the command before it. */
function curls(markdown) {
  const spans = [];
  for (const [, span] of markdown.matchAll(/`((?:curl|-d) [^`]*)`/g)) {
    spans.push(span.startsWith('-d ') ? spans.at(-1).replace(/ -d '.*'$/, '') + ' ' + span : span);
  }
  return [...lines(markdown), ...spans].filter((line) => line.startsWith('curl '));
}

/** What stands between backquotes and begins like this. */
const span = (markdown, start) => markdown.match(new RegExp('`(' + start + '[^`]*)`'))[1];

/** Every complete command in the first column of the table of verbs. */
const verbs = (markdown) => [...markdown.matchAll(/^\| `wxpay-sandbox .*$/gm)]
  .flatMap(([row]) => [...row.split('|')[1].matchAll(/`(wxpay-sandbox [^`]*)`/g)])
  .map(([, command]) => command).filter((command) => !command.includes('…'));

/** The options in the first column of a table, table by table: those of serve, those of run, and wxpay-merchant's. */
const documented = (markdown) => [...markdown.matchAll(/(?:^\| `--.*\n)+/gm)].map(([table]) => table.trimEnd().split('\n')
  .flatMap((line) => line.split(/(?<!\\)\|/)[1].match(/--[a-z-]+/g)).sort());

let sandbox;
let dir;
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'wxpay-readme-'));
  const config = join(dir, 'config.json');
  writeFileSync(config, README.match(/```json\n([\s\S]*?)```/)[1]); // the README's own; it sets the clock, too
  sandbox = await startSandbox('--config', config, '--start-time', '2026-01-01T00:00:00+08:00');
  mkdirSync(join(dir, 'bin'));
  symlinkSync(process.env.WXPAY_SANDBOX_BIN, join(dir, 'bin/wxpay-sandbox'));
  writeFileSync(join(dir, 'order.xml'), read('tests/interop/tutorial/openid.xml'));
  const target = '/v3/certificates';
  const authorization = execFileSync(process.env.WXPAY_SANDBOX_BIN, ['sign', '--target', target], { encoding: 'utf8', stdio: 'pipe' });
  writeFileSync(join(dir, 'call.http'), `GET ${target} HTTP/1.1\n${authorization}\n`);
  writeFileSync(join(dir, 'string.txt'), 'appid=wx8888888888888888&body=other');
});
after(() => { sandbox?.stop(); rmSync(dir, { recursive: true }); });

const newOrder = () => fetch(`${sandbox.baseURL}/pay/unifiedorder`, { method: 'POST', body: read('tests/interop/tutorial/openid.xml') });

const environment = () => ({
  ...process.env,
  PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
  XDG_CACHE_HOME: join(dir, 'cache'),
  S: `${sandbox.baseURL}/_sandbox/v1`,
  ORDER,
  WXPAY_SANDBOX_URL: sandbox.baseURL,
});

/** What a page of the shop hands to wx.requestPayment. */
function paymentArguments(prepayId) {
  const fields = { appId: merchant.appid, timeStamp: '1717214400', nonceStr: 'n', package: `prepay_id=${prepayId}`, signType: 'MD5' };
  const text = Object.keys(fields).sort().map((name) => `${name}=${fields[name]}`).join('&') + `&key=${merchant.key}`;
  return { ...fields, paySign: createHash('md5').update(text).digest('hex').toUpperCase() };
}

/** The command with what only the reader knows instead of each "…". */
async function withValues(command) {
  if (!command.includes('…')) return command;
  const order = await sandbox.control('GET', `orders/${ORDER}`);
  if (command.includes('/cashier')) return command.replace(/'\{.*\}'/, `'${JSON.stringify(paymentArguments(order.prepay_id))}'`);
  return command.replace('"transaction_id":"…"', `"transaction_id":"${order.transaction_id}"`);
}

/** The command's HTTP status, with the placeholders of the README filled in. */
async function status(command) {
  await sandbox.control('POST', 'reset');
  if (!command.includes('/pay/unifiedorder')) {
    await newOrder();
    if (!/ORDER\/pay|\d\/pay|cashier/.test(command)) await sandbox.control('POST', `orders/${ORDER}/pay`, {});
  }
  await sandbox.control('POST', 'faults', { id: 'f1', on: 'notify', mch_id: '1900000110', do: { lose: true } });
  const [notification] = (await sandbox.control('GET', 'notifications')).notifications;
  const [exchange] = (await sandbox.control('GET', 'exchanges')).exchanges;
  const filled = (await withValues(command))
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

/** A server on free ports instead of those in the line; what `env` says of it is true. */
async function assertStarts(line) {
  const ready = join(dir, 'ready.json');
  const filled = line.replace(/^\S*wxpay-sandbox/, 'exec wxpay-sandbox').replace(/:\d+/g, ':0');
  const child = spawn('bash', ['-c', filled], {
    env: { ...environment(), WXPAY_SANDBOX_PORT: '0', WXPAY_SANDBOX_READY_FILE: ready, WXPAY_SANDBOX_QUIET: 'true' }, stdio: 'ignore',
  });
  try {
    await eventually('the ready file', () => { try { return JSON.parse(readFileSync(ready, 'utf8')); } catch { return undefined; } });
    const script = `${lines(README).find((each) => each.startsWith('eval '))}
      test -z "$WXPAY_SANDBOX_HTTPS_URL" || curl -sSf --noproxy '*' --cacert "$WXPAY_SANDBOX_CA" "$WXPAY_SANDBOX_HTTPS_URL/_sandbox/health"`;
    execFileSync('bash', ['-ec', script], { env: { ...environment(), WXPAY_SANDBOX_READY_FILE: ready } });
  } finally {
    child.kill();
    await once(child, 'exit');
  }
}

describe('README', () => {
  it('shows commands that work', async (t) => {
    const commands = curls(README);
    assert.ok(commands.length > 10, `only ${commands.length} commands found`);
    for (const command of commands) {
      await t.test(command, async () => {
        // A scan needs a shop that answers it: tests/component/sandbox_product_scan_test.cpp has one.
        const wanted = command.includes('/wait?') ? /^408$/ : command.includes('/scan ') ? /^400$/ : /^200$/;
        assert.match(await status(command), wanted);
      });
    }
  });

  it('shows lines for the shell that work', async (t) => {
    // Those of scripts/ and cmake are what scripts/demo.sh and scripts/test.sh do.
    const typed = lines(README).filter((line) => !/^(curl|scripts|cmake) ?/.test(line));
    assert.ok(typed.length >= 7, `only ${typed.length} lines found`);
    await newOrder();
    for (const line of typed) {
      await t.test(line, async () => {
        if (line.endsWith(' &')) return assertStarts(line.slice(0, -2));
        const filled = line.replace(' KEY ', ` ${merchant.key} `).replace(/ +#.*/, '');
        // What stands before a folder is where the reader has built it.
        const typedHere = filled.replace(/^\S*\/(?=wxpay-sandbox )/, '');
        const { status: code } = spawnSync('bash', ['-c', typedHere], {
          cwd: filled.includes('@tests/') ? root : dir, env: environment(),
        });
        // The last call was right, and string.txt is not what it signed.
        assert.equal(code, line.includes('--mine') ? 1 : 0);
      });
    }
    assert.equal(readFileSync(join(dir, 'signed.xml'), 'utf8').trim().slice(-6), '</xml>');
  });

  it('says how the keys of the range follow from the seed', async () => {
    const command = span(README, 'printf wxpay-sandbox:').replace('SEED', '7').replace('MCH_ID', '1230000001');
    const key = execFileSync('bash', ['-c', command], { encoding: 'utf8' }).trim();
    assert.equal((await sandbox.control('GET', 'merchants/1230000001')).api_key, key);
  });

  it('names programs that are there', () => {
    const named = [...README.matchAll(/`((?:scripts|tests|\.ci)\/[\w/.-]*)/g)].map(([, path]) => path);
    const programs = named.filter((path) => /\.sh$|^\.ci\/run$/.test(path));
    assert.ok(programs.length > 5, `only ${programs} found`);
    for (const path of programs) accessSync(new URL(path, root), constants.X_OK);
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
    const options = (name, ...verb) => {
      const help = execFileSync(process.env[name], [...verb, '--help'], { encoding: 'utf8' });
      return [...new Set(help.match(/(?<![\w-])--[a-z-]+/g))].sort();
    };
    const serve = options('WXPAY_SANDBOX_BIN');
    const run = options('WXPAY_SANDBOX_BIN', 'run').filter((option) => !serve.includes(option));
    assert.deepEqual(documented(README), [serve, run, options('WXPAY_MERCHANT_BIN')]);
  });
});
