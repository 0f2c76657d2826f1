import type { BackfillNode, StageLayout } from './backfill-layout.ts';
import type { RerunMode } from './backfill-request.ts';
import type { RunStatus } from './opening.ts';

/** What the ledger says of a (stage, label) before the backfill. */
export interface LabelFacts {
  readonly revision: number;
  readonly status: RunStatus;
  /** True when an input that the stage follows has a newer revision than its newest run used. */
  readonly stale: boolean;
}

/** Key of a (stage, label) in maps of facts. */
export function itemKey(stage: string, timelabel: string): string {
  return `${stage}@${timelabel}`;
}

export interface ChosenNodes {
  readonly layout: readonly StageLayout[];
  readonly chosen: ReadonlySet<BackfillNode>;
}

/** Which labels run: those that the mode asks for, and everything that is fed by one of them. */
export function chooseNodes(
  layout: readonly StageLayout[],
  facts: ReadonlyMap<string, LabelFacts>,
  mode: RerunMode,
): ChosenNodes {
  const chosen = new Set<BackfillNode>();
  for (const { nodes } of layout)
    for (const node of nodes) {
      const known = facts.get(itemKey(node.stage.id, node.timelabel));
      if (isAskedFor(known, mode) || node.feeds.some((feed) => chosen.has(feed))) chosen.add(node);
    }
  return { layout, chosen };
}

function isAskedFor(known: LabelFacts | undefined, mode: RerunMode): boolean {
  if (mode === 'all') return true;
  if (mode === 'failed') return known?.status === 'FAILURE';
  if (known === undefined) return true;
  switch (known.status) {
    case 'FAILURE':
    case 'CLOSED':
    case 'WAITING':
    case 'RUNNING':
    case 'SUPERSEDED':
      return true;
    case 'SUCCESS':
      return known.stale;
    case 'SKIPPED':
      return false;
  }
}
