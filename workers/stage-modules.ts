import { access } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CustomStage } from '../activities/stages/custom-stage.ts';
import { StageFailure } from '../pipeline/failure.ts';
import type { Project } from '../pipeline/project.ts';

/** The modules of custom stages, from the folder of the project. Each is loaded once in the life of the process. */
export interface StageModules {
  /** The function that a module exports; throws StageFailure `invalid_config` when there is none. */
  stageOf(module: string): Promise<CustomStage>;
  /** One sentence about each module of the project that cannot be used here. */
  problems(project: Project): Promise<readonly string[]>;
}

/** `folder` is the one that holds reefline.yaml. */
export function stageModules(folder: string): StageModules {
  const dir = resolve(folder);
  const loaded = new Map<string, Promise<CustomStage>>();
  const stageOf = (module: string): Promise<CustomStage> => {
    const known = loaded.get(module) ?? load(dir, module);
    loaded.set(module, known);
    return known;
  };
  return {
    stageOf,
    async problems(project) {
      const modules = new Set(
        project.stages.flatMap(({ work }) => (work.kind === 'custom' ? [work.module] : [])),
      );
      const said = await Promise.all(
        [...modules].map(async (module) =>
          stageOf(module).then(
            () => [],
            (error: unknown) => [messageOf(error)],
          ),
        ),
      );
      return said.flat();
    },
  };
}

async function load(dir: string, module: string): Promise<CustomStage> {
  const file = join(dir, module);
  const found = await access(file).then(
    () => true,
    () => false,
  );
  if (!found)
    throw unusable(
      module,
      `is not in ${dir}. Deploy the worker with the files of the project, and name their folder in REEFLINE_PROJECT`,
    );
  const exported: unknown = await import(pathToFileURL(file).href).catch((error: unknown) => {
    throw unusable(
      module,
      `cannot be loaded (${messageOf(error)}). Correct it and start the worker again`,
      error,
    );
  });
  const { default: stage } = exported as { readonly default?: unknown };
  if (typeof stage !== 'function')
    throw unusable(
      module,
      'exports no stage. Let its default export be a function (run, tools), and start the worker again',
    );
  return stage as CustomStage;
}

function unusable(module: string, why: string, cause?: unknown): StageFailure {
  return new StageFailure('invalid_config', `The module ${module} ${why}.`, { cause, facts: { module } });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const ENTRY = new URL(`../stage/index${extname(fileURLToPath(import.meta.url))}`, import.meta.url).href;

/**
 * From now on `reefline/stage` is the one of this very process, wherever the project lies and whatever is installed
 * beside it.
 */
export function provideStageEntry(): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'reefline/stage' ? { url: ENTRY, shortCircuit: true } : next(specifier, context),
  });
}
