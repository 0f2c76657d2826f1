export interface AddressProblem {
  readonly problem: string;
  readonly cure: string;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Why nothing is sent to this address, or undefined. Messages go over TLS, except to this very machine; credentials in a URL
 * would be written into logs on the way. No text repeats the address, which may hold a secret.
 */
export function addressProblem(address: string): AddressProblem | undefined {
  const cure = 'write it like https://hooks.example.com/reefline';
  if (!URL.canParse(address)) return { problem: 'this is no URL', cure };
  const { protocol, hostname, username, password } = new URL(address);
  if (username !== '' || password !== '')
    return {
      problem: 'this URL has credentials in it',
      cure: 'remove them; the receiver checks the signature',
    };
  if (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))) return undefined;
  return { problem: 'this is no https:// URL', cure };
}
