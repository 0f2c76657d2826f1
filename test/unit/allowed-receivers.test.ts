import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  mayReceive,
  parseAllowedReceivers,
  PUBLIC_ONLY,
} from '../../connectors/webhook/allowed-receivers.ts';
import { ForbiddenAddress, guardedConnection } from '../../connectors/webhook/guarded-connection.ts';
import { allowedReceivers } from '../../workers/senders.ts';
import { startReceiver } from '../support/receiver.ts';

const may = (address: string, allowed = PUBLIC_ONLY, host = 'hooks.example.com'): boolean =>
  mayReceive(allowed, host, address);

describe('an address to which nothing is sent by itself', () => {
  test.each([
    ['this host', '0.0.0.0', '0.255.255.255'],
    ['private 10', '10.0.0.0', '10.255.255.255'],
    ['carrier-grade NAT', '100.64.0.0', '100.127.255.255'],
    ['loopback', '127.0.0.0', '127.255.255.255'],
    ['link-local and metadata', '169.254.0.0', '169.254.169.254'],
    ['private 172.16', '172.16.0.0', '172.31.255.255'],
    ['private 192.168', '192.168.0.0', '192.168.255.255'],
    ['benchmarks', '198.18.0.0', '198.19.255.255'],
    ['multicast and reserved', '224.0.0.0', '239.255.255.255'],
    ['broadcast', '240.0.0.0', '255.255.255.255'],
    ['unspecified and loopback of IPv6', '::', '::1'],
    ['IPv4-mapped', '::ffff:10.0.0.1', '::ffff:7f00:1'],
    ['IPv4-mapped, also of a public address', '::ffff:93.184.216.34', '::93.184.216.34'],
    ['NAT64', '64:ff9b::a00:1', '64:ff9b:1::1'],
    ['Teredo', '2001::1', '2001:0:a00:1::'],
    ['documentation', '2001:db8::1', '3fff:1::1'],
    ['6to4', '2002:a00:1::', '2002:7f00:1::1'],
    ['unique-local', 'fc00::1', 'fdff::1'],
    ['link-local of IPv6', 'fe80::1', 'fe80::1%eth0'],
    ['site-local, multicast of IPv6', 'fec0::1', 'ff02::1'],
    ['none at all', '', 'localhost'],
  ])('%s: %s, %s', (_, one, other) => {
    expect([may(one), may(other)]).toEqual([false, false]);
  });

  test('is next to those that are public', () => {
    for (const address of [
      '1.1.1.1',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
      '128.0.0.0',
      '169.253.255.255',
      '172.15.255.255',
      '172.32.0.0',
      '192.167.255.255',
      '192.169.0.0',
      '223.255.255.255',
      '2606:4700::1111',
      '2001:200::1',
      '2a00:1450:4001::200e',
    ])
      expect([address, may(address)]).toEqual([address, true]);
  });

  test('is one in whatever way a URL spells it', () => {
    const octets = fc.tuple(...Array.from({ length: 3 }, () => fc.nat({ max: 255 })));
    const written = fc.constantFrom(
      (number: number) => String(number),
      (number: number) => `0x${number.toString(16)}`,
      (number: number) => `0${number.toString(8)}`,
    );
    fc.assert(
      fc.property(fc.constantFrom(10, 127), octets, written, (first, rest, write) => {
        const number = [first, ...rest].reduce((sum, octet) => sum * 256 + octet, 0);
        const whole = new URL(`https://${write(number)}/`).hostname;
        const dotted = new URL(`https://${[first, ...rest].map((octet) => write(octet)).join('.')}/`)
          .hostname;
        expect([whole, may(whole), may(dotted)]).toEqual([dotted, false, false]);
      }),
    );
  });
});

describe('receivers that are allowed', () => {
  test('are hosts by their names, addresses, and networks', () => {
    const allowed = parseAllowedReceivers(' Hooks.Internal,10.20.0.0/16 , fd00::1,127.0.0.1,');
    expect(may('10.0.0.1', allowed, 'hooks.internal')).toBe(true);
    expect(may('10.0.0.1', allowed, 'HOOKS.internal.')).toBe(true);
    expect(may('10.0.0.1', allowed, 'other.hooks.internal')).toBe(false);
    expect(may('10.20.255.1', allowed)).toBe(true);
    expect(may('10.21.0.1', allowed)).toBe(false);
    expect(may('fd00::1', allowed)).toBe(true);
    expect(may('fd00::2', allowed)).toBe(false);
    expect(may('127.0.0.1', allowed)).toBe(true);
    expect(may('127.0.0.2', allowed)).toBe(false);
    expect(may('1.1.1.1', allowed)).toBe(true);
  });

  test.each([
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0/8',
    '300.1.1.1',
    'https://hooks.internal',
    '*.internal',
    '*',
  ])('are not written %s', (text) => {
    expect(() => allowedReceivers({ REEFLINE_WEBHOOK_ALLOW: `hooks.internal, ${text}` })).toThrow(
      /^REEFLINE_WEBHOOK_ALLOW cannot be read: ".*" is no host, address or network\. Write for example/,
    );
  });
});

test('a name is judged where the connection is made, each time, and by every address that it has', async () => {
  const receiver = await startReceiver();
  const port = new URL(receiver.url).port;
  let answer = ['10.0.0.1', '::1', '169.254.169.254'];
  const connection = guardedConnection(
    new URL(`http://rebinding.example.com:${port}/`),
    parseAllowedReceivers('127.0.0.1'),
    (host, options, done) => {
      expect(options.all).toBe(true);
      expect(host).toBe('rebinding.example.com');
      done(
        null,
        answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    },
  );
  const call = (): Promise<number | undefined> =>
    connection({ connection: 'close' }, '{}', AbortSignal.timeout(5_000)).then((response) => {
      response.resume();
      return response.statusCode;
    });
  await expect(call()).rejects.toThrow(ForbiddenAddress);
  answer = ['10.0.0.1', '127.0.0.1'];
  expect(await call()).toBe(200);
  answer = ['127.0.0.2'];
  await expect(call()).rejects.toThrow(ForbiddenAddress);
  expect(receiver.requests).toHaveLength(1);
  await receiver.close();
});
