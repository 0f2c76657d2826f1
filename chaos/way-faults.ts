import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from './dice.ts';
import { LONG, SHORT, type Fault } from './fault.ts';
import type { Gate } from './gate.ts';
import type { GateState } from './passage.ts';
import { WAYS, type Way } from './servers.ts';
import type { World } from './world.ts';

const HTTP_WAYS: readonly Way[] = ['s3', 'sqs', 'glue', 'athena', 'redshift', 'snowflake', 'salesforce'];

/** One of those ways that there are. */
function drawGate(gates: World['gates'], ways: readonly Way[], dice: Dice): Gate {
  return dice.pick(ways.flatMap((way) => gates[way] ?? []));
}

function disturbed(name: string, ways: readonly Way[], state: GateState): Fault {
  return {
    name,
    async strike({ gates }: World, dice: Dice): Promise<void> {
      const gate = drawGate(gates, ways, dice);
      gate.set(state);
      await sleep(dice.between(SHORT, LONG));
      gate.set('open');
    },
  };
}

export const wayFaults: readonly Fault[] = [
  {
    name: 'connections to one system are reset',
    strike({ gates }: World, dice: Dice): Promise<void> {
      drawGate(gates, WAYS, dice).cut();
      return Promise.resolve();
    },
  },
  disturbed('one system refuses connections', WAYS, 'refusing'),
  disturbed('one system does not answer', WAYS, 'silent'),
  disturbed('one system is slow', WAYS, 'slow'),
  disturbed('the catalog is slow', ['catalog'], 'slow'),
  disturbed('one service of AWS, Snowflake or Salesforce answers 503', HTTP_WAYS, 'failing'),
  disturbed('answers of one service of AWS, Snowflake or Salesforce break off', HTTP_WAYS, 'truncating'),
  disturbed('Salesforce refuses requests beyond its limit', ['salesforce'], 'throttling'),
];
