import type { EventView } from '../../catalog/event-views.ts';
import { formatProblem, type Problem } from '../../config/problem.ts';
import type { CliContext } from '../context.ts';
import { eventLine } from '../event-text.ts';
import { facts } from '../table.ts';
import type { StandIn } from './stand-ins.ts';

/** What `reefline dev` tells: lines for people, or with `--json` one JSON value a line, each with its `kind`. */
export type DevReport =
  | {
      readonly kind: 'ready';
      readonly temporalUi: string;
      readonly temporal: string;
      readonly catalog: string;
      readonly standIns: readonly StandIn[];
    }
  | {
      readonly kind: 'applied';
      readonly configVersion: number;
      readonly changed: boolean;
      readonly stages: number;
    }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[]; readonly inForce: number | null }
  | { readonly kind: 'failed'; readonly message: string; readonly inForce: number | null }
  | { readonly kind: 'event'; readonly event: EventView };

export function report(context: CliContext, what: DevReport): void {
  context.print(context.wantsJson ? JSON.stringify(what) : reportText(context, what));
}

function reportText(context: CliContext, what: DevReport): string {
  const { paint } = context;
  switch (what.kind) {
    case 'ready':
      return readyText(context, what);
    case 'applied':
      return paint(
        'green',
        what.changed
          ? `Config version ${what.configVersion} is in force: ${what.stages} stages.`
          : `Nothing changed: config version ${what.configVersion} is in force.`,
      );
    case 'problems': {
      const count = `${what.problems.length} ${what.problems.length === 1 ? 'problem' : 'problems'}`;
      return [...what.problems.map(formatProblem), paint('red', `${count}. ${keptText(what.inForce)}`)].join(
        '\n',
      );
    }
    case 'failed':
      return paint('red', `${what.message} ${keptText(what.inForce)}`);
    case 'event':
      return eventLine(context, what.event);
  }
}

function keptText(inForce: number | null): string {
  return inForce === null
    ? 'Nothing is in force yet; correct the files and it is tried again.'
    : `Config version ${inForce} stays in force until they are corrected.`;
}

function readyText(
  context: CliContext,
  { temporalUi, temporal, catalog, standIns }: DevReport & { kind: 'ready' },
): string {
  return [
    '',
    ...facts(context, [
      ['Temporal Web UI', temporalUi],
      ['Temporal', temporal],
      ['catalog', catalog],
      ...standIns.map(({ of, address, remark }) => {
        const value = [address, remark === null ? '' : `(${remark})`].filter((part) => part !== '').join(' ');
        return [of, value] as const;
      }),
    ]),
    '',
    'In another terminal, from the folder of the project:',
    `  export REEFLINE_CATALOG_URL='${catalog}' TEMPORAL_ADDRESS=${temporal}`,
    '  reefline status --watch',
    '',
    'Change a file and it is applied. Events follow; Ctrl-C ends everything and removes all data.',
    '',
  ].join('\n');
}
