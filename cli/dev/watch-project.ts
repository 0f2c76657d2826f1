import { watch } from 'node:fs';

/** Milliseconds of quiet after which a change counts: an editor writes a file in several steps. */
const QUIET = 300;
/** Folders whose files are no part of a project. */
export const IGNORED = /(^|[\\/])(\.git|node_modules|\.reefline)([\\/]|$)/;

/** Calls back some quiet time after files of the folder changed, until the signal aborts. Never twice at once. */
export function watchProject(dir: string, signal: AbortSignal, onChange: () => Promise<void>): void {
  let timer: NodeJS.Timeout | undefined;
  let busy: Promise<void> = Promise.resolve();
  const watcher = watch(dir, { recursive: true, signal }, (_event, file) => {
    if (file !== null && IGNORED.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      busy = busy.then(() => (signal.aborted ? undefined : onChange()));
    }, QUIET);
  });
  // A folder that disappears below the watcher is seen when the project is next read.
  watcher.on('error', () => undefined);
  signal.addEventListener('abort', () => clearTimeout(timer));
}
