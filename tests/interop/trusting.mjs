// trusting.mjs TEST...: runs tests in a Node that trusts the sandbox's CA. Node wants NODE_EXTRA_CA_CERTS as it starts,
// so a first sandbox makes the CA; those of the tests find it in the same cache directory.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from './sandbox.mjs';

const cache = mkdtempSync(join(tmpdir(), 'wxpay-interop-ca-'));
process.env.INTEROP_CACHE = cache;
try {
  const first = await startSandbox('--https', '127.0.0.1:0');
  const { ca } = await first.control('GET', 'environment');
  await first.stop();
  const { status } = spawnSync(process.execPath, ['--test', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, NODE_EXTRA_CA_CERTS: ca },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(cache, { recursive: true, force: true });
}
