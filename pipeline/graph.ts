/** What the graph needs to know of a stage; every StageDefinition fits. */
export interface GraphStage {
  readonly id: string;
  readonly output: string;
  readonly inputs: readonly { readonly dataset: string }[];
}

/** The stages that take each dataset as an input, in the order in which the stages were given. */
export function dependentsByDataset<Stage extends GraphStage>(
  stages: readonly Stage[],
): ReadonlyMap<string, readonly Stage[]> {
  const dependents = new Map<string, Stage[]>();
  for (const stage of stages) {
    for (const dataset of new Set(stage.inputs.map((input) => input.dataset))) {
      const known = dependents.get(dataset);
      if (known === undefined) dependents.set(dataset, [stage]);
      else known.push(stage);
    }
  }
  return dependents;
}

/**
 * Stages such that each comes after the stages that produce its inputs. Stages on a cycle, or behind one, cannot be
 * ordered: they are in `stuck`, in the given order.
 */
export function topologicalOrder<Stage extends GraphStage>(
  stages: readonly Stage[],
): { readonly ordered: readonly Stage[]; readonly stuck: readonly Stage[] } {
  const dependents = dependentsByDataset(stages);
  const produced = new Set(stages.map((stage) => stage.output));
  const open = new Map(stages.map((stage) => [stage, openInputs(stage, produced)]));
  const ordered = stages.filter((stage) => open.get(stage) === 0);
  for (const stage of ordered) {
    for (const dependent of dependents.get(stage.output) ?? []) {
      const left = (open.get(dependent) ?? 0) - 1;
      open.set(dependent, left);
      // The loop sees what it appends: this is the queue of Kahn's algorithm.
      if (left === 0) ordered.push(dependent);
    }
  }
  const done = new Set(ordered);
  return { ordered, stuck: stages.filter((stage) => !done.has(stage)) };
}

/**
 * Cycles, each as the stages along it in the direction of the data, beginning with the one that was given first; the
 * last one feeds the first. Every stage is in at most one of the returned cycles, and when there is any cycle at least one is returned.
 */
export function findCycles<Stage extends GraphStage>(
  stages: readonly Stage[],
): readonly (readonly Stage[])[] {
  const cycles: (readonly Stage[])[] = [];
  const given = new Map(stages.map((stage, at) => [stage, at]));
  let { stuck } = topologicalOrder(stages);
  for (let start = stuck[0]; start !== undefined; start = stuck[0]) {
    const cycle = cycleBehind(start, stuck);
    cycles.push(fromFirst(cycle, given));
    const found = new Set(cycle);
    ({ stuck } = topologicalOrder(stuck.filter((stage) => !found.has(stage))));
  }
  return cycles;
}

function fromFirst<Stage>(cycle: readonly Stage[], given: ReadonlyMap<Stage, number>): readonly Stage[] {
  const places = cycle.map((stage) => given.get(stage) ?? 0);
  const first = places.indexOf(Math.min(...places));
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}

/** Walks against the data from a stuck stage. Every stuck stage has a stuck producer, so the walk must meet itself. */
function cycleBehind<Stage extends GraphStage>(start: Stage, stuck: readonly Stage[]): readonly Stage[] {
  const producers = new Map(stuck.map((stage) => [stage.output, stage]));
  const path: Stage[] = [];
  const position = new Map<Stage, number>();
  let stage: Stage | undefined = start;
  while (stage !== undefined && !position.has(stage)) {
    position.set(stage, path.length);
    path.push(stage);
    stage = producerOf(stage, producers);
  }
  return stage === undefined ? path : path.slice(position.get(stage)).reverse();
}

function producerOf<Stage extends GraphStage>(
  stage: Stage,
  producers: ReadonlyMap<string, Stage>,
): Stage | undefined {
  const input = stage.inputs.find(({ dataset }) => producers.has(dataset));
  return input === undefined ? undefined : producers.get(input.dataset);
}

function openInputs(stage: GraphStage, produced: ReadonlySet<string>): number {
  return new Set(stage.inputs.map((input) => input.dataset).filter((dataset) => produced.has(dataset))).size;
}
