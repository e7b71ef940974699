// What an interop test needs around a client: the sandbox as a child process, its control API, and a merchant's inbox.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const merchant = {
  appid: 'wx8888888888888888',
  mch_id: '1900000109',
  key: '192006250b4c09247ec02edce69f6a2d',
};

const DEADLINE_MS = 20_000; // generous: a sanitizer build on a busy machine is slow

/** Calls look() until it gives something; fails when the deadline passes. */
export async function eventually(what, look) {
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; await pause(10)) {
    const seen = await look();
    if (seen !== undefined) return seen;
  }
  throw new Error(`waited in vain for ${what}`);
}

/** Whether this is the command of `wxpay-sandbox run`: then clients have no base url, and the environment leads them. */
export const isRun = process.env.INTEROP_RUN === '1';

/** What a test does with a sandbox. */
const at = (baseURL, stop) => ({
  baseURL,
  /** What a client of this sandbox is given besides its keys. */
  clientOptions: isRun ? {} : { baseURL },
  /** One call of the control API: its JSON; a refusal is thrown with its status. */
  async control(method, path, body) {
    const answer = await fetch(`${baseURL}/_sandbox/v1/${path}`, {
      method,
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body && JSON.stringify(body),
    });
    const json = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(json.error?.message), { status: answer.status, error: json.error });
    return json;
  },
  /** Ends the program as an operator would, and gives its exit code. */
  stop,
});

/**
 * Starts the program that WXPAY_SANDBOX_BIN names, on a free port, with nothing stored. Under `run` there is one already,
 * which the same options were given.
 */
export async function startSandbox(...options) {
  if (isRun) return at(process.env.WXPAY_SANDBOX_URL, async () => 0);
  const program = process.env.WXPAY_SANDBOX_BIN;
  if (!program) throw new Error('set WXPAY_SANDBOX_BIN to the wxpay-sandbox program');
  const dir = mkdtempSync(join(tmpdir(), 'wxpay-interop-'));
  const readyFile = join(dir, 'ready.json');
  const child = spawn(program, ['serve', '--port', '0', '--ready-file', readyFile, '--log-level', 'warn', ...options],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, XDG_CACHE_HOME: process.env.INTEROP_CACHE ?? join(dir, 'cache') },
    });
  let said = '';
  child.stderr.on('data', (chunk) => { said = (said + chunk).slice(-4000); });
  const ended = new Promise((resolve) => {
    child.on('error', (error) => { said += error.message; resolve(-1); });
    child.on('exit', (code) => resolve(code ?? -1));
  });
  let code;
  ended.then((c) => { code = c; });
  const ready = await eventually('the ready file', () => {
    if (code !== undefined) throw new Error(`wxpay-sandbox ended with ${code}: ${said}`);
    try { return JSON.parse(readFileSync(readyFile, 'utf8')); } catch { return undefined; }
  });
  const baseURL = ready.http.startsWith('http') ? ready.http : `http://${ready.http}`;

  return at(baseURL, async () => {
    child.kill('SIGTERM');
    const status = await ended;
    rmSync(dir, { recursive: true, force: true });
    return status;
  });
}

/** A merchant's server: keeps what is posted to it and answers as told. */
export async function startInbox() {
  const seen = [];
  const inbox = {
    answer: '<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>',
    /** Another way to answer; gets the message as in `seen`, and Node's response. */
    reply: (message, response) => { response.end(inbox.answer); },
    seen,
    /** The n-th message (from 0) that came to this path. */
    arrived: (path, n = 0) => eventually(`a callback at ${path}`, () => seen.filter((m) => m.path === path)[n]),
    url: undefined,
    async stop() {
      server.close();
      server.closeAllConnections?.();
      await once(server, 'close');
    },
  };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const message = {
      path: request.url, method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString('utf8'),
    };
    seen.push(message);
    inbox.reply(message, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  inbox.url = (path) => `http://127.0.0.1:${server.address().port}${path}`;
  return inbox;
}
