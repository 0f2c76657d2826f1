import { z } from 'zod';
import { MOST_ROUTERS } from '../pipeline/routers.ts';
import { message, name, whole } from './field.ts';
import { anyStage } from './stage-schema.ts';

/* The grammar of pipelines/*.yaml. */

const routers = whole(1, MOST_ROUTERS, 'routers')
  .optional()
  .describe('Routers that the events of this pipeline are spread over, by their dataset; 1 when absent.');

/** The whole grammar, for the JSON Schema. Reading goes stage by stage, so that messages name the kind that was meant. */
export const pipelineSchema = z
  .strictObject({
    pipeline: name.meta({ title: 'Pipeline', description: 'Name of the pipeline, unique in the project.' }),
    routers,
    stages: z
      .array(z.record(name, anyStage).meta({ minProperties: 1, maxProperties: 1 }))
      .min(1)
      .meta({
        title: 'Stages',
        description: 'Stages in reading order; they run when their inputs are there.',
      }),
  })
  .meta({ title: 'Reefline pipeline', description: 'pipelines/*.yaml: the stages of one pipeline.' });

/** A pipeline file whose stages are not looked into yet. */
export const pipelineFrameSchema = z.strictObject({
  pipeline: name,
  routers,
  stages: z.array(z.record(name, z.unknown())).min(1, message('the pipeline has no stages', 'add a stage')),
});
