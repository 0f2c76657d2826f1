/** Starts the local cloud for a shell: prints the variables that point at it, and stops it at Ctrl-C. */
import { startLocalCloud } from './cloud.ts';

const ended = new Promise<void>((resolve) => {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      resolve();
    });
  }
});
const dir = process.argv[2];
const cloud = await startLocalCloud({
  ...(dir === undefined ? {} : { dir, keep: true }),
  log: (line) => {
    process.stderr.write(`# ${line}\n`);
  },
});
for (const [name, value] of Object.entries(cloud.env)) process.stdout.write(`export ${name}='${value}'\n`);
process.stderr.write(`# Temporal Web UI: ${cloud.temporalUiUrl}. Ctrl-C stops everything.\n`);
// Signal handlers alone do not keep a process alive.
const alive = setInterval(() => undefined, 60_000);
await ended;
clearInterval(alive);
await cloud.stop();
