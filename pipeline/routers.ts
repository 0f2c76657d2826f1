import type { Project } from './project.ts';

/*
 * The routers of a pipeline: `orders`, and of a pipeline with `routers: 3` also `orders-2` and `orders-3`. Names of pipelines have no
 * hyphens, and names of inbound sources begin with a letter, so these are never those of another pipeline or of `inbound-<source>`.
 * Any router accepts any event, so the number of them may change at any time.
 */

/** Most routers of one pipeline. */
export const MOST_ROUTERS = 16;

type Routers = Pick<Project, 'routers'>;

/** How many routers take the events of a pipeline: 1 to 16, and 1 of a pipeline that is not in the configuration. */
export function routerCount({ routers = {} }: Routers, pipeline: string): number {
  // A pipeline may be called `constructor`, which every object seems to have.
  return Object.hasOwn(routers, pipeline) ? (routers[pipeline] ?? 1) : 1;
}

/**
 * Name of the router that takes the events of a dataset: always the same one of the `routers`, so that they stay in order. Another
 * hash would be harmless, too: it moves datasets to other routers, and what the old ones still hold is accepted all the same.
 */
export function routerOf(pipeline: string, routers: number, dataset: string): string {
  return nthRouter(pipeline, (hashOf(dataset) % routers) + 1);
}

/** Names of all routers of a pipeline. The first is the pipeline's own. */
export function routersOf(pipeline: string, routers: number): readonly string[] {
  return Array.from({ length: routers }, (_, at) => nthRouter(pipeline, at + 1));
}

/** The events of a pipeline by the name of the router that takes them, in the order given. */
export function byRouter<Event extends { readonly dataset: string }>(
  project: Routers,
  pipeline: string,
  events: readonly Event[],
): ReadonlyMap<string, readonly Event[]> {
  const routers = routerCount(project, pipeline);
  return Map.groupBy(events, ({ dataset }) => routerOf(pipeline, routers, dataset));
}

/** The pipeline whose events a router takes; the router's own name for one of an inbound source or of a sender. */
export function pipelineOfRouter(router: string): string {
  return router.replace(/-\d+$/, '');
}

function nthRouter(pipeline: string, nth: number): string {
  return nth === 1 ? pipeline : `${pipeline}-${String(nth)}`;
}

/** 32 bits of a text: FNV-1a over its UTF-16 units, and the last step of MurmurHash3, because names that differ in one digit are alike. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
