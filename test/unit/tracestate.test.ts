import { expect, test } from '@jest/globals';
import { readMessage } from '../../pipeline/read-message.ts';
import { traceContext } from '../../pipeline/traceparent.ts';
import { readTracestate } from '../../pipeline/tracestate.ts';

const CONTEXT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const member = (name: string, length: number): string => `${name}=${'x'.repeat(length - name.length - 1)}`;
const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `k${String(at)}=v`);

test.each([
  ['rojo=00f067aa0ba902b7', 'rojo=00f067aa0ba902b7'],
  ['rojo=1,congo=t61rcWkgMzE', 'rojo=1,congo=t61rcWkgMzE'],
  // Blanks around members, and empty ones, belong to the list and not to them.
  ['rojo=1 ,\t congo=2,,', 'rojo=1,congo=2'],
  ['fw529a3039@dt=FfYrOz,1a-_*/b= a b', 'fw529a3039@dt=FfYrOz,1a-_*/b= a b'],
  [many(32).join(','), many(32).join(',')],
])('%j is kept as %j', (given, kept) => {
  expect(readTracestate(given)).toBe(kept);
});

test.each([
  ['', ',', 'rojo', '=1', 'rojo=', 'Rojo=1', 'ro jo=1', 'rojo=1=2', 'rojo=ä', 'rojo=1\n', '@dt=1'],
  ['rojo=1,rojo=2', 'rojo=1,congo', many(33).join(','), member('rojo', 262), `${'k'.repeat(257)}=1`],
  [null, undefined, 7, ['rojo=1'], { rojo: 1 }, `rojo=1,${' '.repeat(20_000)}`],
])('nothing is kept of a list that breaks a rule anywhere', (...given) => {
  for (const each of given) expect([each, readTracestate(each)]).toEqual([each, undefined]);
});

test('of a list of more than 512 characters the large members go first, and then the last ones', () => {
  const [large, small] = [member('large', 129), many(31)];
  const list = [large, member('first', 128), ...small, member('last', 128)];
  expect(readTracestate([...list.slice(0, 32)].join(','))).toBe(list.slice(0, 32).join(','));
  const three = ['a', 'b', 'c', 'd'].map((name) => member(name, 128));
  expect(readTracestate([large, ...three].join(','))).toBe(three.slice(0, 3).join(','));
  expect(readTracestate([...three, large].join(','))).toBe(three.slice(0, 3).join(','));
});

test('it belongs to a traceparent, and is no part of the content of an event', () => {
  expect(traceContext({ traceparent: CONTEXT, tracestate: 'rojo=1' })).toEqual({
    traceparent: CONTEXT,
    tracestate: 'rojo=1',
  });
  expect(traceContext({ traceparent: CONTEXT, tracestate: 'rojo' })).toEqual({ traceparent: CONTEXT });
  expect(traceContext({ traceparent: 'x', tracestate: 'rojo=1' })).toEqual({});
  const fares = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares' };
  const event = { ...fares, timelabel: '20200303000000', status: 'SUCCESS' };
  const bare = readMessage(event);
  expect(readMessage({ ...event, tracestate: 'rojo=1' })).toEqual(bare);
  expect(readMessage({ ...event, traceparent: CONTEXT, tracestate: 'rojo=1' })).toEqual({
    canonical: bare.canonical,
    incoming: { ...bare.incoming, traceparent: CONTEXT, tracestate: 'rojo=1' },
  });
});
