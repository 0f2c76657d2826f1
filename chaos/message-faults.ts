import { routerStart } from '../client/router-start.ts';
import { ROUTING_QUEUE } from '../pipeline/ids.ts';
import { endOfSignal, MOST_EVENTS } from '../pipeline/signal-size.ts';
import type { Dice } from './dice.ts';
import type { Fault } from './fault.ts';
import { HOSTILE } from './hostile.ts';
import { persist } from './persist.ts';
import type { World } from './world.ts';

export const messageFaults: readonly Fault[] = [
  {
    name: 'events of the log are signalled again, in another order and to another router',
    async strike(world: World, dice: Dice): Promise<void> {
      const order = String(dice.between(0, 1_000_000));
      const { rows } = await persist(() =>
        world.catalog.query<{ body: object }>(
          `select body from reefline.data_event where event_type = 'data' order by md5(event_id || $1) limit 30`,
          [order],
        ),
      );
      await signal(
        world,
        dice.pick(['p0', 'elsewhere']),
        rows.map(({ body }) => body),
      );
    },
  },
  {
    name: 'a sender whose clock is hours ahead or behind reports a label again',
    async strike({ sender }: World): Promise<void> {
      await sender.restate();
    },
  },
  {
    name: 'a service in a loop signals the same message to a router, up to 500 times',
    async strike(world: World, dice: Dice): Promise<void> {
      const same = signalOf(dice.pick(HOSTILE));
      for (let signals = 0; signals < 5; signals += 1) await signal(world, 'p0', same);
    },
  },
  {
    name: 'hostile messages are signalled',
    async strike(world: World, dice: Dice): Promise<void> {
      const messages = Array.from({ length: 5 }, () => dice.pick(HOSTILE));
      await signal(world, 'p0', dice.next() < 0.5 ? messages : messages[0]);
    },
  },
];

/** The same message as often as one signal carries it: the server refuses what is larger. */
export function signalOf(message: unknown): readonly unknown[] {
  const parcel = { count: 1, size: JSON.stringify(message).length };
  const times = endOfSignal(Array.from({ length: MOST_EVENTS }, () => parcel));
  return Array.from({ length: times }, () => message);
}

async function signal({ client }: World, router: string, payload: unknown): Promise<void> {
  await persist(() => client.workflow.signalWithStart('router', routerStart(router, ROUTING_QUEUE, payload)));
}
