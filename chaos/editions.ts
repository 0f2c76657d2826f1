import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { applyProject } from '../cli/apply.ts';
import { readWholeProject } from '../examples/flights/engine.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { persist } from './persist.ts';
import { type DrawnPipeline, writeProject } from './project.ts';

/** The project as its owners change it, edition after edition, while it runs. */
export class Editions {
  readonly #dir: string;
  readonly #pipelines: readonly DrawnPipeline[];
  readonly #catalog: pg.Pool;
  readonly #client: Client;
  #edition = -1;
  #applying: Promise<void> = Promise.resolve();
  /** What the edition in force consists of. */
  stages: readonly StageDefinition[] = [];

  constructor(dir: string, pipelines: readonly DrawnPipeline[], catalog: pg.Pool, client: Client) {
    this.#dir = dir;
    this.#pipelines = pipelines;
    this.#catalog = catalog;
    this.#client = client;
  }

  /** Puts the next edition in force; one after the other. */
  async apply(): Promise<void> {
    this.#applying = this.#applying.then(() => this.#apply());
    await this.#applying;
  }

  async #apply(): Promise<void> {
    this.#edition += 1;
    const folder = join(this.#dir, `edition-${String(this.#edition)}`);
    await writeProject(folder, this.#pipelines, this.#edition);
    const project = await readWholeProject(folder);
    await persist(() => applyProject(this.#catalog, this.#client, project, 'chaos'));
    this.stages = project.stages;
  }
}
