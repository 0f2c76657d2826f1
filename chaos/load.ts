import { setTimeout as sleep } from 'node:timers/promises';
import { startRun } from '../cli/run.ts';
import { DAY, HOUR, labelOf } from '../examples/flights/calendar.ts';
import { parseTimelabel, type Timelabel } from '../pipeline/timelabel.ts';
import type { Dice } from './dice.ts';
import { FIRST_DAY, type DrawnPipeline } from './project.ts';
import { persist } from './persist.ts';
import { mysqlTables, postgresTables, type SourceTables } from './source-tables.ts';
import type { World } from './world.ts';

const NOTES = [null, '', 'plain', 'co,mma', 'qu"ote', 'new\nline', 'naïve 🪸', 'back\\slash'] as const;

/** Hours of the story so far: whole days, so that every summary can become complete. */
export class Load {
  readonly #world: World;
  readonly #dice: Dice;
  readonly #pipelines: readonly DrawnPipeline[];
  #id = 0;
  days = 0;
  hours = 0;
  restated = 0;

  constructor(world: World, dice: Dice, pipelines: readonly DrawnPipeline[]) {
    this.#world = world;
    this.#dice = dice;
    this.#pipelines = pipelines;
  }

  async createTables(): Promise<void> {
    for (const pipeline of this.#pipelines) await this.#tablesOf(pipeline).create(pipeline.name);
  }

  /** Adds `days` days one after another until the time is over (`end`, Unix milliseconds), and late rows now and then. */
  async untilEnd(end: number, days: number): Promise<void> {
    const begun = Date.now();
    while (Date.now() < end) {
      if (this.days < days && Date.now() >= begun + (this.days * (end - begun)) / days) await this.#addDay();
      await this.#restate();
      await sleep(this.#dice.between(500, 4_000));
    }
  }

  /** One more day: rows of each hour appear at the source, and each hour is fetched as a tick would do. */
  async #addDay(): Promise<void> {
    const start = FIRST_DAY + this.days * DAY;
    await this.#world.sender.addDay();
    for (let hour = 0; hour < 24; hour += 1) {
      for (const pipeline of this.#pipelines) {
        await this.#insert(pipeline, start + hour * HOUR, this.#dice.between(0, 40));
        await this.#fetch(pipeline.name, start + hour * HOUR, false);
      }
      this.hours += this.#pipelines.length;
      await sleep(20);
    }
    this.days += 1;
  }

  /** Late rows of an hour, which is fetched again. */
  async #restate(): Promise<void> {
    if (this.days === 0) return;
    const pipeline = this.#dice.pick(this.#pipelines);
    const start = FIRST_DAY + this.#dice.between(0, this.days * 24 - 1) * HOUR;
    await this.#insert(pipeline, start, this.#dice.between(1, 10));
    await this.#fetch(pipeline.name, start, true);
    this.restated += 1;
  }

  /** What a person does in the end: runs again what has failed. Returns how many labels there were. */
  async runFailuresAgain(): Promise<number> {
    const { rows } = await this.#world.catalog.query<{ stage: string; timelabel: string }>(
      `select stage, timelabel from (
         select distinct on (stage, timelabel) stage, timelabel, status from reefline.stage_run order by stage, timelabel, revision desc) newest
        where status = 'FAILURE' and stage = any($1)`,
      [this.#world.editions.stages.map(({ id }) => id)],
    );
    for (const { stage, timelabel } of rows) await this.#run(stage, timelabel, true);
    return rows.length;
  }

  #tablesOf({ source }: DrawnPipeline): SourceTables {
    const { mysql, source: postgres } = this.#world;
    if (source === 'postgres') return postgresTables(postgres);
    if (mysql === undefined) throw new Error('There is no MariaDB to fetch from.');
    return mysqlTables(mysql);
  }

  async #insert(pipeline: DrawnPipeline, start: number, count: number): Promise<void> {
    const rows = Array.from({ length: count }, () => {
      this.#id += 1;
      return {
        id: this.#id,
        at: new Date(start + this.#dice.between(0, HOUR - 1)).toISOString().slice(0, -1),
        amount: this.#dice.between(-1_000, 1_000),
        note: this.#dice.pick(NOTES),
      };
    });
    await persist(() => this.#tablesOf(pipeline).insert(pipeline.name, rows));
  }

  async #fetch(table: string, start: number, rerun: boolean): Promise<void> {
    await this.#run(`${table}.fetch`, labelOf(start), rerun);
  }

  async #run(stageId: string, label: string, rerun: boolean): Promise<void> {
    const stage = this.#world.editions.stages.find(({ id }) => id === stageId);
    const timelabel: Timelabel | undefined = parseTimelabel(label);
    if (stage === undefined || timelabel === undefined) throw new Error(`There is no ${stageId} ${label}.`);
    await persist(() => startRun(this.#world.client, stage, timelabel, rerun));
  }
}
