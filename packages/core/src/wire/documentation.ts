import { z } from 'zod';
import { route } from './route.ts';

/** What a code means, in the language that was asked for. `<name>` stands for a value of the refusal. */
export const errorCodeView = z.object({
  code: z.string(),
  status: z.int(),
  title: z.string(),
  /** What to do. */
  detail: z.string(),
});

/** The `type` of every problem document leads here: JSON, or a page for whoever asks for HTML. */
export const getErrorCode = route({
  method: 'GET',
  path: '/v1/errors/:code',
  right: 'public',
  params: z.object({ code: z.string().max(64) }),
  reply: errorCodeView,
});
