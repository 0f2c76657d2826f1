import type { IncomingMessage, ServerResponse } from 'node:http';

/** Minutes by which the time of a signature may differ from the time of the service (AWS Signature Version 4; S3, "Error responses"). */
const MINUTES = 5;
const MINUTES_S3 = 15;

/** Why a service refuses the time of a signature; undefined when it takes it, or when the request is not signed. */
export function refusedTime(signed: string | undefined, now: number, minutes: number): string | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(signed ?? '') ?? [];
  const at = Date.parse(
    `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`,
  );
  if (Number.isNaN(at) || Math.abs(at - now) <= minutes * 60_000) return undefined;
  const time = `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  return at < now
    ? `Signature expired: ${signed ?? ''} is now earlier than ${time} - ${String(minutes)} min.`
    : `Signature not yet current: ${signed ?? ''} is still later than ${time} + ${String(minutes)} min.`;
}

/** Refuses a request to a service of JSON whose signature is of another time; true when it has answered. */
export function refuseSignature(
  request: IncomingMessage,
  response: ServerResponse,
  now: number = Date.now(),
): boolean {
  const message = refusedTime(timeOf(request), now, MINUTES);
  if (message === undefined) return false;
  request.resume();
  answerSignature(response, message);
  return true;
}

/** The same for S3 and SQS, which share an address; S3 speaks XML and forgives more. */
export function refuseSignatureAtStore(
  request: IncomingMessage,
  response: ServerResponse,
  now: number = Date.now(),
): boolean {
  if (request.headers['x-amz-target'] !== undefined) return refuseSignature(request, response, now);
  if (refusedTime(timeOf(request), now, MINUTES_S3) === undefined) return false;
  request.resume();
  response.writeHead(403, { 'content-type': 'application/xml' });
  response.end(
    '<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the current time is too large.</Message>' +
      `<ServerTime>${new Date(now).toISOString()}</ServerTime></Error>`,
  );
  return true;
}

function timeOf({ headers }: IncomingMessage): string | undefined {
  const time = headers['x-amz-date'];
  return typeof time === 'string' ? time : undefined;
}

function answerSignature(response: ServerResponse, message: string): void {
  response.writeHead(403, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-errortype': 'InvalidSignatureException',
  });
  response.end(JSON.stringify({ __type: 'InvalidSignatureException', message }));
}
