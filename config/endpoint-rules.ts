import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import { addressProblem } from '../pipeline/webhook-address.ts';
import { suggest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { queueProblems } from './queue-rules.ts';
import { isPlain } from './secret-reference.ts';
import type { YamlFile } from './yaml-file.ts';

/** Filters that would let no event pass, or never the one that was meant, and addresses: what the schema of one endpoint cannot say. */
export function endpointProblems(
  yaml: YamlFile,
  endpoints: readonly EndpointDefinition[],
  pipelines: readonly string[],
): readonly Problem[] {
  return endpoints.flatMap((endpoint) => {
    const { name, events, on, pipelines: named } = endpoint;
    const path = ['endpoints', name];
    const problems = (named ?? []).flatMap((pipeline, at) =>
      pipelines.includes(pipeline)
        ? []
        : [
            yaml.problem(
              [...path, 'pipelines', at],
              `pipeline ${pipeline} is not known`,
              suggest(pipeline, pipelines, 'name a pipeline of this project'),
            ),
          ],
    );
    if (on !== undefined && events?.includes('data') === false)
      problems.push(
        yaml.problemAtKey(
          [...path, 'on'],
          'schema changes have no outcome, and data events are left out by events',
          'remove on, or add data to events',
        ),
      );
    return [...problems, ...addressProblems(yaml, endpoint)];
  });
}

function addressProblems(yaml: YamlFile, endpoint: EndpointDefinition): readonly Problem[] {
  const at = (field: string): readonly string[] => ['endpoints', endpoint.name, field];
  switch (endpoint.kind) {
    case 'sqs':
      return queueProblems(yaml, ['endpoints', endpoint.name], endpoint);
    case 'webhook': {
      const found = isPlain(endpoint.url) ? addressProblem(endpoint.url) : undefined;
      return [
        ...(found === undefined ? [] : [yaml.problem(at('url'), found.problem, found.cure)]),
        ...(isPlain(endpoint.secret)
          ? [yaml.problem(at('secret'), 'this value is a secret in plain text', TO_ENVIRONMENT)]
          : []),
      ];
    }
    case 'slack':
      return isPlain(endpoint.url)
        ? [
            yaml.problem(
              at('url'),
              'the address of a Slack webhook is a secret, and this is plain text',
              TO_ENVIRONMENT,
            ),
          ]
        : [];
  }
}

const TO_ENVIRONMENT = 'put it into an environment variable of the worker and write "${env:NAME}"';
