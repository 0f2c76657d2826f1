import type { Client } from '@temporalio/client';
import { abreast } from '../../activities/abreast.ts';
import { inboundRouter, routerId } from '../../pipeline/ids.ts';
import type { Project } from '../../pipeline/project.ts';
import { routerCount, routersOf } from '../../pipeline/routers.ts';
import type { RouterStatus } from '../../signals/index.ts';
import { afterSeconds, PATIENCE } from './patience.ts';
import type { Setter } from './registry.ts';

/** What a router says of itself; undefined when there is no such router, or nobody answers for it. */
export type AskRouter = (router: string) => Promise<Asked | undefined>;
type Asked = Pick<RouterStatus, 'queued' | 'historyEvents' | 'continued'>;

/** Milliseconds for which answers are shown again instead of asking again. */
const FRESH = 30_000;
/** A router that no worker remembers is replayed to answer, so not all of a thousand are asked each time. */
const MOST = 100;
const ABREAST = 8;

/** Asks the routers of the configuration how they fare. A query leaves nothing in their histories. */
export class RouterWatch {
  readonly #now: () => number;
  readonly #told = new Map<string, Asked>();
  #ask: AskRouter | undefined;
  #routers: readonly string[] = [];
  #next = 0;
  #asking: Promise<void> = Promise.resolve();
  #askedAt = -Infinity;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Asks in this way from now on; before, nothing is known of the routers. */
  watch(ask: AskRouter): void {
    this.#ask = ask;
  }

  follow(project: Project): void {
    const { stages, inbound = [] } = project;
    const pipelines = [...new Set(stages.map(({ pipeline }) => pipeline))];
    this.#routers = [
      ...pipelines.flatMap((pipeline) => routersOf(pipeline, routerCount(project, pipeline))),
      ...inbound.map(({ name }) => inboundRouter(name)),
    ];
    for (const router of this.#told.keys()) if (!this.#routers.includes(router)) this.#told.delete(router);
  }

  async observe(set: Setter): Promise<void> {
    if (this.#ask === undefined) return;
    if (this.#now() - this.#askedAt > FRESH) {
      this.#askedAt = this.#now();
      this.#asking = this.#look(this.#ask);
    }
    await Promise.race([this.#asking, afterSeconds(PATIENCE)]);
    for (const [router, { queued, historyEvents, continued }] of this.#told) {
      set('reefline_router_queued', { router }, queued);
      if (historyEvents !== undefined) set('reefline_router_history_events', { router }, historyEvents);
      if (continued !== undefined) set('reefline_router_continue_as_new_total', { router }, continued);
    }
  }

  /** The next of the routers; all of them in turn. */
  async #look(ask: AskRouter): Promise<void> {
    const due = [...this.#routers.slice(this.#next), ...this.#routers.slice(0, this.#next)].slice(0, MOST);
    this.#next = (this.#next + due.length) % Math.max(1, this.#routers.length);
    await abreast(due, ABREAST, async (router) => {
      const told = await ask(router);
      if (told === undefined) this.#told.delete(router);
      else this.#told.set(router, told);
    });
  }
}

/** Milliseconds for which a router may keep silent. */
const SILENCE = 2_000;

export function askWith(client: Client): AskRouter {
  return async (router) => {
    const handle = client.workflow.getHandle(routerId(router));
    return client
      .withDeadline(Date.now() + SILENCE, () => handle.query<RouterStatus>('status'))
      .catch(() => undefined);
  };
}
