/**
 * The process that holds a local cloud. It lives as long as its standard input is open, which the process that
 * started it holds: when that one dies, by whatever signal, everything here ends and the data is removed.
 */
import { claimFolder } from './claim.ts';
import { cloudParts, type CloudParts, type CloudRequest } from './cloud-parts.ts';

/** The one line that this process prints: where the cloud answers, or why it could not start. */
export type CloudReply =
  | { readonly ok: true; readonly addresses: Awaited<ReturnType<CloudParts['start']>> }
  | { readonly ok: false; readonly problem: string };

const request = JSON.parse(process.argv[2] ?? '{}') as CloudRequest;
const ended = new Promise<void>((resolve) => {
  const end = (): void => {
    resolve();
  };
  process.stdin.on('end', end).on('close', end).on('error', end).resume();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, end);
  process.on('uncaughtException', (error) => {
    log(`The local cloud ends because of an unexpected error: ${error.stack ?? error.message}`);
    process.exitCode = 1;
    resolve();
  });
});
// Nobody may be left to read; that must not stop the stopping.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

await run();
process.exit();

async function run(): Promise<void> {
  let claim;
  try {
    claim = await claimFolder(request.dir, request.keep);
  } catch (error) {
    reply({ ok: false, problem: messageOf(error) });
    return;
  }
  const parts = cloudParts(request, claim, log);
  try {
    const outcome = await Promise.race([
      parts.start().then((addresses) => ({ addresses })),
      ended.then(() => undefined),
    ]);
    if (outcome !== undefined) {
      reply({ ok: true, addresses: outcome.addresses });
      await ended;
    }
  } catch (error) {
    reply({ ok: false, problem: messageOf(error) });
    process.exitCode = 1;
  } finally {
    await parts.stop();
    claim.release();
  }
}

function reply(line: CloudReply): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
