import { BlockList, isIP } from 'node:net';

/** Receivers inside a company's own network, which its operators name: host names, and addresses of any name. */
export interface AllowedReceivers {
  readonly hosts: ReadonlySet<string>;
  readonly addresses: BlockList;
}

/** Nothing but receivers that anybody on the internet could reach. */
export const PUBLIC_ONLY: AllowedReceivers = { hosts: new Set(), addresses: new BlockList() };

const HOST = /^(?=.*[a-z])[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/**
 * Reads a list such as `hooks.internal, 10.20.0.0/16, fd00::1`.
 * @throws Error with a sentence that names the entry which is neither a host, an address nor a network.
 */
export function parseAllowedReceivers(text: string): AllowedReceivers {
  const hosts = new Set<string>();
  const addresses = new BlockList();
  const entries = text
    .split(',')
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== '');
  for (const entry of entries) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = familyOf(address);
    const bits = Number(prefix);
    const most = family === 'ipv4' ? 32 : 128;
    if (family !== undefined && prefix === undefined) addresses.addAddress(address, family);
    else if (family !== undefined && /^\d{1,3}$/.test(prefix ?? '') && bits <= most && rest.length === 0)
      addresses.addSubnet(address, bits, family);
    else if (HOST.test(entry)) hosts.add(entry);
    else
      throw new Error(
        `"${entry}" is no host, address or network. Write for example hooks.internal, 10.20.0.0/16 or fd00::1, with commas between them.`,
      );
  }
  return { hosts, addresses };
}

/** True when messages may go to this address, to which the host was resolved. `host` may be the address itself. */
export function mayReceive({ hosts, addresses }: AllowedReceivers, host: string, address: string): boolean {
  if (hosts.has(host.toLowerCase().replace(/\.$/, ''))) return true;
  const plain = address.replace(/%.*$/, '');
  const family = familyOf(plain);
  if (family === undefined) return false;
  return addresses.check(plain, family) || isPublic(plain, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6';
}

function isPublic(address: string, family: 'ipv4' | 'ipv6'): boolean {
  if (family === 'ipv4') return !SPECIAL.check(address, family);
  return GLOBAL.check(address, family) && !SPECIAL.check(address, family);
}

/** What of IPv6 is global at all; loopback, link-local, unique-local, multicast and all forms of IPv4 lie outside (RFC 4291). */
const GLOBAL = new BlockList();
GLOBAL.addSubnet('2000::', 3, 'ipv6');

/** No host of the internet has these (IANA, "IPv4 Special-Purpose Address Registry" and that of IPv6). */
const SPECIAL = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // The metadata of cloud machines, among others.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  SPECIAL.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  // Teredo among them, which carries IPv4.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4, which carries IPv4.
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  SPECIAL.addSubnet(network, bits, 'ipv6');
