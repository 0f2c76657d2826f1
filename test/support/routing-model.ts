import type { Head, InputState } from '../../pipeline/completeness.ts';
import { decideOpening, type LedgerState, type Opening } from '../../pipeline/opening.ts';
import { selectedOutcomes } from '../../pipeline/outcome.ts';
import type { InputRevision } from '../../pipeline/input-vector.ts';
import { buildRoutingTable, targetsOf, type RoutingTable, type Target } from '../../pipeline/routing.ts';
import type { Project } from '../../pipeline/project.ts';
import { revisionKey, unsettledRevisions, type MadeOf } from '../../pipeline/settled.ts';
import type { DataStatus, StageInput } from '../../pipeline/stage.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { inputNeed } from '../../pipeline/window.ts';

/** A data event of the model. `content` names the source revisions that the data was made of. */
export interface ModelEvent {
  readonly id: string;
  readonly dataset: string;
  readonly timelabel: Timelabel;
  readonly revision: number;
  readonly status: DataStatus;
  readonly content: string;
}

interface ModelRun {
  readonly target: Target;
  readonly revision: number;
  status: 'WAITING' | 'RUNNING' | DataStatus;
  vector: string;
  /** What the run read, by dataset and label. */
  inputs: readonly string[];
  made: readonly InputRevision[];
  /** A message came while it ran, so the workflow looks again when it ends. */
  told: boolean;
}

/**
 * The catalog and the workflows in memory: the rules decide, everything around them is a few lists. One step delivers
 * one event to a router or ends one run, so that any interleaving can be played.
 */
export class RoutingModel {
  readonly #table: RoutingTable;
  readonly #log = new Map<string, ModelEvent>();
  readonly #runs: ModelRun[] = [];
  readonly #fails: (content: string) => boolean;
  /** Signals that no router has taken yet. */
  readonly pending: ModelEvent[];

  constructor(project: Project, arriving: readonly ModelEvent[], fails: (content: string) => boolean) {
    this.#table = buildRoutingTable(1, project);
    this.pending = [...arriving];
    this.#fails = fails;
  }

  running(): readonly ModelRun[] {
    return this.#runs.filter((run) => run.status === 'RUNNING');
  }

  /** acceptEvents: an event that is known already is logged once, yet its dependents are decided again. */
  deliver(event: ModelEvent): void {
    if (!this.#log.has(event.id)) this.#log.set(event.id, event);
    for (const { stage, timelabel, input } of targetsOf(this.#table, event.dataset, event.timelabel)) {
      if (!input.on.includes(event.status)) continue;
      const opening = this.#open({ stage, timelabel });
      if (opening.kind === 'run' && opening.alreadyOpen) {
        const run = this.#latest({ stage, timelabel });
        if (run !== undefined) run.told = true;
      }
    }
  }

  /** closeRun, and the loop of stageRun. */
  end(run: ModelRun): void {
    const { stage, timelabel } = run.target;
    const content = contentOf(stage.id, timelabel, run.inputs);
    run.status = this.#fails(content) ? 'FAILURE' : 'SUCCESS';
    this.pending.push({
      id: `${stage.id}/${timelabel}/r${String(run.revision)}`,
      dataset: stage.output,
      timelabel,
      revision: run.revision,
      status: run.status,
      content,
    });
    if (run.told) this.#open(run.target);
  }

  runsOf(stage: string, timelabel: string): readonly ModelRun[] {
    return this.#runs.filter((run) => run.target.stage.id === stage && run.target.timelabel === timelabel);
  }

  /** What the newest success of each (stage, label) was made of. */
  contents(): ReadonlyMap<string, string> {
    const newest = new Map<string, string>();
    for (const run of this.#runs) {
      const { stage, timelabel } = run.target;
      if (run.status === 'SUCCESS')
        newest.set(`${stage.id}@${timelabel}`, contentOf(stage.id, timelabel, run.inputs));
    }
    return newest;
  }

  #open(target: Target): Opening {
    const inputs = this.#inputs(target);
    const opening = decideOpening(
      target.stage,
      target.timelabel,
      inputs,
      this.#ledger(target),
      {
        trigger: 'event',
        rerun: null,
      },
      0,
    );
    if (opening.kind === 'nothing-new' || (opening.kind === 'run' && opening.alreadyOpen)) return opening;
    const latest = this.#latest(target);
    const run: ModelRun =
      latest?.revision === opening.revision
        ? latest
        : {
            target,
            revision: opening.revision,
            status: 'WAITING',
            vector: '',
            inputs: [],
            made: [],
            told: false,
          };
    if (run !== latest) this.#runs.push(run);
    if (opening.kind === 'run') {
      run.status = 'RUNNING';
      run.vector = opening.vector;
      run.made = opening.inputs;
      run.inputs = opening.inputs.map(({ eventId }) => this.#log.get(eventId)?.content ?? 'unknown');
    }
    return opening;
  }

  #latest({ stage, timelabel }: Target): ModelRun | undefined {
    return this.runsOf(stage.id, timelabel).at(-1);
  }

  #ledger(target: Target): LedgerState {
    const runs = this.runsOf(target.stage.id, target.timelabel);
    const latest = runs.at(-1);
    return {
      latest:
        latest === undefined
          ? null
          : {
              revision: latest.revision,
              status: latest.status,
              outcome: null,
              vector: latest.vector,
              request: null,
              deadline: null,
              late: false,
              only: false,
              overtaken: false,
            },
      acceptedVector: runs.findLast(({ status }) => status === 'SUCCESS')?.vector ?? null,
      highestRevision: latest?.revision ?? 0,
      paused: null,
      restatedLabels: null,
    };
  }

  #inputs({ stage, timelabel }: Target): InputState[] {
    const unsettled = unsettledRevisions(this.#madeOf());
    return stage.inputs.map((input) => {
      const need = inputNeed(input.window, stage.period, input.period, timelabel);
      const labels = need.kind === 'labels' ? need.labels : [];
      const heads = labels.flatMap((label): Head[] => {
        const newest = this.#newest(input, label);
        if (newest === undefined) return [];
        const found = unsettled.get(revisionKey(newest));
        const head = { timelabel: label, revision: newest.revision, eventId: newest.id };
        return [found === undefined ? head : { ...head, unsettled: found.cause }];
      });
      return { dataset: input.dataset, heads };
    });
  }

  #newest(input: StageInput, label: string): ModelEvent | undefined {
    const outcomes: readonly string[] = selectedOutcomes(input.on);
    return [...this.#log.values()]
      .filter((event) => event.dataset === input.dataset && event.timelabel === label)
      .filter((event) => outcomes.includes(event.status))
      .sort((a, b) => b.revision - a.revision)[0];
  }

  /** Every run with what it was made of, whether or not anybody asks. */
  #madeOf(): MadeOf[] {
    return this.#runs.flatMap((run) =>
      run.made.map((made): MadeOf => {
        const { stage, timelabel } = run.target;
        const input = stage.inputs.find(({ dataset }) => dataset === made.dataset);
        const newest = input === undefined ? undefined : this.#newest(input, made.timelabel);
        return {
          dataset: stage.output,
          timelabel,
          revision: run.revision,
          input: made,
          stale: newest !== undefined && newest.revision > made.revision,
          failedSince: false,
        };
      }),
    );
  }
}

/** The same for the same inputs, whatever revisions they were given. */
export function contentOf(stage: string, timelabel: string, inputs: readonly string[]): string {
  return `${stage}@${timelabel}(${[...inputs].sort().join(' ')})`;
}
