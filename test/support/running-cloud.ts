import type { LocalCloud } from '../../local/cloud.ts';

/** Set-up and teardown of a run share the process but not their modules, so the cloud is kept on the global object. */
const holder = globalThis as { reeflineTestCloud?: LocalCloud };

/** Remembers the cloud of this run. */
export function keepForTeardown(cloud: LocalCloud): void {
  holder.reeflineTestCloud = cloud;
}

/** The cloud of this run, if one was started. */
export function cloudOfThisRun(): LocalCloud | undefined {
  return holder.reeflineTestCloud;
}
