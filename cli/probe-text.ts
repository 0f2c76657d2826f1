import type { Probed } from '../workers/probe-endpoint.ts';
import type { ProbeError } from '../workers/probe-error.ts';

/** What became of a probe, in plain sentences, and the policy statements to add when it was refused. */
export function probeText(probed: Probed): string {
  const { endpoint, eventId, messageId, error } = probed;
  const place = placeOf(probed);
  if (error === null)
    return [
      `${endpoint} took the probe${place}${messageId === null ? '' : `: message ${messageId}`}.`,
      `It says that it reports no data; its id is ${eventId}.`,
    ].join('\n');
  return [`${endpoint} did not take the probe${place}.`, ...refusalLines(error)].join('\n');
}

/** What is wrong, what helps, the policy statements to add, and what was answered where that says more. */
export function refusalLines(error: ProbeError): readonly string[] {
  const statements = error.missing.flatMap(({ where, statement }) => [
    '',
    `In ${where}:`,
    JSON.stringify(statement, undefined, 2),
  ]);
  return [
    ...[error.what, error.cure].filter((text) => text !== ''),
    ...statements,
    ...(error.what.includes(error.message) ? [] : ['', `The answer was ${error.message}`]),
  ];
}

function placeOf({ queue, roleArn }: Probed): string {
  const as = roleArn === null ? '' : `, as ${roleArn}`;
  if (queue === null) return as;
  const { name, account, region, fifo } = queue;
  return ` in the ${fifo ? 'FIFO ' : ''}queue ${name} of account ${account} in ${region ?? ''}${as}`;
}
