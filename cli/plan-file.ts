import { readFile, writeFile } from 'node:fs/promises';
import { WAITING_POLICIES, type WaitingPolicy } from '../pipeline/join-effect.ts';
import { InvalidInput } from './invalid-input.ts';
import type { Plan } from './plan.ts';

/** What apply needs of a plan that was written to a file. */
export interface StoredPlan {
  readonly base: { readonly version: number; readonly checksum: string | null };
  readonly project: string;
  readonly waiting: WaitingPolicy;
}

/** Writes a plan, for `reefline apply --plan`. */
export async function writePlan(file: string, plan: Plan): Promise<void> {
  await writeFile(file, `${JSON.stringify(plan, undefined, 2)}\n`);
}

/** Reads a plan that `reefline plan --out` wrote. @throws InvalidInput when the file is missing or is no plan. */
export async function readPlan(file: string): Promise<StoredPlan> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new InvalidInput(`The plan ${file} cannot be read: ${(error as Error).message}.`);
  });
  const plan = planOf(text);
  if (plan !== undefined) return plan;
  throw new InvalidInput(`${file} is no plan. Make one with "reefline plan --out ${file}".`);
}

function planOf(text: string): StoredPlan | undefined {
  const value = parse(text);
  if (!isObject(value)) return undefined;
  const { base, project } = value;
  const waiting = WAITING_POLICIES.find((policy) => policy === value['waiting']);
  if (!isObject(base) || typeof project !== 'string' || waiting === undefined) return undefined;
  const { version, checksum } = base;
  if (typeof version !== 'number' || (typeof checksum !== 'string' && checksum !== null)) return undefined;
  return { base: { version, checksum }, project, waiting };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
