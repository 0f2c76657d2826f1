import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Server } from '../../chaos/server.ts';
import { findProcesses } from '../../local/process-table.ts';
import { eventually } from '../support/eventually.ts';

test('the fault suite kills a server and starts it again, and says of one that has ended by itself which it was', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'reefline-chaos-server-'));
  const processes = () => findProcesses((command) => command.includes(dir));
  const { server, gates } = await Server.start({ kind: 'glue', dir }, ['glue']);
  try {
    const [first] = processes();
    await server.crash(() => Promise.resolve());
    const [second, ...more] = processes();
    expect(more).toEqual([]);
    expect(second?.pid).not.toBe(first?.pid);
    expect((await fetch(`http://${gates.glue.address}`, { method: 'POST', body: '{}' })).status).toBe(400);
    const pid = second?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
    await expect(server.crash(() => Promise.resolve())).rejects.toThrow(
      /^The server "glue" in .+ had ended before it was killed: .+: SIGKILL\./u,
    );
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});
