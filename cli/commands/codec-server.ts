import type { Command } from 'commander';
import { createPayloadCodec } from '../../client/payload-codec.ts';
import { serveCodec } from '../../workers/codec-server/serve.ts';
import { isLoopback, readAddress, type ListenAddress } from '../../workers/listen-address.ts';
import { readPayloadKeys } from '../../workers/payload-keys.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';

const HERE: ListenAddress = { host: '127.0.0.1', port: 8888 };
/** The Web UI of the development server of Temporal. */
const DEV_UI = 'http://localhost:8233';
/** What anybody could guess protects nothing. Characters. */
const SHORTEST_TOKEN = 16;

interface Asked {
  readonly listen?: ListenAddress;
  readonly origin?: readonly string[];
}

export function addCodecServerCommand(program: Command, context: CliContext): void {
  const command = program
    .command('codec-server')
    .description("show encrypted payloads in Temporal's Web UI and CLI, until Ctrl-C")
    .option('--listen <host:port>', `where to answer (default: ${HERE.host}:${HERE.port})`, addressArgument)
    .option('--origin <url...>', `Web UIs whose pages may ask (default: ${DEV_UI})`, originArgument)
    .action(async ({ listen = HERE, origin = [DEV_UI] }: Asked) => {
      const keys = readPayloadKeys(context.env);
      if (keys === undefined)
        throw new InvalidInput(
          'REEFLINE_PAYLOAD_KEYS is not set. A codec server needs the keys that the workers have.',
        );
      const token = tokenFor(listen, context.env);
      const interruption = context.interruption();
      const codec = createPayloadCodec(keys);
      const server = await serveCodec({
        address: listen,
        codec,
        origins: origin,
        token,
        say: context.say,
      });
      const who = token === undefined ? 'everybody on this machine' : 'who shows REEFLINE_CODEC_TOKEN';
      context.show({ url: server.url, origins: origin }, () => `Decodes at ${server.url} for ${who}.`);
      if (!interruption.aborted)
        await new Promise((resolve) => interruption.addEventListener('abort', resolve, { once: true }));
      await server.close();
    });
  withExamples(command, [
    'reefline codec-server',
    'reefline codec-server --origin https://temporal.acme.com',
    'temporal workflow show --workflow-id router/orders --codec-endpoint http://127.0.0.1:8888',
  ]);
}

/** The token to ask for; none is needed where only this machine can ask. */
function tokenFor(address: ListenAddress, env: NodeJS.ProcessEnv): string | undefined {
  const token = env['REEFLINE_CODEC_TOKEN'] ?? '';
  if (token === '') {
    if (isLoopback(address)) return undefined;
    throw new InvalidInput(
      `Others reach ${address.host}, so they must show a token: set REEFLINE_CODEC_TOKEN, or listen at 127.0.0.1.`,
    );
  }
  if (token.length < SHORTEST_TOKEN)
    throw new InvalidInput(`REEFLINE_CODEC_TOKEN needs at least ${SHORTEST_TOKEN} characters.`);
  return token;
}

function addressArgument(text: string): ListenAddress {
  const address = readAddress(text);
  if (address === undefined)
    throw new InvalidInput(`"${text}" is no host:port. Write for example 127.0.0.1:8888.`);
  return address;
}

function originArgument(text: string, before?: readonly string[]): readonly string[] {
  if (!URL.canParse(text) || new URL(text).origin !== text)
    throw new InvalidInput(`"${text}" is no origin. Write scheme and host, as in https://temporal.acme.com.`);
  return [...(before ?? []), text];
}
