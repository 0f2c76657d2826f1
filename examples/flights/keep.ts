import { relative } from 'node:path';
import { temporalCli } from '../../local/temporal-cli.ts';
import { DAY, dayAt, HOUR } from './calendar.ts';
import type { Plan } from './calendar.ts';
import { MINUTE } from './schedules.ts';
import type { Stack } from './stack.ts';

/** What to look at and to try while everything is left running. */
export function keepLines({ cloud }: Stack, plan: Plan): readonly string[] {
  const found = relative(process.cwd(), temporalCli());
  const cli = found.startsWith('..') ? temporalCli() : found;
  const address = `--address ${cloud.temporalAddress}`;
  const next = dayAt((plan.days.at(-1)?.start ?? 0) + DAY);
  const first = iso(next.start + HOUR + 9 * MINUTE);
  const last = iso(next.start + DAY + 11 * MINUTE);
  const event = `{"event_type":"data","type":"redshift","schema":"planning","table":"hubs","timelabel":"${next.label}","status":"SUCCESS"}`;
  return [
    '',
    `Everything is left running until Ctrl-C. Temporal UI: ${cloud.temporalUiUrl}`,
    'Three commands to try:',
    `  # the runs that wait or run, with readable ids`,
    `  ${cli} workflow list ${address} --query 'ExecutionStatus="Running"'`,
    `  # fetch the 24 hours of the next day, ${next.date}; loads and registrations follow by themselves`,
    `  ${cli} schedule backfill ${address} --schedule-id tick/flights.fetch_flights --overlap-policy AllowAll --start-time ${first} --end-time ${last}`,
    `  # tell a router, as a service would, that the hubs of that day are there`,
    `  ${cli} workflow signal ${address} --workflow-id router/delays --name dataEvent --input '${event}'`,
    '',
  ];
}

function iso(instant: number): string {
  return new Date(instant).toISOString().replace('.000Z', 'Z');
}
