import { routerStart } from '../client/router-start.ts';
import { DAY, HOUR, labelOf } from '../examples/flights/calendar.ts';
import { ROUTING_QUEUE } from '../pipeline/ids.ts';
import type { Dice } from './dice.ts';
import { persist } from './persist.ts';
import { FIRST_DAY } from './project.ts';
import type { World } from './world.ts';

type Reached = Pick<World, 'warehouse' | 'client'>;

/** How wrong the clock of the sender is at most, in milliseconds. */
const WRONG = 36 * HOUR;

/** An outside service with a clock hours ahead or behind. Its times order nothing: the newest rate must be what counts in the end. */
export class Sender {
  readonly #world: Reached;
  readonly #dice: Dice;
  #days = 0;
  #rate = 0;

  constructor(world: Reached, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  async createTable(): Promise<void> {
    await this.#world.warehouse.query(
      'create schema partners; create table partners.rates (at timestamp primary key, rate integer not null)',
    );
  }

  /** Writes the rate of one more day, and reports it. */
  async addDay(): Promise<void> {
    this.#days += 1;
    await this.#write(this.#days - 1);
  }

  /** Writes another rate of a day that was reported before, and reports it again. */
  async restate(): Promise<void> {
    if (this.#days > 0) await this.#write(this.#dice.between(0, this.#days - 1));
  }

  async #write(day: number): Promise<void> {
    const start = FIRST_DAY + day * DAY;
    this.#rate += 1;
    const row = [new Date(start).toISOString().slice(0, -1), this.#rate];
    await persist(() =>
      this.#world.warehouse.query(
        'insert into partners.rates values ($1, $2) on conflict (at) do update set rate = excluded.rate where rates.rate < excluded.rate',
        row,
      ),
    );
    const ended = Date.now() + this.#dice.between(-WRONG, WRONG);
    const rates = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'rates' };
    const times = {
      startTime: written(ended + this.#dice.between(-HOUR, HOUR)),
      updateTime: written(ended),
      endTime: written(ended),
    };
    const event = { ...rates, timelabel: labelOf(start), status: 'SUCCESS', ...times };
    await persist(() =>
      this.#world.client.workflow.signalWithStart('router', routerStart('partners', ROUTING_QUEUE, event)),
    );
  }
}

/** `2020-03-03 11:25:47:445 +00:00` */
function written(at: number): string {
  const text = new Date(at).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)}:${text.slice(20, 23)} +00:00`;
}
