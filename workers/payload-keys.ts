import { createPayloadCodec, type PayloadKeys } from '../client/payload-codec.ts';
import { referencedName } from '../config/secret-reference.ts';

const HELP =
  "Write for example REEFLINE_PAYLOAD_KEYS='2026-11=${env:PAYLOAD_KEY_2026_11}', and put 32 random bytes in base64 into that variable: openssl rand -base64 32";

/**
 * What REEFLINE_PAYLOAD_KEYS and REEFLINE_PAYLOAD_KEY say; undefined when neither is set. The first lists what can be read,
 * `id=${env:NAME}` for a key and `id=refused` for an id that is none of ours; the second is the id of the key that encrypts.
 * @throws Error with a sentence that names what is wrong, and no value that could be a key.
 */
export function readPayloadKeys(environment: NodeJS.ProcessEnv): PayloadKeys | undefined {
  const list = environment['REEFLINE_PAYLOAD_KEYS'] ?? '';
  const encryptWith = environment['REEFLINE_PAYLOAD_KEY'] ?? '';
  if (list === '' && encryptWith === '') return undefined;
  const keys: Record<string, Uint8Array | 'refused'> = {};
  for (const [at, entry] of entriesOf(list).entries()) {
    const { id, value } = entry;
    // Nothing is quoted that may be a key without its id: 32 bytes are 44 letters.
    if (!/^([A-Za-z0-9][\w.-]{0,39}|\*)$/.test(id) || (id === '*' && value !== 'refused'))
      throw new Error(`Entry ${at + 1} of REEFLINE_PAYLOAD_KEYS is no key. ${HELP}`);
    if (Object.hasOwn(keys, id)) throw new Error(`REEFLINE_PAYLOAD_KEYS names the key "${id}" twice.`);
    keys[id] = value === 'refused' ? value : keyOf(id, value, environment);
  }
  if (encryptWith === '') return { keys };
  if (!(keys[encryptWith] instanceof Uint8Array))
    throw new Error(
      'REEFLINE_PAYLOAD_KEY must be the id of a key in REEFLINE_PAYLOAD_KEYS; it says which of them encrypts.',
    );
  return { keys, encryptWith };
}

/** Names of the variables that hold keys, for whoever keeps secrets out of texts. */
export function payloadKeyVariables(environment: NodeJS.ProcessEnv): readonly string[] {
  return entriesOf(environment['REEFLINE_PAYLOAD_KEYS'] ?? '').flatMap(
    ({ value }) => referencedName(value) ?? [],
  );
}

/** The codec of this process; undefined when the environment names no keys. @throws as `readPayloadKeys`. */
export function payloadCodecOf(
  environment: NodeJS.ProcessEnv,
): ReturnType<typeof createPayloadCodec> | undefined {
  const keys = readPayloadKeys(environment);
  return keys === undefined ? undefined : createPayloadCodec(keys);
}

function entriesOf(list: string): readonly { readonly id: string; readonly value: string }[] {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const at = entry.indexOf('=');
      return at < 0
        ? { id: '', value: '' }
        : { id: entry.slice(0, at).trim(), value: entry.slice(at + 1).trim() };
    });
}

function keyOf(id: string, value: string, environment: NodeJS.ProcessEnv): Uint8Array {
  const name = referencedName(value);
  if (name === undefined)
    throw new Error(`REEFLINE_PAYLOAD_KEYS must refer to the key "${id}" and not hold it. ${HELP}`);
  const text = (environment[name] ?? '').trim();
  if (text === '')
    throw new Error(`The environment variable ${name} is not set; REEFLINE_PAYLOAD_KEYS refers to it.`);
  const key = Buffer.from(text, 'base64');
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text) || key.length !== 32)
    throw new Error(`The environment variable ${name} does not hold 32 bytes in base64. ${HELP}`);
  return key;
}
